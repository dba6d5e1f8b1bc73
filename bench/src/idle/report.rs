//! What is printed of idle streams.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{cli::IdleOptions, process::Memory};

/// What open streams cost.
#[derive(Debug, Serialize)]
pub(crate) struct IdleReport {
    url: String,
    connections: u32,
    #[serde(flatten)]
    phases: Phases,
    bytes_per_connection: Option<Growth>,
    /// What an open stream costs, its connection included, and its share of what the first ones made
    /// the server reserve.
    bytes_per_stream: Growth,
    /// What an open stream costs when there are many: each of the second half. Without its connection
    /// if all of those were open before.
    bytes_per_further_stream: Growth,
}

/// The server's memory, one phase after the other.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Phases {
    /// Before there was any connection but one.
    pub(super) before: Memory,
    /// With all connections open, before any was asked for a stream.
    pub(super) connected: Option<Memory>,
    /// With half of the streams open.
    pub(super) half: Half,
    /// With a silent stream open on each.
    pub(super) streaming: Memory,
    /// When all were closed again.
    pub(super) closed: Memory,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Half {
    pub(super) streams: usize,
    #[serde(flatten)]
    pub(super) memory: Memory,
}

/// How much a server's memory grew, for each connection.
#[derive(Debug, Clone, Copy, Serialize)]
struct Growth {
    rss: f64,
    private_dirty: f64,
}

impl Growth {
    fn of_each(count: f64, from: Memory, to: Memory) -> Self {
        let each = |from: u64, to: u64| (to as f64 - from as f64) / count;
        Self {
            rss: each(from.rss, to.rss),
            private_dirty: each(from.private_dirty, to.private_dirty),
        }
    }
}

impl IdleReport {
    pub(super) fn new(options: &IdleOptions, phases: Phases) -> Self {
        let Phases { before, connected, half, streaming, .. } = phases;
        let all = f64::from(options.connections);
        Self {
            url: options.url.to_string(),
            connections: options.connections,
            phases,
            bytes_per_connection: connected
                .map(|connected| Growth::of_each(all, before, connected)),
            bytes_per_stream: Growth::of_each(all, before, streaming),
            bytes_per_further_stream: Growth::of_each(
                all - half.streams as f64,
                half.memory,
                streaming,
            ),
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!("{} idle streams from {}\n\n", self.connections, self.url);
        let _ = writeln!(out, "{:<12}{:>14}{:>14}{:>10}", "KB", "resident", "private", "threads");
        let Phases { before, connected, half, streaming, closed } = self.phases;
        for (name, memory) in [
            ("before", Some(before)),
            ("connected", connected),
            ("half", Some(half.memory)),
            ("streaming", Some(streaming)),
            ("closed", Some(closed)),
        ] {
            let Some(memory) = memory else {
                continue;
            };
            let (rss, private) = (memory.rss / 1024, memory.private_dirty / 1024);
            let _ = writeln!(out, "{name:<12}{rss:>14}{private:>14}{:>10}", memory.threads);
        }
        let _ = writeln!(out, "\n{:<24}{:>10}{:>12}", "bytes for each", "resident", "private");
        let streams = [
            ("idle stream", self.bytes_per_stream),
            ("the same, second half", self.bytes_per_further_stream),
        ];
        let connection = self.bytes_per_connection.map(|growth| ("idle connection", growth));
        for (name, growth) in connection.into_iter().chain(streams) {
            let _ = writeln!(out, "{name:<24}{:>10.0}{:>12.0}", growth.rss, growth.private_dirty);
        }
        out
    }
}
