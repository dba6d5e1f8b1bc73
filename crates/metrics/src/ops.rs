//! Ops as they were answered.

use std::time::Duration;

use chatkit_protocol::Op;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::buckets;

/// An op by its name on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OpLabel {
    op: &'static str,
}

/// An op, and the HTTP status of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OpStatus {
    op: &'static str,
    status: u16,
}

impl OpLabel {
    pub(crate) fn new(op: Option<Op>) -> Self {
        Self { op: name(op) }
    }
}

impl OpStatus {
    pub(crate) fn new(op: Option<Op>, status: u16) -> Self {
        Self { op: name(op), status }
    }
}

/// The name that a request gives is never used as it is: it could be any.
fn name(op: Option<Op>) -> &'static str {
    op.map_or("unknown", Op::as_str)
}

#[derive(Debug)]
pub(crate) struct OpMetrics {
    answered: Family<OpStatus, Counter>,
    seconds: Family<OpLabel, Histogram>,
}

impl OpMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let answered = Family::default();
        registry.register(
            "chatkit_ops",
            "Ops answered, by the status that says how: a refused stream has one here too",
            answered.clone(),
        );
        let seconds = Family::new_with_constructor(buckets::answer as fn() -> Histogram);
        registry.register_with_unit(
            "chatkit_op",
            "From a request to its answer, or to the start of the responder",
            Unit::Seconds,
            seconds.clone(),
        );
        Self { answered, seconds }
    }

    pub(crate) fn answered(&self, op: Option<Op>, status: u16, took: Duration) {
        self.answered.get_or_create(&OpStatus::new(op, status)).inc();
        self.seconds.get_or_create(&OpLabel::new(op)).observe(took.as_secs_f64());
    }
}
