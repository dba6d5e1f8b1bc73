//! Calls of the store.

use std::time::Duration;

use chatkit_server::StoreOutcome;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::buckets;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug)]
pub(crate) struct StoreMetrics {
    seconds: Family<CallLabels, Histogram>,
}

impl StoreMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let seconds = Family::new_with_constructor(buckets::store as fn() -> Histogram);
        registry.register_with_unit(
            "chatkit_store_operation",
            "Calls of the store, by operation and outcome",
            Unit::Seconds,
            seconds.clone(),
        );
        Self { seconds }
    }

    pub(crate) fn called(&self, operation: &'static str, outcome: StoreOutcome, took: Duration) {
        let labels = CallLabels { operation, outcome: outcome.as_str() };
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }
}
