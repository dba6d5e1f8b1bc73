//! The figures of a stream.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::{
    Recording,
    arrivals::{characters, events, first_text, heartbeats, texts},
    numbers::quantile_of_sorted,
};

/// The upper ends of the histogram's buckets, in milliseconds. The first holds what came in the
/// same read; 20 to 50 ms is the pace of usual models, beyond 200 ms a reader notices each step.
const BUCKETS: [u64; 13] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// The figures of one stream. Times count from the moment at which the request was sent, over a
/// connection that was there; in JSON they are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// How long the connection took before, if one was made for the request.
    #[serde(rename = "connect_ms", serialize_with = "some_ms")]
    pub connect: Option<Duration>,
    /// When the head of the response was there.
    #[serde(rename = "headers_ms", serialize_with = "some_ms")]
    pub headers: Option<Duration>,
    /// When the first event was there.
    #[serde(rename = "first_event_ms", serialize_with = "some_ms")]
    pub first_event: Option<Duration>,
    /// When the first text of the answer was there.
    #[serde(rename = "first_text_ms", serialize_with = "some_ms")]
    pub first_text: Option<Duration>,
    /// When the stream ended.
    #[serde(rename = "total_ms", serialize_with = "ms")]
    pub total: Duration,
    /// Events, without heartbeats.
    pub events: usize,
    /// Events that add to a text.
    pub text_events: usize,
    /// Characters of text that were streamed, or that came whole if nothing was streamed.
    pub characters: usize,
    /// Frames that hold nothing but comments.
    pub heartbeats: usize,
    /// Reads that brought bytes.
    pub reads: usize,
    /// Bytes of the body as they came.
    pub bytes: usize,
    /// Text events in a second, between the first and the last.
    pub events_per_second: Option<f64>,
    /// Characters in a second, between the first text event and the last.
    pub characters_per_second: Option<f64>,
    /// The gaps between text events, if there are two of them.
    pub gaps: Option<Gaps>,
}

/// The gaps between text events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gaps {
    /// How many.
    pub count: usize,
    /// What half of them do not exceed.
    #[serde(rename = "p50_ms", serialize_with = "ms")]
    pub p50: Duration,
    /// What 90 % of them do not exceed.
    #[serde(rename = "p90_ms", serialize_with = "ms")]
    pub p90: Duration,
    /// What 99 % of them do not exceed.
    #[serde(rename = "p99_ms", serialize_with = "ms")]
    pub p99: Duration,
    /// The longest.
    #[serde(rename = "longest_ms", serialize_with = "ms")]
    pub longest: Duration,
    /// The frame after which the longest began, from 0.
    pub longest_after_frame: usize,
    /// When the longest began.
    #[serde(rename = "longest_at_ms", serialize_with = "ms")]
    pub longest_at: Duration,
    /// All of them, by length.
    pub histogram: Vec<Bucket>,
}

/// Gaps of about one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// The longest that count, in milliseconds; none for all that are longer than the bucket
    /// before. 0 means: came in the same read.
    pub up_to_ms: Option<u64>,
    /// How many.
    pub count: usize,
}

impl Figures {
    /// Takes the figures of a recording.
    pub fn of(recording: &Recording) -> Self {
        let texts = texts(recording);
        let gaps = Gaps::of(&texts.iter().map(|text| (text.at, text.frame)).collect::<Vec<_>>());
        let streamed = texts.iter().map(|text| text.characters).sum();
        let span = match (texts.first(), texts.last()) {
            (Some(first), Some(last)) => last.at.saturating_sub(first.at),
            _ => Duration::ZERO,
        };
        let after_first = texts.iter().skip(1).map(|text| text.characters).sum();
        Self {
            connect: recording.connect,
            headers: recording.head.as_ref().map(|head| head.at),
            first_event: events(recording).next().map(|event| event.at),
            first_text: first_text(recording),
            total: recording.end.at(),
            events: events(recording).count(),
            text_events: texts.len(),
            characters: if texts.is_empty() { whole(recording) } else { streamed },
            heartbeats: heartbeats(recording),
            reads: recording.reads.len(),
            bytes: recording.reads.iter().map(|read| read.bytes).sum(),
            events_per_second: rate(texts.len().saturating_sub(1), span),
            characters_per_second: rate(after_first, span),
            gaps,
        }
    }
}

