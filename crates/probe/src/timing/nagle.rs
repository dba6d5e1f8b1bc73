//! The sender waits for the receiver's acknowledgement before it sends the next small piece.
//!
//! Nagle's algorithm (RFC 896) holds a small segment while another is on its way; the receiver
//! delays its acknowledgement in the hope of sending data along: 40 ms on Linux, 200 ms on Windows
//! and macOS. Together they turn a smooth stream into steps of just these times.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    Finding, Recording,
    arrivals::{Arrival, arrivals},
    numbers::at_least,
    words::time,
};

/// The least delay of an acknowledgement on Linux, with what timers add.
const LINUX: RangeInclusive<Duration> = Duration::from_millis(37)..=Duration::from_millis(49);
/// The delay on other systems, and on Linux after it has adapted.
const OTHERS: RangeInclusive<Duration> = Duration::from_millis(190)..=Duration::from_millis(222);
/// Fewer pauses may be chance.
const MIN_PAUSES: usize = 5;
/// So many of the stream's pauses must be such: a model's pace varies more than a timer.
const MOST: f64 = 0.7;
/// Shorter gaps are no pauses.
const PAUSE: Duration = Duration::from_millis(8);
/// A steady producer sends one event, then waits. Nagle gathers what was made in the meantime: at
/// least this many events in half of the pieces.
const GATHERED: usize = 2;

pub(super) fn check(recording: &Recording) -> Option<Finding> {
    let arrivals = arrivals(recording);
    [LINUX, OTHERS].into_iter().find_map(|delay| {
        let pauses = pauses(&arrivals);
        let fitting: Vec<&Pause<'_>> =
            pauses.iter().filter(|pause| delay.contains(&pause.length)).collect();
        let delayed = fitting.len();
        let gathered = fitting.iter().filter(|pause| pause.next.events >= GATHERED).count();
        // A frame that is written in two pieces: the second one waits.
        let split = fitting.iter().filter(|pause| pause.splits_a_frame()).count();
        let steps = delayed >= MIN_PAUSES
            && at_least(delayed, pauses.len(), MOST)
            && at_least(gathered, delayed, 0.5);
        if steps {
            return Some(finding(&fitting, gathered, "pieces that hold several events"));
        }
        let splits = split >= MIN_PAUSES && at_least(split, delayed, MOST);
        splits.then(|| finding(&fitting, split, "second halves of frames"))
    })
}

struct Pause<'a> {
    length: Duration,
    before: &'a Arrival,
    next: &'a Arrival,
}

impl Pause<'_> {
    /// Bytes that end no frame, and after the pause the end of one.
    fn splits_a_frame(&self) -> bool {
        self.before.frames.is_empty() && self.next.frames.len() == 1
    }
}

fn pauses(arrivals: &[Arrival]) -> Vec<Pause<'_>> {
    arrivals
        .iter()
        .zip(arrivals.iter().skip(1))
        .map(|(before, next)| Pause { length: next.at.saturating_sub(before.until), before, next })
        .filter(|pause| pause.length >= PAUSE)
        .collect()
}

fn finding(pauses: &[&Pause<'_>], such: usize, what: &str) -> Finding {
    let mut lengths: Vec<Duration> = pauses.iter().map(|pause| pause.length).collect();
    lengths.sort_unstable();
    let middle = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    Finding::warning(
        "nagle",
        format!("{} pauses of about {}, followed by {such} {what}", pauses.len(), time(middle)),
        "The text comes in steps instead of smoothly: the sender waits for the receiver's delayed \
         acknowledgement before it sends the next small piece.",
        "Set TCP_NODELAY on the server's connections (and on those of the proxy), and write each \
         event with one call.",
    )
    .at(pauses.first().map(|pause| pause.next.frames.start))
}
