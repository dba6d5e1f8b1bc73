//! Runs, their readers, and what they were like.

use std::sync::atomic::AtomicU64;

use chatkit_protocol::Op;
use chatkit_server::{CancelReason, EndReason, StreamStats};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{buckets, gaps::GapHistogram, ops::OpLabel};

/// How runs end, so that each series is there from the start: an increase from nothing to one is
/// none to Prometheus.
const ENDS: [EndReason; 8] = [
    EndReason::Completed,
    EndReason::Failed,
    EndReason::Cancelled(CancelReason::Stop),
    EndReason::Cancelled(CancelReason::Disconnect),
    EndReason::Cancelled(CancelReason::Superseded),
    EndReason::Cancelled(CancelReason::Shutdown),
    EndReason::Cancelled(CancelReason::Deadline),
    EndReason::Cancelled(CancelReason::Stalled),
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OpEnd {
    op: &'static str,
    end: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
}

#[derive(Debug)]
pub(crate) struct RunMetrics {
    ended: Family<OpEnd, Counter>,
    active: Gauge,
    readers: Gauge,
    first_event: Family<OpLabel, Histogram>,
    first_text: Family<OpLabel, Histogram>,
    duration: Family<OpLabel, Histogram>,
    gaps: GapHistogram,
    longest_gap: Histogram,
    events: Counter<u64, AtomicU64>,
    bytes: Counter<u64, AtomicU64>,
    trips: Family<LimitLabel, Counter>,
    blocked: Counter,
}

impl RunMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let by_op = |buckets: fn() -> Histogram| Family::new_with_constructor(buckets);
        let metrics = Self {
            ended: Family::default(),
            active: Gauge::default(),
            readers: Gauge::default(),
            first_event: by_op(buckets::first),
            first_text: by_op(buckets::first),
            duration: by_op(buckets::run),
            gaps: GapHistogram::default(),
            longest_gap: buckets::silence(),
            events: Counter::default(),
            bytes: Counter::default(),
            trips: Family::default(),
            blocked: Counter::default(),
        };
        metrics.describe(registry);
        metrics.begin_at_zero();
        metrics
    }

    fn describe(&self, registry: &mut Registry) {
        registry.register(
            "chatkit_runs",
            "Runs that have ended, by how; what was refused was none",
            self.ended.clone(),
        );
        registry.register("chatkit_runs_active", "Runs under way", self.active.clone());
        registry.register(
            "chatkit_subscribers_active",
            "Readers of runs: one for each open stream",
            self.readers.clone(),
        );
        let (events, bytes) = (self.events.clone(), self.bytes.clone());
        registry.register("chatkit_events", "Events sent by runs that have ended", events);
        let help = "Bytes of these events on the wire, each counted once";
        registry.register_with_unit("chatkit_event", help, Unit::Bytes, bytes);
        registry.register(
            "chatkit_watchdog_trips",
            "Runs that were ended by a limit: no first event, silence, the whole turn",
            self.trips.clone(),
        );
        registry.register(
            "chatkit_blocked_polls",
            "How often a responder kept a thread for more than 100 ms",
            self.blocked.clone(),
        );
        let mut seconds = |name, help, metric: Family<OpLabel, Histogram>| {
            registry.register_with_unit(name, help, Unit::Seconds, metric);
        };
        let help = "From the request to the responder's first event";
        seconds("chatkit_run_first_event", help, self.first_event.clone());
        let help = "From the request to the first text of a reply";
        seconds("chatkit_run_first_text", help, self.first_text.clone());
        let help = "From the request to the end of the run";
        seconds("chatkit_run_duration", help, self.duration.clone());
        registry.register_with_unit(
            "chatkit_run_gap",
            "Silences of responders between two events",
            Unit::Seconds,
            self.gaps.clone(),
        );
        registry.register_with_unit(
            "chatkit_run_longest_gap",
            "The longest silence of each run: before its first event, between two, or at its end",
            Unit::Seconds,
            self.longest_gap.clone(),
        );
    }

    fn begin_at_zero(&self) {
        let starts_run = |op: &Op| op.is_streaming() && *op != Op::ThreadsAttach;
        for op in Op::ALL.into_iter().filter(starts_run) {
            for end in ENDS {
                let _ = self.ended.get_or_create(&OpEnd { op: op.as_str(), end: end.as_str() });
            }
        }
        for limit in ["first_event", "gap", "turn"] {
            let _ = self.trips.get_or_create(&LimitLabel { limit });
        }
    }

    pub(crate) fn started(&self) {
        self.active.inc();
    }

    pub(crate) fn joined(&self) {
        self.readers.inc();
    }

    pub(crate) fn left(&self) {
        self.readers.dec();
    }

    pub(crate) fn ended(&self, stats: &StreamStats) {
        self.active.dec();
        if stats.end == EndReason::Refused {
            // No responder has run: `chatkit_ops` tells of it, by its status.
            return;
        }
        let op = OpLabel::new(Some(stats.op));
        let end = OpEnd { op: stats.op.as_str(), end: stats.end.as_str() };
        self.ended.get_or_create(&end).inc();
        if let Some(first) = stats.first_event {
            self.first_event.get_or_create(&op).observe(first.as_secs_f64());
        }
        if let Some(first) = stats.first_text {
            self.first_text.get_or_create(&op).observe(first.as_secs_f64());
        }
        self.duration.get_or_create(&op).observe(stats.total.as_secs_f64());
        self.gaps.add(&stats.gaps);
        self.longest_gap.observe(stats.longest_gap.as_secs_f64());
        self.events.inc_by(stats.events);
        self.bytes.inc_by(stats.bytes);
        if let Some(limit) = tripped(stats.end, stats.first_event.is_some()) {
            self.trips.get_or_create(&LimitLabel { limit }).inc();
        }
        self.blocked.inc_by(u64::from(stats.blocked_polls));
    }
}

/// Which limit ended a run. A run is held to the limit of its first event until that came.
fn tripped(end: EndReason, began: bool) -> Option<&'static str> {
    match end {
        EndReason::Cancelled(CancelReason::Stalled) if began => Some("gap"),
        EndReason::Cancelled(CancelReason::Stalled) => Some("first_event"),
        EndReason::Cancelled(CancelReason::Deadline) => Some("turn"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_by_how_a_run_ended() {
        let cancelled = EndReason::Cancelled;
        assert_eq!(tripped(cancelled(CancelReason::Stalled), true), Some("gap"));
        assert_eq!(tripped(cancelled(CancelReason::Stalled), false), Some("first_event"));
        assert_eq!(tripped(cancelled(CancelReason::Deadline), true), Some("turn"));
        assert_eq!(tripped(cancelled(CancelReason::Stop), true), None);
        assert_eq!(tripped(EndReason::Failed, true), None);
    }
}
