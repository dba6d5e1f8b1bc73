//! The silences of all runs, added up run by run.

use std::sync::{Arc, Mutex, PoisonError};

use chatkit_server::Gaps;
use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::MetricType,
};

/// A histogram that takes what a run has counted already.
#[derive(Debug, Clone, Default)]
pub(crate) struct GapHistogram(Arc<Mutex<Total>>);

#[derive(Debug, Default)]
struct Total {
    counts: Vec<u64>,
    seconds: f64,
}

impl GapHistogram {
    pub(crate) fn add(&self, gaps: &Gaps) {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        total.seconds += gaps.sum().as_secs_f64();
        let counts = gaps.counts();
        total.counts.resize(counts.len(), 0);
        for (total, count) in total.counts.iter_mut().zip(counts) {
            *total += u64::from(*count);
        }
    }
}

impl EncodeMetric for GapHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        let total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bounds = Gaps::bounds().map(|bound| bound.as_secs_f64()).chain([f64::INFINITY]);
        let counts = total.counts.iter().copied().chain(std::iter::repeat(0));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let count = total.counts.iter().sum();
        encoder.encode_histogram::<[(&str, &str); 0]>(total.seconds, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
