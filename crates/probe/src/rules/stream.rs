//! A stream as the rules look at it.

use std::collections::HashSet;

use chatkit_protocol::Op;
use serde_json::Value;

use super::{
    event::{Event, What, text},
    fault::{Fault, Findings},
    shape,
    sightings::{self, Sighting},
    text::quoted,
};
use crate::{End, FrameKind, Recording};

/// The events of a stream, and what all rules must know of it.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) recording: &'a Recording,
    /// What was asked for; none if the name is not one of the protocol's.
    pub(super) op: Option<Op>,
    /// The parameters of the request.
    pub(super) params: &'a Value,
    pub(super) events: Vec<Event<'a>>,
    /// The threads and items in the events.
    pub(super) sightings: Vec<Sighting<'a>>,
    /// Whether the response ended as it should: only then can something be missing.
    pub(super) complete: bool,
    /// Whether the server reported an error: what is missing then has its reason.
    pub(super) failed: bool,
    /// Whether an event could not be read at all, so that nothing can be said of what is missing
    /// and what does not add up.
    pub(super) blind: bool,
    /// Items with an event that could not be read.
    tainted: HashSet<&'a str>,
}

impl<'a> Stream<'a> {
    /// Reads the frames, and says which of them are no events as the protocol knows them.
    pub(super) fn read(recording: &'a Recording, found: &mut Findings) -> Self {
        let request = &recording.request;
        let mut stream = Self {
            recording,
            op: Op::from_name(text(request, "type")),
            params: request.get("params").unwrap_or(&Value::Null),
            events: Vec::new(),
            sightings: Vec::new(),
            complete: matches!(recording.end, End::Complete(_)),
            failed: false,
            blind: false,
            tainted: HashSet::new(),
        };
        for (at, frame) in recording.frames.iter().enumerate() {
            match &frame.kind {
                FrameKind::Comment(_) => {}
                FrameKind::Event(value) => stream.push(at, value, found),
                FrameKind::NotJson(data) if data.trim() == "[DONE]" => {
                    found.add(&DONE_MARKER, Some(at), || "data: [DONE]".to_owned());
                }
                FrameKind::NotJson(data) => {
                    stream.blind = true;
                    found.add(&NOT_JSON, Some(at), || format!("data: {}", quoted(data)));
                }
            }
        }
        stream
    }

    /// Whether everything in the stream has its beginning in it.
    pub(super) fn begins_a_thread(&self) -> bool {
        self.op == Some(Op::ThreadsCreate)
    }

    /// Whether something that is not there is missing.
    pub(super) fn may_miss(&self) -> bool {
        self.complete && !self.failed && !self.blind && !self.events.is_empty()
    }

    /// Whether an event of the item could not be read.
    pub(super) fn is_tainted(&self, id: &str) -> bool {
        self.tainted.contains(id)
    }

    /// The thread that the stream is about: the one asked for, or the one made.
    pub(super) fn thread_id(&self) -> Option<&'a str> {
        let asked = self.params.get("thread_id").and_then(Value::as_str);
        asked.or_else(|| {
            let mut threads = self.events.iter().filter_map(|event| event.value.get("thread"));
            threads.find_map(|thread| thread.get("id")?.as_str())
        })
    }

    fn push(&mut self, frame: usize, value: &'a Value, found: &mut Findings) {
        let event = Event::read(frame, value, shape::check_event(frame, value, found).is_ok());
        self.failed |= event.kind == "error";
        if matches!(event.what, What::Broken) {
            match event.item_id() {
                Some(id) if !event.kind.is_empty() => {
                    self.tainted.insert(id);
                }
                _ => self.blind |= event.kind.is_empty() || event.is_about_an_item(),
            }
        }
        sightings::in_event(frame, value, &mut self.sightings);
        self.events.push(event);
    }
}

const NOT_JSON: Fault = Fault::error(
    "not-json",
    "The client skips an event whose data is not JSON, so what it says never reaches the user.",
    "Write each event as one JSON object behind `data: `, with line breaks inside texts escaped.",
);

const DONE_MARKER: Fault = Fault::note(
    "done-marker",
    "ChatKit streams have no end marker: the client skips it as broken JSON.",
    "Leave the marker out; the end of the response is the end of the stream.",
);
