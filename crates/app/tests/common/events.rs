//! Server-sent events as they arrive.

use std::{io, time::Instant};

use serde_json::Value;

use super::{Connection, Head, LONG};

/// A stream that is being read.
#[derive(Debug)]
pub(crate) struct Events {
    connection: Connection,
    head: Head,
    /// What has arrived of the next frames.
    text: Vec<u8>,
    /// The run, and the number of the last frame.
    last_id: Option<(String, u64)>,
}

/// What stands between two blank lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    /// `id: …` and `data: …`
    Event(Value),
    /// `: …`
    Comment(String),
}

impl Events {
    pub(super) fn new(connection: Connection, head: Head) -> Self {
        Self { connection, head, text: Vec::new(), last_id: None }
    }

    /// The id of the last event, to go on after.
    pub(crate) fn last_id(&self) -> Option<String> {
        self.last_id.as_ref().map(|(run, number)| format!("{run}.{number}"))
    }

    /// Ids name one run and count upwards.
    fn check_id(&mut self, id: &str) {
        let (run, number) = id.split_once('.').unwrap_or_else(|| panic!("no id: {id}"));
        let number: u64 = number.parse().unwrap_or_else(|_| panic!("no id: {id}"));
        if let Some((last_run, last)) = &self.last_id {
            assert_eq!(last_run, run, "one stream is one run");
            assert!(number > *last, "{number} after {last}");
        }
        self.last_id = Some((run.to_owned(), number));
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The next event. `None` at the end of the stream, which must be a proper one.
    pub(crate) fn next(&mut self) -> Option<Value> {
        self.try_next().expect("the stream goes on or ends properly")
    }

    pub(crate) fn try_next(&mut self) -> io::Result<Option<Value>> {
        let deadline = Instant::now() + LONG;
        loop {
            match self.try_next_frame()? {
                Some(Frame::Event(event)) => return Ok(Some(event)),
                Some(Frame::Comment(_)) => {
                    assert!(Instant::now() < deadline, "nothing but heartbeats: {self:?}");
                }
                None => return Ok(None),
            }
        }
    }

    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        self.try_next_frame().expect("the stream goes on or ends properly")
    }

    pub(crate) fn try_next_frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(end) = self.text.windows(2).position(|window| window == b"\n\n") {
                let frame: Vec<u8> = self.text.drain(..end + 2).collect();
                let (id, frame) = Frame::parse(&frame[..end]);
                if let Some(id) = id {
                    self.check_id(&id);
                }
                return Ok(Some(frame));
            }
            match self.connection.try_read_some()? {
                Some(piece) => self.text.extend_from_slice(&piece),
                None => {
                    assert!(self.text.is_empty(), "the stream ends inside a frame: {self:?}");
                    return Ok(None);
                }
            }
        }
    }

    /// All events that are still to come.
    pub(crate) fn rest(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next() {
            events.push(event);
        }
        events
    }

    /// Reads on to the first event of a kind, and returns all events up to it.
    pub(crate) fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let Some(event) = self.next() else {
                panic!("the stream ended before `{kind}`: {events:?}");
            };
            let found = event["type"] == kind;
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// Reads on until some text of an assistant was shown, and returns the events up to then.
    pub(crate) fn until_text(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while shown_text(&events).is_empty() {
            events.push(self.next().expect("some text comes"));
        }
        events
    }

    /// Reads all that is to come, and returns the connection for the next request.
    pub(crate) fn skip_to_end(mut self) -> Connection {
        while self.next().is_some() {}
        self.connection
    }
}

impl Frame {
    /// A frame, without the blank line behind it, and its id.
    pub(crate) fn parse(frame: &[u8]) -> (Option<String>, Self) {
        let text = String::from_utf8(frame.to_vec()).expect("events are UTF-8");
        if let Some(comment) = text.strip_prefix(':') {
            return (None, Self::Comment(comment.trim().to_owned()));
        }
        let fields = text.strip_prefix("id: ").and_then(|text| text.split_once("\ndata: "));
        let (id, data) = fields.unwrap_or_else(|| panic!("no frame: {text:?}"));
        assert!(!data.contains('\n'), "data on several lines: {data:?}");
        let event = serde_json::from_str(data);
        let event = event.unwrap_or_else(|error| panic!("{error}: {data}"));
        (Some(id.to_owned()), Self::Event(event))
    }
}

/// The text that deltas have added up to.
pub(crate) fn shown_text(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["update"]["delta"].as_str()).collect()
}
