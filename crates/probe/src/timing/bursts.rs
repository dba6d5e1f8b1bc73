//! Events that come many at once, again and again.
//!
//! A buffer on the way lets events through when it is full or when its time is up. The first gives
//! pieces of one size, the second pieces at one interval. A producer that makes several events at
//! once, as some providers do, gives neither.

use std::time::Duration;

use crate::{
    Finding, Recording,
    arrivals::{Arrival, arrivals},
    numbers::{at_least, median, variation},
    words::{grouped, time},
};

/// The sizes of buffers that proxies, compressors and runtimes have, in bytes.
const BUFFERS: [usize; 9] = [512, 1024, 1460, 2048, 4096, 8192, 16_384, 32_768, 65_536];
/// A piece that holds so many text events was not sent token by token. Providers that send a few
/// tokens together stay below it.
const TEXTS: usize = 4;
/// So many of the text events must come in such pieces: a slow moment of a machine makes some too.
const MOST: f64 = 0.8;
/// Pauses below this cannot be seen.
const PAUSE: Duration = Duration::from_millis(60);
/// Full buffers that prove a size, and those that do if they have it to the last few bytes.
const MIN_FULL: usize = 3;
const MIN_EXACT: usize = 2;
/// A buffer may be let through a frame before or after it is full, but by no more than this part of
/// it, else any piece would fit some buffer. Exactly means by no more than that part.
const WITHIN: usize = 6;
const EXACTLY: usize = 100;
/// Intervals that prove a timer.
const MIN_INTERVALS: usize = 4;
/// How much intervals of a timer vary at most, as a share of their median.
const STEADY: f64 = 0.12;
/// Pieces without any rule: more of them, and longer pauses, since a producer may make them too.
const MIN_IRREGULAR: usize = 6;
const LONG_PAUSE: Duration = Duration::from_millis(200);

pub(super) fn check(recording: &Recording) -> Option<Finding> {
    let arrivals = arrivals(recording);
    let pieces: Vec<&Arrival> = arrivals.iter().filter(|arrival| arrival.texts > 0).collect();
    let texts = pieces.iter().map(|piece| piece.texts).sum();
    let in_bursts = pieces.iter().filter(|piece| piece.texts >= TEXTS).map(|piece| piece.texts);
    if !at_least(in_bursts.sum(), texts, MOST) {
        return None;
    }
    let pauses: Vec<Duration> = pieces
        .iter()
        .zip(pieces.iter().skip(1))
        .map(|(before, next)| next.at.saturating_sub(before.until))
        .collect();
    let pause = median(&pauses).filter(|pause| *pause >= PAUSE)?;
    let each = median(&pieces.iter().map(|piece| piece.texts).collect::<Vec<_>>())?;
    let facts = format!(
        "about {each} text events at once, {} times, then {} of silence",
        pieces.len(),
        time(pause)
    );
    let frame = pieces.first().map(|piece| piece.frames.start);
    let timer = interval(&pieces);
    let buffer = buffer(&arrivals, &pieces);
    match (buffer, timer) {
        (Some(buffer), timer) if timer.is_none_or(|(_, varies)| varies >= buffer.varies) => {
            Some(by_size(&buffer, &facts, frame, recording))
        }
        (_, Some((interval, _))) => Some(by_interval(interval, &facts, frame)),
        _ if pieces.len() >= MIN_IRREGULAR && pause >= LONG_PAUSE => Some(irregular(facts, frame)),
        _ => None,
    }
}

/// A buffer that was let through when it was full.
struct Buffer {
    size: usize,
    full: usize,
    /// How much the sizes vary.
    varies: f64,
}

/// All pieces have the size of one buffer, which may be missed or passed by a frame, except at the
/// end, where what was left comes at once.
fn buffer(arrivals: &[Arrival], pieces: &[&Arrival]) -> Option<Buffer> {
    let end = arrivals.last()?.at;
    let sizes: Vec<usize> = pieces
        .iter()
        .filter(|piece| end.saturating_sub(piece.at) >= PAUSE)
        .map(|piece| piece.bytes)
        .collect();
    let bytes: usize = pieces.iter().map(|piece| piece.bytes).sum();
    let frames: usize = pieces.iter().map(|piece| piece.frames.len()).sum();
    let frame = bytes.checked_div(frames)?;
    let near = |buffer: usize| (frame + frame / 2).min(buffer / WITHIN);
    let size = BUFFERS.into_iter().find(|buffer| {
        let count =
            |allowed: usize| sizes.iter().filter(|size| size.abs_diff(*buffer) <= allowed).count();
        let full = count(near(*buffer));
        let enough = full >= MIN_FULL || count(buffer / EXACTLY) >= MIN_EXACT;
        enough && at_least(full, sizes.len(), MOST)
    })?;
    let is_near = |found: &usize| found.abs_diff(size) <= near(size);
    let full: Vec<usize> = sizes.into_iter().filter(is_near).collect();
    #[expect(clippy::cast_precision_loss, reason = "sizes of buffers are small")]
    let as_floats: Vec<f64> = full.iter().map(|size| *size as f64).collect();
    Some(Buffer { size, full: full.len(), varies: variation(&as_floats)? })
}

/// The time between the pieces, if it is that of a timer, and how much it varies.
fn interval(pieces: &[&Arrival]) -> Option<(Duration, f64)> {
    let intervals: Vec<f64> = pieces
        .iter()
        .zip(pieces.iter().skip(1))
        .map(|(before, next)| next.at.saturating_sub(before.at).as_secs_f64())
        .collect();
    let varies = variation(&intervals).filter(|varies| *varies <= STEADY)?;
    let mut sorted = intervals;
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2)?;
    (sorted.len() >= MIN_INTERVALS).then(|| (Duration::from_secs_f64(*middle), varies))
}

fn by_size(buffer: &Buffer, facts: &str, frame: Option<usize>, recording: &Recording) -> Finding {
    let compressed = recording.head.as_ref().is_some_and(|head| head.compression().is_some());
    let who = if compressed { "the compressor or a proxy" } else { "a proxy or the server" };
    Finding::warning(
        "bursts",
        format!("{facts}; {} pieces of about {} bytes", buffer.full, grouped(buffer.size)),
        &format!(
            "Events come together when a buffer of {} bytes is full: {who} keeps them until then. \
             The text jumps, and the end of a short answer waits for the end of the stream.",
            grouped(buffer.size)
        ),
        "Probe the server itself, without the proxies before it. Switch response buffering off \
         (nginx: `proxy_buffering off`, or the header `X-Accel-Buffering: no`), do not compress \
         `text/event-stream`, and flush after each event.",
    )
    .at(frame)
}

fn by_interval(interval: Duration, facts: &str, frame: Option<usize>) -> Finding {
    Finding::warning(
        "bursts",
        format!("{facts}; one piece every {}", time(interval)),
        &format!(
            "Something lets events through only every {}: the text jumps though it is written \
             smoothly.",
            time(interval)
        ),
        "Look for a flush interval in the proxy (Go's `FlushInterval`: -1; Apache's `flushpackets`: \
         on), and for a loop in the server that sends what has gathered at intervals.",
    )
    .at(frame)
}

fn irregular(facts: String, frame: Option<usize>) -> Finding {
    Finding::warning(
        "bursts",
        facts,
        "The text jumps. The pieces have no common size and no common interval, so the producer \
         may make several events at once itself.",
        "Log the times at which the model's events reach the server. If they are spaced there, \
         something blocks the server or buffers its output.",
    )
    .at(frame)
}
