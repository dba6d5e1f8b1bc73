//! What is printed of a thread.

use std::{fmt::Write as _, io, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    cli::ThreadOptions,
    process::Memory,
    stats::{Distribution, distribution},
};

/// What using a thread costs.
#[derive(Debug, Serialize)]
pub(crate) struct ThreadReport {
    url: String,
    items: u32,
    repeat: u32,
    build_seconds: f64,
    operations: Vec<Operation>,
    memory: Option<Memory>,
}

/// What a request that was repeated costs.
#[derive(Debug, Serialize)]
pub(super) struct Operation {
    name: String,
    /// From the request to its end, in milliseconds.
    total_ms: Distribution,
    /// From the request to the first text, in milliseconds; none when there is no text.
    first_text_ms: Option<Distribution>,
    /// Of the last answer, its head too.
    bytes: u64,
    server_cpu_us: Option<f64>,
}

/// What was found of a request.
pub(super) struct Found {
    pub(super) total: Histogram<u64>,
    pub(super) first_text: Histogram<u64>,
    pub(super) bytes: u64,
    pub(super) used: Option<Duration>,
    pub(super) count: u32,
}

impl Operation {
    pub(super) fn new(name: &str, found: &Found) -> Self {
        let Found { total, first_text, bytes, used, count } = found;
        Self {
            name: name.to_owned(),
            total_ms: distribution(total, 1e3),
            first_text_ms: (!first_text.is_empty()).then(|| distribution(first_text, 1e3)),
            bytes: *bytes,
            server_cpu_us: used.map(|used| used.as_secs_f64() * 1e6 / f64::from(*count)),
        }
    }
}

impl ThreadReport {
    pub(super) fn new(
        options: &ThreadOptions,
        built: Duration,
        operations: Vec<Operation>,
    ) -> io::Result<Self> {
        Ok(Self {
            url: options.url.to_string(),
            items: options.items,
            repeat: options.repeat,
            build_seconds: built.as_secs_f64(),
            operations,
            memory: options.pid.map(Memory::of).transpose()?,
        })
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!(
            "a thread of {} items at {}, built in {:.2} s; each request {} times\n\n\
             {:<24}{:>12}{:>12}{:>16}{:>12}{:>10}\n",
            self.items,
            self.url,
            self.build_seconds,
            self.repeat,
            "",
            "ms, p50",
            "ms, p99",
            "first text, p50",
            "CPU, µs",
            "bytes",
        );
        for operation in &self.operations {
            let first = operation.first_text_ms.map(|first| first.p50);
            let [first, cpu] = [(first, 3), (operation.server_cpu_us, 0)].map(|(value, digits)| {
                value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
            });
            let _ = writeln!(
                out,
                "{:<24}{:>12.3}{:>12.3}{first:>16}{cpu:>12}{:>10}",
                operation.name, operation.total_ms.p50, operation.total_ms.p99, operation.bytes,
            );
        }
        if let Some(memory) = &self.memory {
            let (now, most) = (memory.rss / 1_000_000, memory.peak_rss / 1_000_000);
            let _ = writeln!(out, "\nserver: {now} MB resident, {most} at most");
        }
        out
    }
}
