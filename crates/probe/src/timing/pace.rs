//! A producer that is slow, or that does not stream.

use std::time::Duration;

use crate::{
    Finding, Recording, Severity,
    arrivals::{arrivals, characters, events, first_text, texts},
    numbers::{at_least, gaps, median},
    words::{count, time},
};

/// With fewer text events there is no pace.
const MIN_TEXTS: usize = 5;
/// Slower than a token in this time is slower than people read.
const SLOW: Duration = Duration::from_millis(250);
/// Each event in a read of its own: for so many of them.
const MOST: f64 = 0.8;
/// Texts below this are as quickly read whole.
const LONG_TEXT: usize = 400;
/// A delta of so many characters on average is a paragraph, no token.
const BIG_DELTA: usize = 200;
/// A text that was there within this time need not stream.
const AT_ONCE: Duration = Duration::from_secs(1);

pub(super) fn check(recording: &Recording) -> Vec<Finding> {
    slow_producer(recording).into_iter().chain(one_big_delta(recording)).collect()
}

fn slow_producer(recording: &Recording) -> Option<Finding> {
    let texts = texts(recording);
    let gap = median(&gaps(texts.iter().map(|text| text.at)))?;
    let arrivals = arrivals(recording);
    let alone = arrivals.iter().filter(|arrival| arrival.texts == 1).count();
    if texts.len() < MIN_TEXTS || gap < SLOW || !at_least(alone, texts.len(), MOST) {
        return None;
    }
    let written: usize = texts.iter().map(|text| text.characters).sum();
    if written / texts.len() >= BIG_DELTA {
        // A paragraph at a time is not slow.
        return None;
    }
    let slow = Finding::warning(
        "slow-producer",
        format!("{} came one by one, {} apart", count(texts.len(), "text event"), time(gap)),
        "The text grows slower than people read. Nothing on the way holds it up: each event comes \
         alone, so it is made this slowly.",
        "Look at the model: a smaller one, another provider, a shorter prompt. If the model's own \
         stream is faster, the server does slow work for each event, such as a write to a database.",
    );
    Some(slow.at(texts.first().map(|text| text.frame)))
}

fn one_big_delta(recording: &Recording) -> Option<Finding> {
    let texts = texts(recording);
    let streamed: usize = texts.iter().map(|text| text.characters).sum();
    let whole = || {
        let done = events(recording).filter(|event| event.json["type"] == "thread.item.done");
        done.map(|event| characters(event.json)).sum()
    };
    let (written, pieces) = if texts.is_empty() { (whole(), 1) } else { (streamed, texts.len()) };
    if written < LONG_TEXT || written / pieces < BIG_DELTA {
        return None;
    }
    let first = first_text(recording)?;
    let how = if texts.is_empty() {
        "in one `thread.item.done`, without deltas".to_owned()
    } else {
        format!("in {}", count(pieces, "delta"))
    };
    let whole = Finding::warning(
        "one-big-delta",
        format!("{} {how}, after {}", count(written, "character"), time(first)),
        "Users wait for the whole text, or for whole paragraphs of it, instead of reading along.",
        "Stream the model's answer (`stream: true`, `Runner.run_streamed`) and pass each of its \
         deltas on as a text delta.",
    );
    let severity = if first > AT_ONCE { Severity::Warning } else { Severity::Note };
    Some(Finding { severity, ..whole.at(texts.first().map(|text| text.frame)) })
}
