//! `chatkit-bench paced`: many streams at the pace of a model, and how long each event takes from
//! the responder to the client.

mod report;

use std::{
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    task::JoinSet,
    time::{sleep_until, timeout_at},
};

use crate::{
    BenchError,
    board::Boards,
    check::Expected,
    cli::PacedOptions,
    exchange::{self, Question},
    line::Lines,
    load::{allow_open_files, runtime, seconds},
    process::cpu_time,
    script,
    stamp::{Clock, TIME},
    watch::Watch,
};
use report::Measured;
pub(crate) use report::PacedReport;

/// Between the begin of the last stream and that of the measurement.
const SETTLE: Duration = Duration::from_millis(500);
/// How much longer than the measurement streams last.
const TAIL: Duration = Duration::from_millis(500);

/// Holds streams open and reports how their events came.
pub(crate) fn paced(options: &PacedOptions) -> Result<PacedReport, BenchError> {
    allow_open_files(options.streams.into())?;
    runtime(options.threads)?.block_on(measure(options))
}

/// When what happens, counted from the start.
#[derive(Debug, Clone, Copy)]
struct Times {
    ramp: Duration,
    begin: Duration,
    end: Duration,
    /// Streams that are still open then are left.
    cut: Duration,
}

impl Times {
    fn new(options: &PacedOptions) -> Result<Self, BenchError> {
        let ramp = seconds(options.ramp_s)?;
        let begin = ramp + SETTLE;
        let end = begin + seconds(options.seconds)?;
        // The last stream begins after the ramp.
        Ok(Self { ramp, begin, end, cut: end + TAIL + ramp + seconds(options.drain_s)? })
    }

    /// When one of so many streams begins.
    fn of_stream(&self, number: u32, streams: u32) -> Duration {
        self.ramp.mul_f64(f64::from(number) / f64::from(streams))
    }

    /// How many deltas let the first stream last beyond the measurement.
    fn deltas(&self, gap_ms: u64) -> u32 {
        let last = (self.end + TAIL).as_millis() / u128::from(gap_ms.max(1));
        u32::try_from(last).unwrap_or(u32::MAX).saturating_add(1)
    }
}

async fn measure(options: &PacedOptions) -> Result<PacedReport, BenchError> {
    let times = Times::new(options)?;
    let deltas = options.deltas.unwrap_or_else(|| times.deltas(options.gap_ms));
    let lines = options.http2.then(|| options.streams.div_ceil(options.streams_per_connection));
    let lines = Arc::new(Lines::new(options.url.resolve()?, options.streams, lines));
    let script = script::script(deltas, TIME, options.gap_ms, 0);
    let question = Arc::new(Question {
        post: script::create_thread(&options.url, &script),
        expected: Expected::stamps(deltas),
        clock: Clock::of_kernel(),
    });
    let boards = Boards::new(options.threads)?;
    boards.open(false);
    // Who is left does not depend on whether the boards are open.
    let outcomes = Boards::new(options.threads)?;

    let start = Instant::now();
    let at =
        |after: Duration| start.checked_add(after).ok_or(BenchError::Seconds(after.as_secs_f64()));
    let cut = at(times.cut)?;
    let mut tasks = JoinSet::new();
    for number in 0..options.streams {
        let task = number as usize;
        let (Some(board), Some(outcomes)) = (boards.board(task), outcomes.board(task)) else {
            continue;
        };
        let (lines, question) = (Arc::clone(&lines), Arc::clone(&question));
        let begin = at(times.of_stream(number, options.streams))?;
        tasks.spawn(async move {
            sleep_until(begin.into()).await;
            let stream = async {
                let mut line = lines.open(task).await?;
                exchange::whole(&mut line, &question, begin, &board).await
            };
            match timeout_at(cut.into(), stream).await {
                Ok(Ok(())) => outcomes.note(|stats| stats.streams += 1),
                Ok(Err(failure)) => outcomes.note(|stats| stats.fail(failure.to_string())),
                Err(_) => outcomes.note(|stats| stats.cut += 1),
            }
        });
    }

    sleep_until(at(times.begin)?.into()).await;
    let watch = options.pid.map(Watch::start).transpose()?;
    let own_before = cpu_time(process::id())?;
    boards.open(true);
    let begun = Instant::now();
    sleep_until(at(times.end)?.into()).await;
    boards.open(false);
    let elapsed = begun.elapsed();
    let own_cpu = cpu_time(process::id())?.saturating_sub(own_before);
    let server = watch.map(Watch::stop).transpose()?;
    while tasks.join_next().await.transpose()?.is_some() {}
    let (stats, outcomes) = (boards.take()?, outcomes.take()?);
    Ok(PacedReport::new(options, &Measured { deltas, stats, outcomes, elapsed, own_cpu, server }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> Times {
        let ms = Duration::from_millis;
        Times { ramp: ms(2000), begin: ms(2500), end: ms(5500), cut: ms(13_000) }
    }

    #[test]
    fn streams_begin_one_after_the_other() {
        let begins: Vec<_> = (0..4).map(|number| times().of_stream(number, 4)).collect();
        assert_eq!(begins, [0, 500, 1000, 1500].map(Duration::from_millis));
    }

    #[test]
    fn the_first_stream_lasts_longer_than_the_measurement() {
        for gap_ms in [1, 20, 500] {
            let lasts = u64::from(times().deltas(gap_ms) - 1) * gap_ms;
            assert!(lasts > 5500 && lasts <= 6000, "{lasts} ms, {gap_ms} ms apart");
        }
    }
}
