//! The buckets of the histograms, in seconds: dense where the difference matters to a user.

use prometheus_client::metrics::histogram::Histogram;

/// To the first event and the first text: below 200 ms a reply feels instant, beyond 3 s slow.
const FIRST: [f64; 15] =
    [0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0];

/// Silences: beyond half a second a reader notices one, beyond 30 s proxies may cut the stream.
const SILENCE: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0];

/// Whole runs, up to the hour that is the default limit.
const RUN: [f64; 14] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];

/// Answers that no model is asked for.
const ANSWER: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Calls of a store: microseconds in memory, milliseconds on a disk.
const STORE: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

pub(crate) fn first() -> Histogram {
    Histogram::new(FIRST)
}

pub(crate) fn silence() -> Histogram {
    Histogram::new(SILENCE)
}

pub(crate) fn run() -> Histogram {
    Histogram::new(RUN)
}

pub(crate) fn answer() -> Histogram {
    Histogram::new(ANSWER)
}

pub(crate) fn store() -> Histogram {
    Histogram::new(STORE)
}
