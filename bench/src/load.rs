//! `chatkit-bench load`: as many streams as the server gives.

use std::{
    io,
    net::SocketAddr,
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::timeout,
};

use crate::{
    BenchError,
    check::Expected,
    cli::LoadOptions,
    connection::Connection,
    exchange::{self, Failure},
    process::{Memory, cpu_time},
    report::{LoadReport, ServerUse},
    script,
    stats::{Sample, Stats},
};

const DEFAULT_SECONDS: f64 = 10.0;
/// A connection whose streams fail so often is given up.
const MAX_FAILURES: u64 = 10;

/// Loads a server and reports what it gave.
pub(crate) fn load(options: &LoadOptions) -> Result<LoadReport, BenchError> {
    runtime(options.threads)?.block_on(measure(options))
}

fn runtime(threads: u32) -> io::Result<Runtime> {
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads.try_into().unwrap_or(1)).enable_all().build()
}

/// What every connection does.
struct Plan {
    address: SocketAddr,
    request: Vec<u8>,
    expected: Expected,
    timeout: Duration,
}

async fn measure(options: &LoadOptions) -> Result<LoadReport, BenchError> {
    let script = script::script(options.deltas, &options.delta, options.gap_ms, 0);
    let plan = Arc::new(Plan {
        address: options.url.resolve()?,
        request: script::create_thread(&options.url, &script),
        expected: Expected::new(options.deltas, &options.delta),
        timeout: seconds(options.timeout_s)?,
    });
    let mut connections = Vec::new();
    for _ in 0..options.connections {
        connections.push(Some(Connection::open(plan.address, false).await?));
    }
    let warmup = Limit { left: AtomicU64::new(options.warmup), until: None };
    let (connections, warm) = phase(&plan, warmup, connections).await?;
    if let Some(failure) = warm.first_failures.into_iter().next() {
        return Err(BenchError::Warmup(failure));
    }

    let server_before = options.pid.map(cpu_time).transpose()?;
    let own_before = cpu_time(process::id())?;
    let start = Instant::now();
    let limit = limit(options, start)?;
    let (connections, stats) = phase(&plan, limit, connections).await?;
    let elapsed = start.elapsed();
    let own_cpu = cpu_time(process::id())?.saturating_sub(own_before);
    let server = match (options.pid, server_before) {
        (Some(pid), Some(before)) => {
            Some(ServerUse { cpu: cpu_time(pid)?.saturating_sub(before), memory: Memory::of(pid)? })
        }
        _ => None,
    };
    drop(connections);
    Ok(LoadReport::new(options, &stats, elapsed, own_cpu, server))
}

/// A time that was given in seconds.
pub(crate) fn seconds(seconds: f64) -> Result<Duration, BenchError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| BenchError::Seconds(seconds))
}

fn limit(options: &LoadOptions, start: Instant) -> Result<Limit, BenchError> {
    if let Some(streams) = options.streams {
        return Ok(Limit { left: AtomicU64::new(streams), until: None });
    }
    let duration = seconds(options.seconds.unwrap_or(DEFAULT_SECONDS))?;
    let until = start.checked_add(duration).ok_or(BenchError::Seconds(duration.as_secs_f64()))?;
    Ok(Limit { left: AtomicU64::new(u64::MAX), until: Some(until) })
}

/// How many streams may still begin. Those that have begun are read to their end and counted, so
/// that no work of the server is left out.
struct Limit {
    left: AtomicU64,
    until: Option<Instant>,
}

impl Limit {
    /// Whether another stream may begin.
    fn take(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
            && self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
    }
}

/// Has all connections ask for streams until the limit is reached.
async fn phase(
    plan: &Arc<Plan>,
    limit: Limit,
    connections: Vec<Option<Connection>>,
) -> Result<(Vec<Option<Connection>>, Stats), BenchError> {
    let limit = Arc::new(limit);
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn(repeat(Arc::clone(plan), Arc::clone(&limit), connection, Stats::new()?));
    }
    let mut whole = Stats::new()?;
    let mut connections = Vec::new();
    while let Some(task) = tasks.join_next().await {
        let (connection, stats) = task?;
        connections.push(connection);
        whole.merge(stats);
    }
    Ok((connections, whole))
}

/// One connection's share. A connection that broke is opened anew.
async fn repeat(
    plan: Arc<Plan>,
    limit: Arc<Limit>,
    mut connection: Option<Connection>,
    mut stats: Stats,
) -> (Option<Connection>, Stats) {
    while stats.failures < MAX_FAILURES && limit.take() {
        let stream = timeout(plan.timeout, stream(&plan, connection.take()));
        let outcome = stream.await.unwrap_or(Err(Failure::Timeout(plan.timeout)));
        match outcome {
            Ok((sample, used)) => {
                stats.add(&sample);
                connection = used.is_open().then_some(used);
            }
            Err(failure) => stats.fail(failure.to_string()),
        }
    }
    (connection, stats)
}

async fn stream(
    plan: &Plan,
    connection: Option<Connection>,
) -> Result<(Sample, Connection), Failure> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => Connection::open(plan.address, false).await?,
    };
    let sample = exchange::whole(&mut connection, &plan.request, &plan.expected).await?;
    Ok((sample, connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lets_so_many_begin() {
        let limit = Limit { left: AtomicU64::new(3), until: None };
        let begun = (0..10).filter(|_| limit.take()).count();
        assert_eq!(begun, 3);
    }

    #[test]
    fn nothing_begins_after_the_time() {
        let limit = Limit { left: AtomicU64::new(u64::MAX), until: Some(Instant::now()) };
        assert!(!limit.take());
    }
}
