//! What was measured.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What one read brought.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delivery {
    pub(crate) events: u64,
    pub(crate) texts: u64,
    pub(crate) text_bytes: u64,
    pub(crate) bytes: u64,
}

/// Many streams.
#[derive(Debug)]
pub(crate) struct Stats {
    /// Streams that were right to their end.
    pub(crate) streams: u64,
    /// Events of all streams, those that have not ended too.
    pub(crate) events: u64,
    /// Of them with text.
    pub(crate) texts: u64,
    pub(crate) text_bytes: u64,
    pub(crate) bytes: u64,
    pub(crate) merged: u64,
    /// Streams that were left before their end because the time was over.
    pub(crate) cut: u64,
    pub(crate) failures: u64,
    /// What the first failures were.
    pub(crate) first_failures: Vec<String>,
    first_byte: Histogram<u64>,
    first_text: Histogram<u64>,
    gap: Histogram<u64>,
    longest_gap: Histogram<u64>,
    total: Histogram<u64>,
    /// From emit to client, in nanoseconds.
    emitted: Histogram<u64>,
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
    /// From each text to the next within a stream; texts that one read brought are 0 apart.
    pub(crate) gap: Distribution,
    /// The longest wait for more text within a stream.
    pub(crate) longest_gap: Distribution,
    /// From the request to the end of the stream.
    pub(crate) total: Distribution,
}

const FAILURES_SHOWN: usize = 5;

impl Stats {
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        // Three significant digits.
        let histogram = Histogram::new(3)?;
        Ok(Self {
            streams: 0,
            events: 0,
            texts: 0,
            text_bytes: 0,
            bytes: 0,
            merged: 0,
            cut: 0,
            failures: 0,
            first_failures: Vec::new(),
            first_byte: histogram.clone(),
            first_text: histogram.clone(),
            gap: histogram.clone(),
            longest_gap: histogram.clone(),
            total: histogram.clone(),
            emitted: histogram,
        })
    }

    pub(crate) fn first_byte(&mut self, after: Duration) {
        record_duration(&mut self.first_byte, after);
    }

    pub(crate) fn first_text(&mut self, after: Duration) {
        record_duration(&mut self.first_text, after);
    }

    pub(crate) fn delivery(&mut self, delivery: &Delivery) {
        self.events += delivery.events;
        self.texts += delivery.texts;
        self.text_bytes += delivery.text_bytes;
        self.bytes += delivery.bytes;
    }

    /// How long more text was waited for.
    pub(crate) fn gap(&mut self, gap: Duration) {
        record_duration(&mut self.gap, gap);
    }

    /// So many texts came together with another one.
    pub(crate) fn no_gaps(&mut self, count: u64) {
        self.gap.saturating_record_n(0, count);
    }

    /// How long a text was under way, in nanoseconds.
    pub(crate) fn emitted(&mut self, nanos: u64) {
        record(&mut self.emitted, nanos);
    }

    /// A stream ended and was right.
    pub(crate) fn stream(&mut self, merged: bool, longest_gap: Duration, total: Duration) {
        self.streams += 1;
        self.merged += u64::from(merged);
        record_duration(&mut self.longest_gap, longest_gap);
        record_duration(&mut self.total, total);
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
        self.texts += other.texts;
        self.text_bytes += other.text_bytes;
        self.bytes += other.bytes;
        self.merged += other.merged;
        self.cut += other.cut;
        self.failures += other.failures;
        let room = FAILURES_SHOWN.saturating_sub(self.first_failures.len());
        self.first_failures.extend(other.first_failures.into_iter().take(room));
        self.first_byte += other.first_byte;
        self.first_text += other.first_text;
        self.gap += other.gap;
        self.longest_gap += other.longest_gap;
        self.total += other.total;
        self.emitted += other.emitted;
    }

    pub(crate) fn latencies(&self) -> Latencies {
        Latencies {
            first_byte: distribution(&self.first_byte, 1e3),
            first_text: distribution(&self.first_text, 1e3),
            gap: distribution(&self.gap, 1e3),
            longest_gap: distribution(&self.longest_gap, 1e3),
            total: distribution(&self.total, 1e3),
        }
    }

    /// From emit to client, in microseconds; none when no stream was stamped.
    pub(crate) fn emit_to_client(&self) -> Option<Distribution> {
        (!self.emitted.is_empty()).then(|| distribution(&self.emitted, 1e3))
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
    fn the_boards_of_several_threads_add_up() {
        let mut whole = Stats::new().unwrap();
        let delivery = Delivery { events: 2, texts: 1, text_bytes: 4, bytes: 3 };
        for thread in 0..2_u32 {
            let mut stats = Stats::new().unwrap();
            for ms in 1..=100_u32 {
                stats.delivery(&delivery);
                let total = Duration::from_millis((thread * 100 + ms).into());
                stats.stream(ms == 1, Duration::ZERO, total);
            }
            for number in 0..4 {
                stats.fail(format!("{thread}.{number}"));
            }
            whole.merge(stats);
        }
        assert_eq!((whole.streams, whole.events, whole.bytes), (200, 400, 600));
        assert_eq!((whole.texts, whole.text_bytes, whole.merged), (200, 800, 2));
        assert_eq!(whole.failures, 8);
        assert_eq!(whole.first_failures, ["0.0", "0.1", "0.2", "0.3", "1.0"]);
        let total = whole.latencies().total;
        for (found, expected) in [(total.p50, 100.0), (total.p90, 180.0), (total.max, 200.0)] {
            assert!((found - expected).abs() <= expected * 1e-3, "{found} is not {expected}");
        }
    }

    #[test]
    fn texts_that_come_together_are_not_apart() {
        let mut stats = Stats::new().unwrap();
        stats.no_gaps(98);
        stats.gap(Duration::from_millis(20));
        stats.gap(Duration::from_millis(20));
        let gap = stats.latencies().gap;
        assert_eq!((gap.p50, gap.p90), (0.0, 0.0));
        assert!((gap.max - 20.0).abs() < 0.1 && gap.p99 > 19.0, "{gap:?}");
    }

    #[test]
    fn stamps_are_told_in_microseconds() {
        let mut stats = Stats::new().unwrap();
        assert!(stats.emit_to_client().is_none());
        stats.emitted(50_000);
        let found = stats.emit_to_client().unwrap();
        assert!((found.p50 - 50.0).abs() < 0.1, "{found:?}");
    }
}
