//! What is printed of a load.

use std::{fmt::Write as _, time::Duration};

use serde::Serialize;

use super::open::Arrived;
use crate::{
    cli::LoadOptions,
    report::{ServerReport, distributions},
    stats::{Latencies, Stats},
    watch::Watched,
};

/// What was found.
pub(super) struct Measured {
    pub(super) stats: Stats,
    pub(super) elapsed: Duration,
    pub(super) own_cpu: Duration,
    pub(super) server: Option<Watched>,
    pub(super) arrivals: Option<Arrived>,
}

/// What a load gave.
#[derive(Debug, Serialize)]
pub(crate) struct LoadReport {
    url: String,
    http: &'static str,
    connections: u32,
    streams_per_connection: u32,
    deltas: u32,
    gap_ms: u64,
    seconds: f64,
    /// Streams that were right to their end.
    streams: u64,
    /// Streams in which the server put several deltas into one event.
    merged: u64,
    /// Streams that were left because the time was over.
    cut: u64,
    pub(crate) failures: u64,
    first_failures: Vec<String>,
    streams_per_second: f64,
    events_per_second: f64,
    /// Deltas of the script, however they were merged, of streams that were left too.
    deltas_per_second: f64,
    bytes_per_second: f64,
    milliseconds: Latencies,
    arrivals: Option<Arrived>,
    /// How much of one core the load generator used: near 1 for each of its threads it, and not
    /// the server, was the limit.
    generator_cores: f64,
    server: Option<ServerReport>,
}

impl LoadReport {
    pub(super) fn new(options: &LoadOptions, measured: &Measured) -> Self {
        let Measured { stats, elapsed, own_cpu, server, arrivals } = measured;
        let seconds = elapsed.as_secs_f64();
        let deltas = stats.text_bytes as f64 / options.delta.len() as f64;
        Self {
            url: options.url.to_string(),
            http: if options.http2 { "2" } else { "1.1" },
            connections: options.connections,
            streams_per_connection: options.streams_per_connection,
            deltas: options.deltas,
            gap_ms: options.gap_ms,
            seconds,
            streams: stats.streams,
            merged: stats.merged,
            cut: stats.cut,
            failures: stats.failures,
            first_failures: stats.first_failures.clone(),
            streams_per_second: stats.streams as f64 / seconds,
            events_per_second: stats.events as f64 / seconds,
            deltas_per_second: deltas / seconds,
            bytes_per_second: stats.bytes as f64 / seconds,
            milliseconds: stats.latencies(),
            arrivals: *arrivals,
            generator_cores: own_cpu.as_secs_f64() / seconds,
            server: server.map(|server| ServerReport::new(&server, stats.streams, deltas)),
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!(
            "{} streams of {} deltas from {} over {} connections of HTTP/{} in {:.2} s\n\n",
            self.streams, self.deltas, self.url, self.connections, self.http, self.seconds,
        );
        for (name, value) in [
            ("streams/s", self.streams_per_second),
            ("events/s", self.events_per_second),
            ("deltas/s", self.deltas_per_second),
            ("MB/s", self.bytes_per_second / 1e6),
        ] {
            let _ = writeln!(out, "{name:<12}{value:>12.1}");
        }
        for (name, count) in
            [("merged", self.merged), ("cut", self.cut), ("failures", self.failures)]
        {
            let _ = writeln!(out, "{name:<12}{count:>12}");
        }
        out.push('\n');
        let Latencies { first_byte, first_text, gap, longest_gap, total } = self.milliseconds;
        out.push_str(&distributions(
            "ms",
            [
                ("first byte", first_byte),
                ("first text", first_text),
                ("gap", gap),
                ("longest gap", longest_gap),
                ("total", total),
            ],
        ));
        out.push('\n');
        if let Some(arrivals) = &self.arrivals {
            out.push_str(&arrivals.line());
        }
        let _ = writeln!(out, "generator: {:.2} cores", self.generator_cores);
        if let Some(server) = &self.server {
            out.push_str(&server.line());
        }
        for failure in &self.first_failures {
            let _ = writeln!(out, "failure: {failure}");
        }
        out
    }
}
