//! `chatkit-bench load`: as many streams as the server gives, or so many a second.

mod closed;
mod limit;
mod open;
mod report;

use std::{
    io, process,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    time::timeout_at,
};

use crate::{
    BenchError,
    board::{Board, Boards},
    check::Expected,
    cli::LoadOptions,
    exchange::{self, Failure, Question},
    line::{Line, Lines},
    process::cpu_time,
    script,
    stamp::Clock,
    watch::Watch,
};
use limit::Limit;
pub(crate) use report::LoadReport;
use report::Measured;

const DEFAULT_SECONDS: f64 = 10.0;
/// Files of our own besides the connections, with room.
const OTHER_FILES: u64 = 64;

/// Loads a server and reports what it gave.
pub(crate) fn load(options: &LoadOptions) -> Result<LoadReport, BenchError> {
    let lines = options.rate.map_or(u64::from(options.connections), |_| options.max_open.into());
    allow_open_files(lines)?;
    runtime(options.threads)?.block_on(measure(options))
}

/// As many open files as so many connections need.
pub(crate) fn allow_open_files(connections: u64) -> Result<(), BenchError> {
    let needed = connections + OTHER_FILES;
    let allowed = rlimit::increase_nofile_limit(needed)?;
    if allowed < needed { Err(BenchError::OpenFiles { needed, allowed }) } else { Ok(()) }
}

pub(crate) fn runtime(threads: u32) -> io::Result<Runtime> {
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads.try_into().unwrap_or(1)).enable_all().build()
}

/// What every stream is.
#[derive(Debug)]
struct Plan {
    lines: Lines,
    question: Question,
    timeout: Duration,
}

async fn measure(options: &LoadOptions) -> Result<LoadReport, BenchError> {
    let plan = Arc::new(Plan::new(options)?);
    let boards = Boards::new(options.threads)?;
    let mut lines = Vec::new();
    for number in 0..options.lines() {
        lines.push(Some(plan.lines.open(number).await?));
    }
    let lines = closed::load(&plan, Limit::streams(options.warmup), lines, &boards).await?;
    if let Some(failure) = boards.take()?.first_failures.into_iter().next() {
        return Err(BenchError::Warmup(failure));
    }

    let watch = options.pid.map(Watch::start).transpose()?;
    let own_before = cpu_time(process::id())?;
    let start = Instant::now();
    let limit = limit(options, start)?;
    let (lines, arrivals) = match options.rate {
        Some(rate) => {
            let (lines, arrivals) = open::load(&plan, limit, rate, options, lines, &boards).await?;
            (lines, Some(arrivals))
        }
        None => (closed::load(&plan, limit, lines, &boards).await?, None),
    };
    let elapsed = start.elapsed();
    let own_cpu = cpu_time(process::id())?.saturating_sub(own_before);
    let server = watch.map(Watch::stop).transpose()?;
    let stats = boards.take()?;
    drop(lines);
    if stats.streams + stats.cut + stats.failures == 0 {
        return Err(BenchError::NoStream(
            options.rate.map_or("--seconds", |_| "--rate, --seconds"),
        ));
    }
    Ok(LoadReport::new(options, &Measured { stats, elapsed, own_cpu, server, arrivals }))
}

impl Plan {
    fn new(options: &LoadOptions) -> Result<Self, BenchError> {
        let lines = u32::try_from(options.lines()).unwrap_or(u32::MAX);
        let lines = options.rate.map_or(lines, |_| options.max_open);
        let connections = options.http2.then_some(options.connections);
        let script = script::script(options.deltas, &options.delta, options.gap_ms, 0);
        Ok(Self {
            lines: Lines::new(options.url.resolve()?, lines, connections),
            question: Question {
                post: script::create_thread(&options.url, &script),
                expected: Expected::new(options.deltas, &options.delta),
                clock: Clock::start(),
            },
            timeout: seconds(options.timeout_s)?,
        })
    }

    /// One stream over a line, or over one that is opened for it. Returns the line when it can be
    /// used again. Times count from `since`.
    async fn stream(
        &self,
        number: usize,
        line: Option<Line>,
        since: Instant,
        limit: &Limit,
        board: &Board,
    ) -> Option<Line> {
        let whole = async {
            let mut line = match line {
                Some(line) => line,
                None => self.lines.open(number).await?,
            };
            exchange::whole(&mut line, &self.question, since, board).await?;
            Ok::<_, Failure>(line)
        };
        let given_up = since.checked_add(self.timeout).unwrap_or(since);
        let end = limit.cut.map_or(given_up, |cut| cut.min(given_up));
        match timeout_at(end.into(), whole).await {
            Ok(Ok(line)) => return line.is_open().then_some(line),
            Ok(Err(failure)) => board.note(|stats| stats.fail(failure.to_string())),
            Err(_) if end < given_up => board.note(|stats| stats.cut += 1),
            Err(_) => {
                board.note(|stats| stats.fail(Failure::Timeout(self.timeout).to_string()));
            }
        }
        None
    }
}

/// A time that was given in seconds.
pub(crate) fn seconds(seconds: f64) -> Result<Duration, BenchError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| BenchError::Seconds(seconds))
}

fn limit(options: &LoadOptions, start: Instant) -> Result<Limit, BenchError> {
    if let Some(streams) = options.streams {
        return Ok(Limit::streams(streams));
    }
    let after = |start: Instant, time: Duration| {
        start.checked_add(time).ok_or(BenchError::Seconds(time.as_secs_f64()))
    };
    let until = after(start, seconds(options.seconds.unwrap_or(DEFAULT_SECONDS))?)?;
    let cut = options.drain_s.map(|drain| after(until, seconds(drain)?)).transpose()?;
    Ok(Limit::until(until, cut))
}
