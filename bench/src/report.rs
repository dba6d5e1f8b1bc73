//! What is printed.

use std::{fmt::Write as _, time::Duration};

use serde::Serialize;

use crate::{
    cli::{IdleOptions, LoadOptions},
    process::Memory,
    stats::{Distribution, Latencies, Stats},
};

/// What a load gave.
#[derive(Debug, Serialize)]
pub(crate) struct LoadReport {
    url: String,
    connections: u32,
    deltas: u32,
    gap_ms: u64,
    seconds: f64,
    streams: u64,
    /// Streams in which the server put several deltas into one event.
    merged: u64,
    pub(crate) failures: u64,
    first_failures: Vec<String>,
    streams_per_second: f64,
    events_per_second: f64,
    bytes_per_second: f64,
    milliseconds: Latencies,
    /// How much of one core the load generator used: near 1 for each of its threads it, and not
    /// the server, was the limit.
    generator_cores: f64,
    server: Option<ServerReport>,
}

/// What a server used for a load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerUse {
    pub(crate) cpu: Duration,
    pub(crate) memory: Memory,
}

#[derive(Debug, Serialize)]
struct ServerReport {
    cores: f64,
    cpu_us_per_stream: f64,
    memory: Memory,
}

impl LoadReport {
    pub(crate) fn new(
        options: &LoadOptions,
        stats: &Stats,
        elapsed: Duration,
        own_cpu: Duration,
        server: Option<ServerUse>,
    ) -> Self {
        let seconds = elapsed.as_secs_f64();
        let server = server.map(|used| ServerReport {
            cores: used.cpu.as_secs_f64() / seconds,
            cpu_us_per_stream: used.cpu.as_secs_f64() * 1e6 / stats.streams as f64,
            memory: used.memory,
        });
        Self {
            url: options.url.to_string(),
            connections: options.connections,
            deltas: options.deltas,
            gap_ms: options.gap_ms,
            seconds,
            streams: stats.streams,
            merged: stats.merged,
            failures: stats.failures,
            first_failures: stats.first_failures.clone(),
            streams_per_second: stats.streams as f64 / seconds,
            events_per_second: stats.events as f64 / seconds,
            bytes_per_second: stats.bytes as f64 / seconds,
            milliseconds: stats.latencies(),
            generator_cores: own_cpu.as_secs_f64() / seconds,
            server,
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!(
            "{} streams of {} deltas from {} over {} connections in {:.2} s\n\n",
            self.streams, self.deltas, self.url, self.connections, self.seconds,
        );
        for (name, value) in [
            ("streams/s", self.streams_per_second),
            ("events/s", self.events_per_second),
            ("MB/s", self.bytes_per_second / 1e6),
        ] {
            let _ = writeln!(out, "{name:<12}{value:>12.1}");
        }
        let _ = writeln!(out, "{:<12}{:>12}", "merged", self.merged);
        let _ = writeln!(out, "{:<12}{:>12}", "failures", self.failures);
        out.push('\n');
        let _ = writeln!(
            out,
            "{:<12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "ms", "mean", "p50", "p90", "p99", "p99.9", "max",
        );
        for (name, row) in [
            ("first byte", self.milliseconds.first_byte),
            ("first text", self.milliseconds.first_text),
            ("longest gap", self.milliseconds.longest_gap),
            ("total", self.milliseconds.total),
        ] {
            let Distribution { mean, p50, p90, p99, p999, max } = row;
            let _ = writeln!(
                out,
                "{name:<12}{mean:>10.3}{p50:>10.3}{p90:>10.3}{p99:>10.3}{p999:>10.3}{max:>10.3}",
            );
        }
        let _ = writeln!(out, "\ngenerator: {:.2} cores", self.generator_cores);
        if let Some(server) = &self.server {
            let _ = writeln!(
                out,
                "server: {:.2} cores, {:.0} µs of CPU per stream, {} MB resident, {} threads",
                server.cores,
                server.cpu_us_per_stream,
                server.memory.rss / 1_000_000,
                server.memory.threads,
            );
        }
        for failure in &self.first_failures {
            let _ = writeln!(out, "failure: {failure}");
        }
        out
    }
}

/// What open streams cost.
#[derive(Debug, Serialize)]
pub(crate) struct IdleReport {
    url: String,
    connections: u32,
    /// Before there was any connection but one.
    before: Memory,
    /// With all connections open, before any was asked for a stream.
    connected: Option<Memory>,
    /// With a silent stream open on each.
    streaming: Memory,
    /// When all were closed again.
    closed: Memory,
    bytes_per_connection: Option<Growth>,
    /// What an open stream costs, its connection included.
    bytes_per_stream: Growth,
}

/// How much a server's memory grew, for each connection.
#[derive(Debug, Clone, Copy, Serialize)]
struct Growth {
    rss: f64,
    private_dirty: f64,
}

impl IdleReport {
    pub(crate) fn new(
        options: &IdleOptions,
        before: Memory,
        connected: Option<Memory>,
        streaming: Memory,
        closed: Memory,
    ) -> Self {
        let each = |from: u64, to: u64| (to as f64 - from as f64) / f64::from(options.connections);
        let growth = |to: Memory| Growth {
            rss: each(before.rss, to.rss),
            private_dirty: each(before.private_dirty, to.private_dirty),
        };
        Self {
            url: options.url.to_string(),
            connections: options.connections,
            before,
            connected,
            streaming,
            closed,
            bytes_per_connection: connected.map(growth),
            bytes_per_stream: growth(streaming),
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!("{} idle streams from {}\n\n", self.connections, self.url);
        let _ = writeln!(out, "{:<12}{:>14}{:>14}{:>10}", "KB", "resident", "private", "threads");
        for (name, memory) in [
            ("before", Some(self.before)),
            ("connected", self.connected),
            ("streaming", Some(self.streaming)),
            ("closed", Some(self.closed)),
        ] {
            let Some(memory) = memory else {
                continue;
            };
            let (rss, private) = (memory.rss / 1024, memory.private_dirty / 1024);
            let _ = writeln!(out, "{name:<12}{rss:>14}{private:>14}{:>10}", memory.threads);
        }
        let _ = writeln!(out, "\n{:<24}{:>10}{:>12}", "bytes for each", "resident", "private");
        let stream = Some(("idle stream", self.bytes_per_stream));
        let connection = self.bytes_per_connection.map(|growth| ("idle connection", growth));
        for (name, growth) in connection.into_iter().chain(stream) {
            let _ = writeln!(out, "{name:<24}{:>10.0}{:>12.0}", growth.rss, growth.private_dirty);
        }
        out
    }
}

/// A report as one JSON document.
pub(crate) fn json(report: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
