//! What is printed of idle streams.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{cli::IdleOptions, process::Memory};

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
