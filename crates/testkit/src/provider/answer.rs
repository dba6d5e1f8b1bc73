//! What a fake provider answers, and in which pieces.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    content: Content,
    named: bool,
    crlf: bool,
    chunking: Chunking,
    end: End,
    gate: Option<Arc<Semaphore>>,
}

#[derive(Debug, Clone)]
enum Content {
    Events(Vec<String>),
    Raw(Vec<u8>),
}

/// In which pieces an answer is sent. Each is a chunk of its own on the wire, and reaches a client
/// as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chunking {
    /// So many events at once; one by default.
    Events(usize),
    /// So many bytes at once.
    Bytes(usize),
    /// Two pieces, cut at this byte.
    SplitAt(usize),
}

/// Lets the events of an answer go, one by one.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// Lets so many more pieces go.
    pub fn open(&self, pieces: usize) {
        self.0.add_permits(pieces);
    }
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Complete,
    /// The connection is closed after so many events.
    Cut(usize),
    /// Nothing comes after so many events.
    Stall(usize),
}

/// A step of sending an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Send(Vec<u8>),
    Stall,
    Cut,
}

impl Answer {
    fn new(status: u16, content: Content) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content,
            named: false,
            crlf: false,
            chunking: Chunking::Events(1),
            end: End::Complete,
            gate: None,
        }
    }

    /// A stream of these events, without `event:` lines.
    pub fn events(events: impl IntoIterator<Item = Value>) -> Self {
        let events = events.into_iter().map(|event| event.to_string()).collect();
        Self::new(200, Content::Events(events)).header("content-type", "text/event-stream")
    }

    /// A stream with an event for each line that is not empty, be it JSON or not.
    pub fn lines(lines: &str) -> Self {
        let events = lines.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
        Self::new(200, Content::Events(events.collect()))
            .header("content-type", "text/event-stream")
    }

    /// A status, without a body.
    pub fn status(status: u16) -> Self {
        Self::new(status, Content::Raw(Vec::new()))
    }

    /// A body as it is, instead of events.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.content = Content::Raw(body.into());
        self
    }

    /// A body of JSON, instead of events.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// A header, instead of one of the same name.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        let mut answer = self.without_header(name);
        answer.headers.push((name.to_owned(), value.to_owned()));
        answer
    }

    /// Leaves a header out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// Adds the `[DONE]` with which streams of Chat Completions end.
    #[must_use]
    pub fn with_done_marker(mut self) -> Self {
        if let Content::Events(events) = &mut self.content {
            events.push("[DONE]".to_owned());
        }
        self
    }

    /// Adds an `event:` line with the type of each event that has one.
    #[must_use]
    pub fn named(mut self) -> Self {
        self.named = true;
        self
    }

    /// Ends lines with a carriage return and a line feed.
    #[must_use]
    pub fn crlf(mut self) -> Self {
        self.crlf = true;
        self
    }

    /// Sends it in these pieces.
    #[must_use]
    pub fn chunking(mut self, chunking: Chunking) -> Self {
        self.chunking = chunking;
        self
    }

    /// Closes the connection after so many events.
    #[must_use]
    pub fn cut_after(mut self, events: usize) -> Self {
        self.end = End::Cut(events);
        self
    }

    /// Sends so many events and then nothing more, until the client closes the connection. With
    /// `usize::MAX` only the end of the body is missing.
    #[must_use]
    pub fn stall_after(mut self, events: usize) -> Self {
        self.end = End::Stall(events);
        self
    }

    /// Lets each piece go only when the gate is opened for it.
    #[must_use]
    pub fn gated(mut self) -> (Self, Gate) {
        let gate = Arc::new(Semaphore::new(0));
        self.gate = Some(Arc::clone(&gate));
        (self, Gate(gate))
    }

    /// The number of bytes of the body, for [`Chunking::SplitAt`].
    pub fn size(&self) -> usize {
        self.units().iter().map(Vec::len).sum()
    }

    /// The head of the response.
    pub(super) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        head
    }

    /// What is to be done after the head.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut units = self.units();
        let last = match self.end {
            End::Complete => None,
            End::Cut(events) => {
                units.truncate(events);
                Some(Step::Cut)
            }
            End::Stall(events) => {
                units.truncate(events);
                Some(Step::Stall)
            }
        };
        let pieces: Vec<Vec<u8>> = match self.chunking {
            Chunking::Events(count) => units.chunks(count.max(1)).map(<[_]>::concat).collect(),
            Chunking::Bytes(count) => {
                units.concat().chunks(count.max(1)).map(<[_]>::to_vec).collect()
            }
            Chunking::SplitAt(at) => {
                let mut start = units.concat();
                let end = start.split_off(at.min(start.len()));
                vec![start, end]
            }
        };
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        pieces.map(Step::Send).chain(last).collect()
    }

    /// Waits until the next piece may go.
    pub(super) async fn pass_gate(&self) {
        if let Some(gate) = &self.gate
            && let Ok(permit) = gate.acquire().await
        {
            permit.forget();
        }
    }

    /// The body, event by event.
    fn units(&self) -> Vec<Vec<u8>> {
        let end = if self.crlf { "\r\n" } else { "\n" };
        match &self.content {
            Content::Raw(body) => vec![body.clone()],
            Content::Events(events) => events
                .iter()
                .map(|event| {
                    let name = if self.named { type_of(event) } else { None };
                    let name = name.map(|name| format!("event: {name}{end}")).unwrap_or_default();
                    format!("{name}data: {event}{end}{end}").into_bytes()
                })
                .collect(),
        }
    }
}

fn type_of(event: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    event.get("type")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Chunking, Step};

    fn sent(answer: &Answer) -> Vec<String> {
        let text = |step| match step {
            Step::Send(bytes) => String::from_utf8(bytes).unwrap(),
            other => format!("{other:?}"),
        };
        answer.steps().into_iter().map(text).collect()
    }

    #[test]
    fn events_in_pieces() {
        let answer = Answer::events([json!({"type": "a"}), json!(2)]);
        assert_eq!(sent(&answer), ["data: {\"type\":\"a\"}\n\n", "data: 2\n\n"]);
        assert_eq!(sent(&answer.clone().chunking(Chunking::Events(2))).len(), 1);
        assert_eq!(sent(&answer.clone().chunking(Chunking::Bytes(1))).len(), answer.size());
        let split = answer.clone().chunking(Chunking::SplitAt(3));
        assert_eq!(sent(&split), ["dat", "a: {\"type\":\"a\"}\n\ndata: 2\n\n"]);
        assert_eq!(sent(&answer.clone().cut_after(1)), ["data: {\"type\":\"a\"}\n\n", "Cut"]);
        assert_eq!(sent(&answer.clone().stall_after(9)).last().unwrap(), "Stall");
        assert_eq!(
            sent(&answer.named().crlf().with_done_marker()),
            [
                "event: a\r\ndata: {\"type\":\"a\"}\r\n\r\n",
                "data: 2\r\n\r\n",
                "data: [DONE]\r\n\r\n"
            ]
        );
    }
}
