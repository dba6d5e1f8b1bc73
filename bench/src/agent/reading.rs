//! A reply of stamps: asked for, read, checked and timed.

use hdrhistogram::Histogram;

use super::{
    stamp::{Clock, STAMP_BYTES, Stamps},
    wire::Api,
};
use crate::{
    check::{Wrong, shown},
    connection::Connection,
    events::Events,
    exchange::{Failure, begin},
    stats::record,
    turn::{Said, TurnReader},
};

/// Who is asked, and so what the events mean.
#[derive(Debug)]
pub(crate) enum Speaks {
    /// The provider itself.
    Provider(Api),
    ChatKit(Box<TurnReader>),
}

/// A reply that is being read.
struct Reply<'a> {
    speaks: &'a Speaks,
    stamps: Stamps,
    texts: u64,
    is_done: bool,
    wrong: Option<Wrong>,
}

/// Asks for a reply of `deltas` stamps, reads it to its end and adds the nanoseconds from each
/// stamp to the read that brought it to `latencies`. Returns how many events the text came in.
pub(crate) async fn read(
    connection: &mut Connection,
    request: &[u8],
    speaks: &Speaks,
    deltas: u32,
    clock: Clock,
    latencies: &mut Histogram<u64>,
) -> Result<u64, Failure> {
    begin(connection, request).await?;
    let mut reply =
        Reply { speaks, stamps: Stamps::default(), texts: 0, is_done: false, wrong: None };
    let mut events = Events::default();
    let mut times = Vec::new();
    let mut goes_on = true;
    while goes_on {
        goes_on = connection
            .body(|data| events.feed(data, |event| reply.event(event, &mut times)))
            .await?;
        let arrived = clock.at(connection.read_at);
        for time in times.drain(..) {
            record(latencies, arrived.saturating_sub(time));
        }
    }
    if !events.is_complete() {
        return Err(Failure::Cut);
    }
    reply.end(deltas)?;
    Ok(reply.texts)
}

impl Reply<'_> {
    fn event(&mut self, event: &[u8], times: &mut Vec<u64>) {
        match self.speaks {
            Speaks::Provider(api) => {
                if let Some(text) = api.text_of(event) {
                    self.text(text, times);
                }
                self.is_done |= api.is_last(event);
            }
            Speaks::ChatKit(reader) => match reader.read(event) {
                Some(Said::Text(text)) => self.text(&text, times),
                Some(Said::Message(texts)) => {
                    self.is_done = texts.concat().as_bytes() == self.stamps.text;
                }
                Some(Said::Error) => self.is_wrong(Wrong::Error(shown(event))),
                Some(Said::Other) => {}
                None => self.is_wrong(Wrong::Event(shown(event))),
            },
        }
    }

    fn text(&mut self, text: &[u8], times: &mut Vec<u64>) {
        self.texts += 1;
        self.is_done = false;
        let at = self.stamps.text.len();
        if !self.stamps.feed(text, |time| times.push(time)) {
            self.is_wrong(Wrong::Text(at));
        }
    }

    fn is_wrong(&mut self, wrong: Wrong) {
        self.wrong.get_or_insert(wrong);
    }

    /// The verdict when the stream has ended.
    fn end(&self, deltas: u32) -> Result<(), Wrong> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let (found, expected) = (self.stamps.text.len(), deltas as usize * STAMP_BYTES);
        if found < expected {
            return Err(Wrong::Short { found, expected });
        }
        if found > expected {
            return Err(Wrong::Text(expected));
        }
        if self.is_done { Ok(()) } else { Err(Wrong::Last) }
    }
}
