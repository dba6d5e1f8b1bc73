//! A reply of stamps: asked for, read, checked and timed.

use hdrhistogram::Histogram;

use super::wire::Api;
use crate::{
    check::{Wrong, shown},
    connection::Connection,
    events::Events,
    exchange::{Failure, begin},
    stamp::{Clock, STAMP_BYTES, Stamps},
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
    let mut reply = Reply::new(speaks);
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

impl<'a> Reply<'a> {
    fn new(speaks: &'a Speaks) -> Self {
        Self { speaks, stamps: Stamps::default(), texts: 0, is_done: false, wrong: None }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        stamp::written,
        turn::tests::{delta, done},
    };

    /// The stamps from 1 on, as a text.
    fn text(stamps: std::ops::RangeInclusive<u64>) -> String {
        stamps.flat_map(written).map(char::from).collect()
    }

    /// The times and the number of texts of a reply that should have three stamps.
    fn verdict(events: &[String]) -> Result<(Vec<u64>, u64), Wrong> {
        let speaks = Speaks::ChatKit(Box::new(TurnReader::new()));
        let mut reply = Reply::new(&speaks);
        let mut times = Vec::new();
        for event in events {
            reply.event(event.as_bytes(), &mut times);
        }
        reply.end(3).map(|()| (times, reply.texts))
    }

    #[test]
    fn a_reply_is_whole_however_its_deltas_are_merged() {
        let title = r#"{"type":"thread.updated"}"#.to_owned();
        for cuts in [vec![1..=1, 2..=2, 3..=3], vec![1..=1, 2..=3], vec![1..=3]] {
            let mut events: Vec<_> = cuts.iter().map(|cut| delta(&text(cut.clone()))).collect();
            events.extend([done(&text(1..=3)), title.clone()]);
            let expected = (vec![1, 2, 3], cuts.len() as u64);
            assert_eq!(verdict(&events), Ok(expected), "{events:?}");
        }
    }

    #[test]
    fn a_reply_that_is_not_whole_is_wrong() {
        let [one, two, three] = [1..=1, 2..=2, 3..=3].map(|stamp| delta(&text(stamp)));
        let whole = done(&text(1..=3));
        let short = Wrong::Short { found: 2 * STAMP_BYTES, expected: 3 * STAMP_BYTES };
        let error = r#"{"type":"error"}"#.to_owned();
        for (events, wrong) in [
            (vec![one.clone(), three.clone(), done(&text(1..=3))], short),
            (vec![one.clone(), three.clone(), two.clone()], Wrong::Text(2 * STAMP_BYTES)),
            (vec![one.clone(), two.clone(), three.clone()], Wrong::Last),
            (vec![one.clone(), two.clone(), three.clone(), done(&text(1..=2))], Wrong::Last),
            (vec![one.clone(), two.clone(), whole.clone(), three.clone()], Wrong::Last),
            (vec![delta(&text(1..=4)), done(&text(1..=4))], Wrong::Text(3 * STAMP_BYTES)),
            (vec![one, two, three, error.clone(), whole], Wrong::Error(error)),
            (vec!["{".to_owned()], Wrong::Event("{".to_owned())),
        ] {
            assert_eq!(verdict(&events), Err(wrong), "{events:?}");
        }
    }
}
