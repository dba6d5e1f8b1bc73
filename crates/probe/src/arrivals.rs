//! What of a recording came when: the events, those with text, and what came together.

use std::{ops::Range, time::Duration};

use serde_json::Value;

use crate::{Frame, FrameKind, Recording};

/// Reads that follow each other within this time are one arrival: a piece of a stream that was
/// sent at once may take several reads, and no token of a model takes so little.
const TOGETHER: Duration = Duration::from_millis(2);

/// An event of the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    /// When its last byte was there.
    pub(crate) at: Duration,
    /// The number of its frame.
    pub(crate) frame: usize,
    pub(crate) json: &'a Value,
}

/// An event that adds to a text while the user watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) at: Duration,
    pub(crate) frame: usize,
    pub(crate) characters: usize,
}

/// What came at once: the user sees it as one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// When its first read was there.
    pub(crate) at: Duration,
    /// When its last read was there.
    pub(crate) until: Duration,
    /// How many bytes it brought, as they came.
    pub(crate) bytes: usize,
    /// The frames that ended in it.
    pub(crate) frames: Range<usize>,
    /// How many of them are events.
    pub(crate) events: usize,
    /// How many of them add to a text.
    pub(crate) texts: usize,
}

/// The events of a recording: what is JSON and no comment.
pub(crate) fn events(recording: &Recording) -> impl DoubleEndedIterator<Item = Event<'_>> + Clone {
    recording.frames.iter().enumerate().filter_map(|(frame, seen)| match &seen.kind {
        FrameKind::Event(json) => Some(Event { at: seen.at, frame, json }),
        FrameKind::Comment(_) | FrameKind::NotJson(_) => None,
    })
}

/// How many frames hold nothing but comments.
pub(crate) fn heartbeats(recording: &Recording) -> usize {
    let is_comment = |frame: &&Frame| matches!(frame.kind, FrameKind::Comment(_));
    recording.frames.iter().filter(is_comment).count()
}

/// The events that add to a text.
pub(crate) fn texts(recording: &Recording) -> Vec<Text> {
    events(recording)
        .filter_map(|event| {
            let characters = delta(event.json)?.chars().count();
            (characters > 0).then_some(Text { at: event.at, frame: event.frame, characters })
        })
        .collect()
}

/// When the first text of an answer was there, in a delta or in a message that came whole.
pub(crate) fn first_text(recording: &Recording) -> Option<Duration> {
    events(recording).find(|event| characters(event.json) > 0).map(|event| event.at)
}

/// How many characters of an answer an event brings, in a delta or in a message that is whole.
pub(crate) fn characters(event: &Value) -> usize {
    if let Some(delta) = delta(event) {
        return delta.chars().count();
    }
    let item = &event["item"];
    if item["type"] != "assistant_message" {
        return 0;
    }
    let parts = item["content"].as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).map(|text| text.chars().count()).sum()
}

fn delta(event: &Value) -> Option<&str> {
    let update = &event["update"];
    match update["type"].as_str()? {
        "assistant_message.content_part.text_delta" | "widget.streaming_text.value_delta" => {
            update["delta"].as_str()
        }
        _ => None,
    }
}

/// The arrivals of a recording, in order.
pub(crate) fn arrivals(recording: &Recording) -> Vec<Arrival> {
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut frames = recording.frames.iter().enumerate().peekable();
    for (number, read) in recording.reads.iter().enumerate() {
        let first = frames.peek().map_or(recording.frames.len(), |(frame, _)| *frame);
        let mut arrival = Arrival {
            at: read.at,
            until: read.at,
            bytes: read.bytes,
            frames: first..first,
            events: 0,
            texts: 0,
        };
        while let Some((frame, seen)) = frames.next_if(|(_, seen)| seen.read <= number) {
            arrival.frames.end = frame + 1;
            arrival.events += usize::from(is_event(seen));
            arrival.texts += usize::from(is_text(seen));
        }
        match arrivals.last_mut() {
            Some(last) if read.at.saturating_sub(last.until) <= TOGETHER => {
                last.until = read.at;
                last.bytes += arrival.bytes;
                last.frames.end = arrival.frames.end;
                last.events += arrival.events;
                last.texts += arrival.texts;
            }
            _ => arrivals.push(arrival),
        }
    }
    arrivals
}

fn is_event(frame: &Frame) -> bool {
    matches!(frame.kind, FrameKind::Event(_))
}

fn is_text(frame: &Frame) -> bool {
    match &frame.kind {
        FrameKind::Event(event) => delta(event).is_some_and(|delta| !delta.is_empty()),
        FrameKind::Comment(_) | FrameKind::NotJson(_) => false,
    }
}
