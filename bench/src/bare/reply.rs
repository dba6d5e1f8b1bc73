//! The bytes of a reply, as our server sends them.

use bytes::Bytes;
use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Response, Turn};
use futures_util::StreamExt as _;

use crate::{BenchError, script::create_thread_body};

/// Stands where the text of a delta, or the whole text, belongs.
const PLACE: &str = "~text~";

/// The frames of a reply with one delta, to be made one with many.
#[derive(Debug)]
pub(super) struct Template {
    /// What every frame begins with, up to its number.
    id: Vec<u8>,
    /// The frames before the first delta, whole.
    opening: Vec<Vec<u8>>,
    /// The data of a delta's frame before and behind its text.
    delta: Hole,
    /// The frames behind the last delta, before and behind the whole text.
    closing: Vec<Hole>,
}

#[derive(Debug)]
struct Hole {
    before: Vec<u8>,
    behind: Vec<u8>,
}

/// Says the one delta.
struct Recorded;

impl ChatKitServer for Recorded {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text(PLACE).await?;
            reply.done().await
        })
    }
}

impl Template {
    /// Takes the frames from our server, as the answer to `message`.
    pub(super) async fn record(message: &str) -> Result<Self, BenchError> {
        let chatkit = ChatKit::new(Recorded, MemoryStore::new());
        let request = create_thread_body(message).to_string();
        let Response::Stream(stream) = chatkit.process(request.as_bytes(), ()).await else {
            return Err(BenchError::Recording);
        };
        let recorded: Vec<Bytes> = stream.collect().await;
        Self::of(&recorded.concat()).ok_or(BenchError::Recording)
    }

    fn of(recorded: &[u8]) -> Option<Self> {
        let frames: Vec<&[u8]> = Frames(recorded).collect();
        let is_delta = |frame: &&[u8]| holds(frame, "text_delta") && holds(frame, PLACE);
        let at = frames.iter().position(is_delta)?;
        let (opening, rest) = frames.split_at(at);
        let (delta, closing) = rest.split_first()?;
        Some(Self {
            id: delta.get(..memchr::memchr(b'.', delta)? + 1)?.to_vec(),
            opening: opening.iter().map(|frame| frame.to_vec()).collect(),
            delta: Hole::of(data_of(delta)?),
            closing: closing
                .iter()
                .map(|frame| data_of(frame).map(Hole::of))
                .collect::<Option<_>>()?,
        })
    }

    /// Every frame of a reply, side by side in memory.
    pub(super) fn frames(&self, deltas: u32, delta: &str) -> Vec<Bytes> {
        let delta = in_json(delta);
        let mut whole = Vec::new();
        let mut ends = Vec::new();
        for place in (0..).map_while(|at| self.place(at, deltas)) {
            self.write(place, &delta, deltas, &mut whole);
            ends.push(whole.len());
        }
        let whole = Bytes::from(whole);
        let mut start = 0;
        ends.into_iter()
            .map(|end| {
                let frame = whole.slice(start..end);
                start = end;
                frame
            })
            .collect()
    }

    /// The n-th frame of a reply of so many deltas; none behind the last.
    pub(super) fn place(&self, at: usize, deltas: u32) -> Option<Place> {
        let (opening, deltas) = (self.opening.len(), deltas as usize);
        let part = match at.checked_sub(opening) {
            None => Part::Opening(at),
            Some(at) => match at.checked_sub(deltas) {
                None => Part::Delta,
                Some(at) if at < self.closing.len() => Part::Closing(at),
                Some(_) => return None,
            },
        };
        Some(Place { part, number: at + 1 })
    }

    /// Writes a frame. `text`: of one delta, as it stands in JSON; at the end the whole text is so
    /// many times that.
    pub(super) fn write(&self, place: Place, text: &[u8], times: u32, out: &mut Vec<u8>) {
        let (hole, times) = match place.part {
            Part::Opening(at) => {
                out.extend_from_slice(self.opening.get(at).map_or(&[], Vec::as_slice));
                return;
            }
            Part::Delta => (Some(&self.delta), 1),
            Part::Closing(at) => (self.closing.get(at), times),
        };
        let Some(hole) = hole else { return };
        out.extend_from_slice(&self.id);
        out.extend_from_slice(place.number.to_string().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(&hole.before);
        (0..times).for_each(|_| out.extend_from_slice(text));
        out.extend_from_slice(&hole.behind);
    }
}

/// A frame among those of a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) part: Part,
    /// From 1.
    number: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Opening(usize),
    Delta,
    Closing(usize),
}

impl Hole {
    fn of(data: &[u8]) -> Self {
        let at = memchr::memmem::find(data, PLACE.as_bytes());
        let (before, behind) = data.split_at(at.unwrap_or(data.len()));
        let behind = behind.get(PLACE.len()..).unwrap_or_default();
        Self { before: before.to_vec(), behind: behind.to_vec() }
    }
}

/// The frames of a stream, each with its empty line.
struct Frames<'a>(&'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memmem::find(self.0, b"\n\n")? + 2;
        let (frame, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(frame)
    }
}

fn holds(frame: &[u8], text: &str) -> bool {
    memchr::memmem::find(frame, text.as_bytes()).is_some()
}

/// A frame behind `data: `.
fn data_of(frame: &[u8]) -> Option<&[u8]> {
    let name = b"\ndata: ";
    frame.get(memchr::memmem::find(frame, name)? + name.len()..)
}

/// A text as it stands in a JSON string.
fn in_json(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{Expected, Reply},
        events::Events,
    };

    fn template() -> Template {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Template::record("say it")).unwrap()
    }

    #[test]
    fn a_reply_of_any_length_is_right() {
        let template = template();
        for (deltas, delta) in [(1, " token"), (200, " token"), (3, "\"\n")] {
            let frames = template.frames(deltas, delta);
            let expected = Expected::new(deltas, delta);
            let mut reply = Reply::new(&expected);
            let mut events = Events::default();
            for frame in &frames {
                assert!(frame.ends_with(b"\n\n"), "{frame:?}");
                events.feed(frame, |event| reply.event(event));
            }
            assert_eq!(reply.end(), Ok(()));
            assert_eq!(reply.text_deltas, u64::from(deltas));
            assert_eq!(reply.events, frames.len() as u64);
        }
    }

    #[test]
    fn frames_are_numbered() {
        let frames = template().frames(12, "x");
        for (at, frame) in frames.iter().enumerate() {
            let frame = String::from_utf8_lossy(frame);
            let id = frame.lines().next().unwrap();
            assert!(id.starts_with("id: ") && id.ends_with(&format!(".{}", at + 1)), "{id}");
        }
    }
}
