//! What is printed of an agent's streams.

use std::fmt::Write as _;

use serde::Serialize;

use super::Client;
use crate::{
    cli::AgentOptions,
    process::Memory,
    report::ServerUse,
    stats::{Distribution, distribution},
};

/// What a server made of a model's replies.
#[derive(Debug, Serialize)]
pub(crate) struct AgentReport {
    url: String,
    deltas: u32,
    gap_us: u64,
    streams: u32,
    /// How many deltas of the model arrived in one event, on average.
    deltas_per_event: f64,
    /// From the write of a delta to the read that brought it, in microseconds.
    latency_us: Latency,
    /// From the request to the end of the stream.
    wall_us_per_delta: Both,
    /// How much of one core the provider and the client used together.
    generator_cores: f64,
    server: Option<AgentServer>,
}

#[derive(Debug, Serialize)]
struct Latency {
    direct: Distribution,
    server: Distribution,
    /// What the server adds at the median and at the 99th percentile: the differences of the two.
    added_p50: f64,
    added_p99: f64,
}

#[derive(Debug, Serialize)]
struct Both {
    direct: f64,
    server: f64,
}

#[derive(Debug, Serialize)]
struct AgentServer {
    cpu_us_per_delta: f64,
    cpu_us_per_stream: f64,
    memory: Memory,
}

impl AgentReport {
    pub(super) fn new(
        options: &AgentOptions,
        direct: &Client,
        server: &Client,
        generator_cores: f64,
        used: Option<ServerUse>,
    ) -> Self {
        let through = distribution(&server.latencies, 1e3);
        let without = distribution(&direct.latencies, 1e3);
        let wall = |client: &Client| client.streaming.as_secs_f64() * 1e6 / client.all_deltas();
        Self {
            url: options.url.to_string(),
            deltas: options.deltas,
            gap_us: options.gap_us,
            streams: server.streams,
            deltas_per_event: server.all_deltas() / server.texts as f64,
            latency_us: Latency {
                direct: without,
                server: through,
                added_p50: through.p50 - without.p50,
                added_p99: through.p99 - without.p99,
            },
            wall_us_per_delta: Both { direct: wall(direct), server: wall(server) },
            generator_cores,
            server: used.map(|used| {
                let cpu_us = used.cpu.as_secs_f64() * 1e6;
                AgentServer {
                    cpu_us_per_delta: cpu_us / server.all_deltas(),
                    cpu_us_per_stream: cpu_us / f64::from(server.streams),
                    memory: used.memory,
                }
            }),
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!(
            "{} streams of {} deltas, {} µs apart, from {}\n\n{:<12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
            self.streams,
            self.deltas,
            self.gap_us,
            self.url,
            "µs",
            "mean",
            "p50",
            "p90",
            "p99",
            "p99.9",
            "max",
        );
        for (name, row) in [("direct", self.latency_us.direct), ("server", self.latency_us.server)]
        {
            let Distribution { mean, p50, p90, p99, p999, max } = row;
            let _ = writeln!(
                out,
                "{name:<12}{mean:>10.1}{p50:>10.1}{p90:>10.1}{p99:>10.1}{p999:>10.1}{max:>10.1}",
            );
        }
        let Latency { added_p50, added_p99, .. } = self.latency_us;
        let _ = writeln!(out, "{:<12}{:>20.1}{:>20.1}", "added", added_p50, added_p99);
        let Both { direct, server } = self.wall_us_per_delta;
        let _ = writeln!(out, "\nµs per delta: {server:.2}, direct {direct:.2}");
        let _ = writeln!(out, "deltas per event: {:.2}", self.deltas_per_event);
        let _ = writeln!(out, "generator: {:.2} cores", self.generator_cores);
        if let Some(server) = &self.server {
            let _ = writeln!(
                out,
                "server: {:.2} µs of CPU per delta, {:.0} per stream, {} MB resident at most",
                server.cpu_us_per_delta,
                server.cpu_us_per_stream,
                server.memory.peak_rss / 1_000_000,
            );
        }
        out
    }
}
