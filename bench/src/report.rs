//! What the reports of several commands share.

use std::{fmt::Write as _, time::Duration};

use serde::Serialize;

use crate::{
    process::Memory,
    stats::Distribution,
    watch::{Sampled, Watched},
};

/// What a server used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerUse {
    pub(crate) cpu: Duration,
    pub(crate) memory: Memory,
}

/// What a server used while streams were open.
#[derive(Debug, Serialize)]
pub(crate) struct ServerReport {
    pub(crate) cores: f64,
    /// None when no stream ended.
    pub(crate) cpu_us_per_stream: Option<f64>,
    pub(crate) cpu_us_per_delta: Option<f64>,
    pub(crate) memory: Memory,
    /// Memory meanwhile.
    pub(crate) sampled: Sampled,
}

impl ServerReport {
    pub(crate) fn new(watched: &Watched, streams: u64, deltas: f64) -> Self {
        let cpu = watched.cpu.as_secs_f64();
        Self {
            cores: cpu / watched.time.as_secs_f64(),
            cpu_us_per_stream: (streams > 0).then(|| cpu * 1e6 / streams as f64),
            cpu_us_per_delta: (deltas > 0.0).then(|| cpu * 1e6 / deltas),
            memory: watched.memory,
            sampled: watched.sampled,
        }
    }

    /// A line for people.
    pub(crate) fn line(&self) -> String {
        let each = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        format!(
            "server: {:.2} cores, {} µs of CPU per stream, {} per delta, {} MB resident ({} at \
             most), {} threads\n",
            self.cores,
            each(self.cpu_us_per_stream),
            each(self.cpu_us_per_delta),
            self.sampled.mean_rss / 1_000_000,
            self.memory.peak_rss / 1_000_000,
            self.memory.threads,
        )
    }
}

/// Distributions under each other.
pub(crate) fn distributions<'a>(
    unit: &str,
    rows: impl IntoIterator<Item = (&'a str, Distribution)>,
) -> String {
    let mut out = format!(
        "{unit:<16}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n",
        "mean", "p50", "p90", "p99", "p99.9", "max",
    );
    for (name, Distribution { mean, p50, p90, p99, p999, max }) in rows {
        let _ = writeln!(
            out,
            "{name:<16}{mean:>12.3}{p50:>12.3}{p90:>12.3}{p99:>12.3}{p999:>12.3}{max:>12.3}",
        );
    }
    out
}

/// A report as one JSON document.
pub(crate) fn json(report: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