impl Gaps {
    /// From when the text events were there, with the numbers of their frames.
    fn of(texts: &[(Duration, usize)]) -> Option<Self> {
        let pairs = texts.iter().zip(texts.iter().skip(1));
        let gaps: Vec<(Duration, usize, Duration)> =
            pairs.map(|((at, frame), (next, _))| (next.saturating_sub(*at), *frame, *at)).collect();
        let (longest, longest_after_frame, longest_at) =
            gaps.iter().copied().max_by_key(|(gap, ..)| *gap)?;
        let mut sorted: Vec<Duration> = gaps.iter().map(|(gap, ..)| *gap).collect();
        sorted.sort_unstable();
        Some(Self {
            count: gaps.len(),
            p50: quantile_of_sorted(&sorted, 0.5)?,
            p90: quantile_of_sorted(&sorted, 0.9)?,
            p99: quantile_of_sorted(&sorted, 0.99)?,
            longest,
            longest_after_frame,
            longest_at,
            histogram: histogram(&sorted),
        })
    }
}

fn histogram(sorted: &[Duration]) -> Vec<Bucket> {
    let mut below = 0;
    let mut buckets: Vec<Bucket> = BUCKETS
        .iter()
        .map(|up_to| {
            let end = sorted.partition_point(|gap| *gap <= Duration::from_millis(*up_to));
            let count = end - below;
            below = end;
            Bucket { up_to_ms: Some(*up_to), count }
        })
        .collect();
    buckets.push(Bucket { up_to_ms: None, count: sorted.len() - below });
    buckets
}

/// The characters of messages that came whole. A message that is added and done is counted once.
fn whole(recording: &Recording) -> usize {
    events(recording)
        .filter(|event| event.json["type"] == "thread.item.done")
        .map(|event| characters(event.json))
        .sum()
}

fn rate(count: usize, span: Duration) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let rate = count as f64 / span.as_secs_f64();
    // In less than a millisecond the rate says more about the clock than about the stream.
    (span >= Duration::from_millis(1)).then(|| (rate * 10.0).round() / 10.0)
}

/// Milliseconds, with microseconds behind the point.
pub(crate) fn in_ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn ms<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(in_ms(*time))
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn some_ms<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_some(&in_ms(*time)),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        End,
        tape::{Tape, created, delta, done, echo, whole},
    };

    #[test]
    fn times_counts_and_gaps() {
        let tape = Tape::new()
            .connected_after(30)
            .wait(5.0)
            .head()
            .wait(1.0)
            .read(&[created(), echo(None)]);
        let tape = tape.wait(94.0).read(&[delta("ab"), delta("")]).heartbeat();
        let tape = tape.paced(3, |number| [20.0, 400.0, 80.0][number]).read(&[done(None)]);
        let figures = Figures::of(&tape.wait(2.0).end(End::Complete));
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(
            (figures.headers, figures.first_event, figures.first_text, Some(figures.total)),
            (ms(5), ms(6), ms(100), ms(602))
        );
        assert_eq!(figures.connect, ms(30), "apart from all else");
        assert_eq!((figures.events, figures.text_events, figures.characters), (8, 4, 17));
        assert_eq!((figures.heartbeats, figures.reads), (1, 7));
        assert_eq!(figures.events_per_second, Some(6.0));
        assert_eq!(figures.characters_per_second, Some(30.0));
        let gaps = figures.gaps.unwrap();
        assert_eq!((gaps.count, Some(gaps.p50), Some(gaps.p99)), (3, ms(80), ms(400)));
        assert_eq!((gaps.longest_after_frame, Some(gaps.longest_at)), (5, ms(120)));
        let filled: Vec<_> = gaps.histogram.iter().filter(|bucket| bucket.count > 0).collect();
        let filled: Vec<_> = filled.iter().map(|bucket| (bucket.up_to_ms, bucket.count)).collect();
        assert_eq!(filled, [(Some(20), 1), (Some(100), 1), (Some(500), 1)]);
    }

    #[test]
    fn a_text_that_came_whole_is_counted_once() {
        let tape = Tape::new().head().read(&[created()]).wait(7.0).read(&[whole("four")]);
        let figures = Figures::of(&tape.end(End::Complete));
        assert_eq!((figures.characters, figures.text_events), (4, 0));
        assert_eq!(figures.first_text, Some(Duration::from_millis(7)));
        assert_eq!((figures.gaps, figures.events_per_second), (None, None));
    }
}
