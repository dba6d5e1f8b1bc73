//! When events came, and how long the gaps between them were, drawn with characters.

use std::time::Duration;

use crate::{Bucket, Recording, arrivals::events, words::grouped};

/// The parts of a stream's time that the timeline has.
const SLOTS: usize = 60;
/// The longest bar of the histogram, in characters.
const BAR: usize = 40;
/// Few and many events in one slot.
const DENSITY: [char; 5] = ['.', ':', '+', '*', '#'];

/// The events of a stream that began at a time of its round, in each of equal parts of the round's
/// time.
pub(super) fn timeline(recording: &Recording, begun: Duration, total: Duration) -> Vec<usize> {
    let mut slots = vec![0; SLOTS];
    let total = total.max(Duration::from_micros(1));
    for event in events(recording) {
        let part = (begun + event.at).as_micros() * SLOTS as u128 / total.as_micros();
        let slot = usize::try_from(part).unwrap_or(SLOTS).min(SLOTS - 1);
        if let Some(slot) = slots.get_mut(slot) {
            *slot += 1;
        }
    }
    slots
}

/// A timeline as a row of characters: the more events, the darker.
pub(super) fn row(timeline: &[usize]) -> String {
    let most = timeline.iter().copied().max().unwrap_or(0).max(DENSITY.len());
    timeline
        .iter()
        .map(|events| match events {
            0 => ' ',
            events => {
                let level = (events * DENSITY.len()).div_ceil(most).saturating_sub(1);
                DENSITY.get(level).copied().unwrap_or('#')
            }
        })
        .collect()
}

/// A line of a histogram.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) bar: String,
    pub(super) count: String,
}

/// The lines of a histogram, from the first bucket with anything in it to the last.
pub(super) fn histogram(buckets: &[Bucket]) -> Vec<Bar> {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0).max(1);
    let first = buckets.iter().position(|bucket| bucket.count > 0);
    let last = buckets.iter().rposition(|bucket| bucket.count > 0);
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let mut below = None;
    let mut bars = Vec::new();
    for (number, bucket) in buckets.iter().enumerate() {
        if (first..=last).contains(&number) {
            bars.push(Bar {
                label: label(below, bucket.up_to_ms),
                bar: "█".repeat((bucket.count * BAR).div_ceil(most)),
                count: grouped(bucket.count),
            });
        }
        below = bucket.up_to_ms;
    }
    bars
}

fn label(below: Option<u64>, up_to: Option<u64>) -> String {
    let unit = |ms: u64| {
        if ms >= 1000 { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
    };
    match (below, up_to) {
        (_, Some(0)) => "same read".to_owned(),
        (_, Some(up_to)) => format!("≤ {}", unit(up_to)),
        (Some(below), None) => format!("> {}", unit(below)),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Tape;

    #[test]
    fn the_timeline_shows_silence_and_bursts() {
        let tape = Tape::new().head().opening().wait(500.0).paced(20, |_| 1.0).wait(480.0);
        let recording = tape.done();
        let total = recording.end.at();
        assert_eq!(total, Duration::from_secs(1));
        let slots = timeline(&recording, Duration::ZERO, total);
        let filled: Vec<usize> = (0..60).filter(|slot| slots[*slot] > 0).collect();
        assert_eq!(filled, [0, 30, 31, 59]);
        assert_eq!(slots.iter().sum::<usize>(), 25);
        let later = timeline(&recording, total, total * 2);
        assert_eq!((0..60).find(|slot| later[*slot] > 0), Some(30));
    }

    #[test]
    fn few_events_are_not_drawn_as_many() {
        assert_eq!(row(&[1, 0, 1, 2]), ". .:");
        assert_eq!(row(&[10, 0, 1, 5]), "# .+");
    }

    #[test]
    fn empty_buckets_at_the_ends_are_left_out() {
        let bucket = |up_to_ms, count| Bucket { up_to_ms, count };
        let bars = histogram(&[
            bucket(Some(0), 0),
            bucket(Some(20), 1),
            bucket(Some(50), 0),
            bucket(Some(1000), 80),
            bucket(None, 2),
        ]);
        let short: Vec<_> = bars
            .iter()
            .map(|bar| (bar.label.as_str(), bar.bar.chars().count(), bar.count.as_str()))
            .collect();
        assert_eq!(
            short,
            [("≤ 20 ms", 1, "1"), ("≤ 50 ms", 0, "0"), ("≤ 1 s", 40, "80"), ("> 1 s", 1, "2")]
        );
        assert_eq!(histogram(&[]), []);
    }
}
