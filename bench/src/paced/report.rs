//! What is printed of paced streams.

use std::{fmt::Write as _, time::Duration};

use serde::Serialize;

use crate::{
    cli::PacedOptions,
    report::{ServerReport, distributions},
    stamp::STAMP_BYTES,
    stats::{Distribution, Stats},
    watch::Watched,
};

/// What was found.
pub(super) struct Measured {
    pub(super) deltas: u32,
    /// Of the time of the measurement.
    pub(super) stats: Stats,
    /// How the streams ended.
    pub(super) outcomes: Stats,
    pub(super) elapsed: Duration,
    pub(super) own_cpu: Duration,
    pub(super) server: Option<Watched>,
}

/// With a smaller share of the deltas that were asked for, the pace was not reached.
const REACHED: f64 = 0.95;

/// How paced streams came.
#[derive(Debug, Serialize)]
pub(crate) struct PacedReport {
    url: String,
    http: &'static str,
    streams: u32,
    gap_ms: u64,
    deltas: u32,
    seconds: f64,
    /// Deltas that all streams together should have had.
    asked_per_second: f64,
    /// Deltas that came, however they were merged.
    reached_per_second: f64,
    /// Whether the one is the other, within a twentieth, and no stream was left behind.
    pace_reached: bool,
    /// Text events that came.
    texts_per_second: f64,
    /// From the moment the responder had a delta to the read that brought it, in microseconds.
    /// What kept the responder from having it in time is not in it, nor are deltas that were still
    /// under way at the end: where the pace was not reached, it is the least that it can have been.
    emit_to_client_us: Option<Distribution>,
    gap_ms_found: Distribution,
    /// Streams that were right to their end.
    ended: u64,
    /// Streams that had not ended when the time was over.
    cut: u64,
    pub(crate) failures: u64,
    first_failures: Vec<String>,
    generator_cores: f64,
    server: Option<ServerReport>,
}

impl PacedReport {
    pub(super) fn new(options: &PacedOptions, measured: &Measured) -> Self {
        let Measured { deltas, stats, outcomes, elapsed, own_cpu, server } = measured;
        let seconds = elapsed.as_secs_f64();
        let reached = stats.text_bytes as f64 / STAMP_BYTES as f64;
        let asked = f64::from(options.streams) * 1e3 / options.gap_ms as f64;
        Self {
            url: options.url.to_string(),
            http: if options.http2 { "2" } else { "1.1" },
            streams: options.streams,
            gap_ms: options.gap_ms,
            deltas: *deltas,
            seconds,
            asked_per_second: asked,
            reached_per_second: reached / seconds,
            pace_reached: reached >= REACHED * asked * seconds && outcomes.cut == 0,
            texts_per_second: stats.texts as f64 / seconds,
            emit_to_client_us: stats.emit_to_client(),
            gap_ms_found: stats.latencies().gap,
            ended: outcomes.streams,
            cut: outcomes.cut,
            failures: outcomes.failures,
            first_failures: outcomes.first_failures.clone(),
            generator_cores: own_cpu.as_secs_f64() / seconds,
            server: server.map(|server| ServerReport::new(&server, outcomes.streams, reached)),
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut out = format!(
            "{} streams, {} ms between two deltas, from {} over HTTP/{} for {:.2} s\n\n",
            self.streams, self.gap_ms, self.url, self.http, self.seconds,
        );
        for (name, value) in [
            ("deltas/s asked", self.asked_per_second),
            ("deltas/s", self.reached_per_second),
            ("texts/s", self.texts_per_second),
        ] {
            let _ = writeln!(out, "{name:<16}{value:>12.1}");
        }
        for (name, count) in [("ended", self.ended), ("cut", self.cut), ("failures", self.failures)]
        {
            let _ = writeln!(out, "{name:<16}{count:>12}");
        }
        out.push('\n');
        out.push_str(&distributions(
            "µs",
            self.emit_to_client_us.map(|emitted| ("emit to client", emitted)),
        ));
        out.push('\n');
        out.push_str(&distributions("ms", [("gap", self.gap_ms_found)]));
        out.push('\n');
        out.push_str(&self.verdict());
        let _ = writeln!(out, "generator: {:.2} cores", self.generator_cores);
        if let Some(server) = &self.server {
            out.push_str(&server.line());
        }
        for failure in &self.first_failures {
            let _ = writeln!(out, "failure: {failure}");
        }
        out
    }

    /// Whether the times are those of the pace that was asked for.
    fn verdict(&self) -> String {
        let share = self.reached_per_second / self.asked_per_second * 1e2;
        if self.pace_reached {
            return format!("the pace was reached: {share:.1} % of the deltas asked for came\n");
        }
        format!(
            "the pace was NOT reached: {share:.1} % of the deltas asked for came, {} streams were \
             left; times count from when the responder had a delta, not from when it was due, so \
             they are the least that they can have been\n",
            self.cut,
        )
    }
}
