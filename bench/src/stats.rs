//! What was measured.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// One stream that was right.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) merged: bool,
    pub(crate) first_byte: Duration,
    pub(crate) first_text: Duration,
    pub(crate) total: Duration,
    /// The longest wait between two reads that held text.
    pub(crate) longest_gap: Duration,
}

/// Many streams.
#[derive(Debug)]
pub(crate) struct Stats {
    pub(crate) streams: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) merged: u64,
    pub(crate) failures: u64,
    /// What the first failures were.
    pub(crate) first_failures: Vec<String>,
    first_byte: Histogram<u64>,
    first_text: Histogram<u64>,
    total: Histogram<u64>,
    longest_gap: Histogram<u64>,
}

/// A distribution.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Distribution {
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

/// How long things took, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latencies {
    /// From the request to the first byte of the response.
    pub(crate) first_byte: Distribution,
    /// From the request to the first text.
    pub(crate) first_text: Distribution,
    /// The longest wait for more text within a stream.
    pub(crate) longest_gap: Distribution,
    /// From the request to the end of the stream.
    pub(crate) total: Distribution,
}

const FAILURES_SHOWN: usize = 5;

impl Stats {
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        // Microseconds with three significant digits.
        let histogram = Histogram::new(3)?;
        Ok(Self {
            streams: 0,
            events: 0,
            bytes: 0,
            merged: 0,
            failures: 0,
            first_failures: Vec::new(),
            first_byte: histogram.clone(),
            first_text: histogram.clone(),
            total: histogram.clone(),
            longest_gap: histogram,
        })
    }

    pub(crate) fn add(&mut self, sample: &Sample) {
        self.streams += 1;
        self.events += sample.events;
        self.bytes += sample.bytes;
        self.merged += u64::from(sample.merged);
        record_duration(&mut self.first_byte, sample.first_byte);
        record_duration(&mut self.first_text, sample.first_text);
        record_duration(&mut self.total, sample.total);
        record_duration(&mut self.longest_gap, sample.longest_gap);
    }

    pub(crate) fn fail(&mut self, failure: String) {
        self.failures += 1;
        if self.first_failures.len() < FAILURES_SHOWN {
            self.first_failures.push(failure);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.streams += other.streams;
        self.events += other.events;
        self.bytes += other.bytes;
        self.merged += other.merged;
        self.failures += other.failures;
        let room = FAILURES_SHOWN.saturating_sub(self.first_failures.len());
        self.first_failures.extend(other.first_failures.into_iter().take(room));
        self.first_byte += other.first_byte;
        self.first_text += other.first_text;
        self.total += other.total;
        self.longest_gap += other.longest_gap;
    }

    pub(crate) fn latencies(&self) -> Latencies {
        Latencies {
            first_byte: distribution(&self.first_byte, 1e3),
            first_text: distribution(&self.first_text, 1e3),
            longest_gap: distribution(&self.longest_gap, 1e3),
            total: distribution(&self.total, 1e3),
        }
    }
}

fn record_duration(histogram: &mut Histogram<u64>, duration: Duration) {
    record(histogram, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
}

/// Adds a value. The histogram grows with its values; what it cannot hold counts as the most it
/// can.
pub(crate) fn record(histogram: &mut Histogram<u64>, value: u64) {
    if histogram.record(value).is_err() {
        histogram.saturating_record(value);
    }
}

/// What is in a histogram, in a unit that is so many times its own.
pub(crate) fn distribution(histogram: &Histogram<u64>, unit: f64) -> Distribution {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / unit;
    Distribution {
        mean: histogram.mean() / unit,
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p999: at(0.999),
        max: histogram.max() as f64 / unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_several_threads_add_up() {
        let mut whole = Stats::new().unwrap();
        for thread in 0..2_u32 {
            let mut stats = Stats::new().unwrap();
            for ms in 1..=100_u32 {
                let total = Duration::from_millis((thread * 100 + ms).into());
                stats.add(&Sample { events: 2, bytes: 3, total, ..Sample::default() });
            }
            for number in 0..4 {
                stats.fail(format!("{thread}.{number}"));
            }
            whole.merge(stats);
        }
        assert_eq!((whole.streams, whole.events, whole.bytes, whole.failures), (200, 400, 600, 8));
        assert_eq!(whole.first_failures, ["0.0", "0.1", "0.2", "0.3", "1.0"]);
        let total = whole.latencies().total;
        for (found, expected) in [(total.p50, 100.0), (total.p90, 180.0), (total.max, 200.0)] {
            assert!((found - expected).abs() <= expected * 1e-3, "{found} is not {expected}");
        }
    }
}
