//! One exchange as it was seen from the client's side.

use std::time::Duration;

use serde_json::Value;

/// All that was seen of one exchange. Times count from the moment at which the request was sent:
/// if a connection had to be made for it, from when that was there.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The request's body.
    pub request: Value,
    /// How long the connection took, with its TLS, if one was made for the request.
    pub connect: Option<Duration>,
    /// The head of the response; none if there was no response.
    pub head: Option<Head>,
    /// The reads that brought bytes of the body, in order.
    pub reads: Vec<Read>,
    /// The frames of the event stream, in order.
    pub frames: Vec<Frame>,
    /// The body, if it was no event stream, as far as it was read.
    pub text: Option<String>,
    /// How it ended.
    pub end: End,
}

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// When it was there.
    pub at: Duration,
    /// The status.
    pub status: u16,
    /// The version of HTTP: `HTTP/1.1`, `HTTP/2.0`.
    pub version: String,
    /// The headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// All values of a header that holds a list, as one list.
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.values(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether the body is called an event stream.
    pub(crate) fn is_event_stream(&self) -> bool {
        let media_type = self.header("content-type").and_then(|value| value.split(';').next());
        media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("text/event-stream"))
    }

    /// How the body is compressed, if it is.
    pub(crate) fn compression(&self) -> Option<&str> {
        let encoding = self.header("content-encoding")?.trim();
        (!encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity")).then_some(encoding)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// A read that brought bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// When.
    pub at: Duration,
    /// How many bytes, as they came, compressed ones if they were.
    pub bytes: usize,
}

/// A frame of an event stream: what stands between two empty lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// When its last byte was there.
    pub at: Duration,
    /// The read that brought its last byte.
    pub read: usize,
    /// Its `id` field.
    pub id: Option<String>,
    /// Its `event` field.
    pub name: Option<String>,
    /// What is in it.
    pub kind: FrameKind,
}

/// What is in a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameKind {
    /// Nothing but comments: a heartbeat. Without the colon.
    Comment(String),
    /// An event whose data is JSON.
    Event(Value),
    /// An event whose data is not JSON.
    NotJson(String),
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The response ended as HTTP says it does.
    Complete(Duration),
    /// The stream ended within a frame, though the response is complete.
    CutFrame(Duration),
    /// There was no connection.
    NotConnected(Duration, String),
    /// The connection broke.
    Broken(Duration, String),
    /// What came cannot be decompressed.
    Undecodable(Duration, String),
    /// The probe left, since so much came that it would not keep more.
    TooLarge(Duration),
    /// Nothing came for as long as the probe waits.
    TimedOut(Duration),
    /// The probe left, as it was told to.
    Left(Duration),
}

impl End {
    /// When.
    pub fn at(&self) -> Duration {
        match self {
            Self::Complete(at)
            | Self::CutFrame(at)
            | Self::NotConnected(at, _)
            | Self::Broken(at, _)
            | Self::Undecodable(at, _)
            | Self::TooLarge(at)
            | Self::TimedOut(at)
            | Self::Left(at) => *at,
        }
    }
}
