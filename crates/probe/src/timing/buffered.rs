//! Somebody on the way keeps the whole reply until it is complete.

use std::time::Duration;

use super::{clock::held_back, script::known_span};
use crate::{
    Finding, Recording, Severity,
    arrivals::{Event, events, texts},
    words::{count, time},
};

/// With fewer text events nothing can be said about how they came.
const MIN_TEXTS: usize = 5;
/// A silence before the burst that a user notices, and that no usual server makes before it has
/// so much as echoed the message.
const SILENCE: Duration = Duration::from_millis(400);
/// The burst must be short against the silence: this part of it at most. A stream that was kept
/// comes as fast as the network goes.
const BURST: u32 = 8;
/// A proof must be about as much time as a user notices.
const PROOF: Duration = Duration::from_millis(250);

pub(super) fn check(recording: &Recording) -> Option<Finding> {
    let texts = texts(recording);
    let events: Vec<Event<'_>> = events(recording).collect();
    let (first, last) = (texts.first()?, events.last()?);
    if texts.len() < MIN_TEXTS {
        return None;
    }
    // The longest silence up to the first text, and how many events came before it.
    let mut before = Duration::ZERO;
    let (mut silence, mut begin, mut early) = (Duration::ZERO, Duration::ZERO, 0);
    for (number, event) in events.iter().take_while(|event| event.frame <= first.frame).enumerate()
    {
        let gap = event.at.saturating_sub(before);
        if gap > silence {
            (silence, begin, early) = (gap, event.at, number);
        }
        before = event.at;
    }
    let burst = last.at.saturating_sub(begin);
    if silence < SILENCE || burst > silence / BURST {
        return None;
    }
    let proof = proof(recording, burst);
    if early > 0 && proof.is_none() {
        // The server answered at once, then thought, then knew the whole text.
        return None;
    }
    let all = if early == 0 { "all of the " } else { "" };
    let seen = format!(
        "{} of silence, then {all}{} within {}{}",
        time(silence),
        count(events.len() - early, "event"),
        time(burst),
        proof.as_deref().unwrap_or_default(),
    );
    let why = if proof.is_some() {
        "Users see nothing while the answer is written, then all of it at once: it does not stream."
    } else {
        "Users see nothing for a while, not even that the message has arrived, then all at once. \
         Either something keeps the stream until it is complete, or the server starts late and then \
         has its answer ready."
    };
    let buffered = Finding::error(
        "buffered-whole",
        seen,
        why,
        "Probe the server itself, without the proxies before it: if it streams there, switch \
         buffering off in the proxy (nginx: `proxy_buffering off`, or the header \
         `X-Accel-Buffering: no`), and compression for `text/event-stream`. If it does not, return \
         a streaming response, and yield each event when it is made instead of collecting them.",
    );
    let severity = if proof.is_some() { Severity::Error } else { Severity::Warning };
    Some(Finding { severity, ..buffered.at(Some(first.frame)) })
}

/// What shows that the events were made one after another, though they came together.
fn proof(recording: &Recording, burst: Duration) -> Option<String> {
    let span = known_span(recording).filter(|span| *span >= burst * 2 + PROOF);
    if let Some(span) = span {
        return Some(format!("; the script that was asked for takes {} to play", time(span)));
    }
    if let Some(held) = held_back(recording).filter(|held| held.made >= held.arrived + PROOF) {
        return Some(format!(
            "; {} says that the server made them over {}",
            held.by,
            time(held.made)
        ));
    }
    let length = recording.head.as_ref()?.header("content-length")?;
    Some(format!("; the head says `content-length: {length}`, which is known only at the end"))
}
