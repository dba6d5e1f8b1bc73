//! Whether a stream is the reply that the script asked for.

use crate::{
    stamp::{STAMP_BYTES, Stamps},
    turn::{Said, TurnReader},
};

/// What a reply must be: one message of so many deltas.
#[derive(Debug)]
pub(crate) struct Expected {
    deltas: u64,
    /// All deltas; none when they are stamps.
    text: Option<String>,
    bytes: usize,
    reader: TurnReader,
}

/// A reply that is being read.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    expected: &'a Expected,
    /// All events so far.
    pub(crate) events: u64,
    /// Text deltas so far. A server may merge several into one for a slow reader.
    pub(crate) text_deltas: u64,
    /// When the stamps that have come were sent, for the reader to take out.
    pub(crate) times: Vec<u64>,
    /// How much of the expected text has come.
    matched: usize,
    /// The text, when it is stamps.
    stamps: Stamps,
    last: Last,
    wrong: Option<Wrong>,
}

/// The last event, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// The message is done and holds the whole text.
    MessageDone,
    Other,
}

/// Why a reply is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("the text is not the expected one from byte {0} on")]
    Text(usize),
    #[error("the text ends after {found} of {expected} bytes")]
    Short { found: usize, expected: usize },
    #[error("{found} text deltas instead of at most {expected}")]
    Deltas { found: u64, expected: u64 },
    #[error("the last event is not the finished message")]
    Last,
    #[error("an error event: {0}")]
    Error(String),
    #[error("an event that is not as expected: {0}")]
    Event(String),
}

impl Expected {
    /// Equal deltas.
    pub(crate) fn new(deltas: u32, delta: &str) -> Self {
        let text = delta.repeat(deltas.try_into().unwrap_or(usize::MAX));
        let (deltas, bytes) = (deltas.into(), text.len());
        Self { deltas, text: Some(text), bytes, reader: TurnReader::new() }
    }

    /// Deltas that tell when they were sent.
    pub(crate) fn stamps(deltas: u32) -> Self {
        let bytes = deltas as usize * STAMP_BYTES;
        Self { deltas: deltas.into(), text: None, bytes, reader: TurnReader::new() }
    }
}

impl<'a> Reply<'a> {
    pub(crate) fn new(expected: &'a Expected) -> Self {
        Self {
            expected,
            events: 0,
            text_deltas: 0,
            times: Vec::new(),
            matched: 0,
            stamps: Stamps::default(),
            last: Last::Other,
            wrong: None,
        }
    }

    /// How much of the text has come, in bytes.
    pub(crate) fn text_bytes(&self) -> u64 {
        self.matched as u64
    }

    /// Whether all the text and the finished message have come.
    pub(crate) fn is_done(&self) -> bool {
        self.last == Last::MessageDone
    }

    /// Takes in the data of the next event.
    pub(crate) fn event(&mut self, data: &[u8]) {
        self.events += 1;
        self.last = Last::Other;
        match self.expected.reader.read(data) {
            Some(Said::Text(delta)) => self.text(&delta),
            Some(Said::Message(texts)) => {
                let whole = match &self.expected.text {
                    Some(text) => text.as_bytes(),
                    None => &self.stamps.text,
                };
                // What the user said may stand there before.
                if self.matched > 0 && texts.iter().any(|text| text.as_bytes() == whole) {
                    self.last = Last::MessageDone;
                }
            }
            Some(Said::Error) => self.is_wrong(Wrong::Error(shown(data))),
            Some(Said::Other) => {}
            None => self.is_wrong(Wrong::Event(shown(data))),
        }
    }

    fn text(&mut self, delta: &[u8]) {
        self.text_deltas += 1;
        let is_right = match &self.expected.text {
            Some(text) => {
                text.as_bytes().get(self.matched..).unwrap_or_default().starts_with(delta)
            }
            None => self.stamps.feed(delta, |time| self.times.push(time)),
        };
        if is_right {
            self.matched += delta.len();
        } else {
            self.is_wrong(Wrong::Text(self.matched));
        }
    }

    fn is_wrong(&mut self, wrong: Wrong) {
        self.wrong.get_or_insert(wrong);
    }

    /// The verdict when the stream has ended.
    pub(crate) fn end(&self) -> Result<(), Wrong> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let Expected { deltas, bytes, .. } = self.expected;
        if self.matched < *bytes {
            return Err(Wrong::Short { found: self.matched, expected: *bytes });
        }
        if self.matched > *bytes {
            return Err(Wrong::Text(*bytes));
        }
        if self.text_deltas > *deltas {
            return Err(Wrong::Deltas { found: self.text_deltas, expected: *deltas });
        }
        if self.last == Last::MessageDone { Ok(()) } else { Err(Wrong::Last) }
    }

    /// Whether the server merged deltas.
    pub(crate) fn is_merged(&self) -> bool {
        self.text_deltas < self.expected.deltas
    }
}

/// The beginning of an event, for a message.
pub(crate) fn shown(data: &[u8]) -> String {
    String::from_utf8_lossy(data).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        stamp::written,
        turn::tests::{delta, done},
    };

    fn user_message() -> String {
        json!({"type": "thread.item.done", "item": {"type": "user_message", "content": [
            {"type": "input_text", "text": "ab"}]}})
        .to_string()
    }

    fn verdict(expected: &Expected, events: &[String]) -> Result<(u64, u64, bool), Wrong> {
        let mut reply = Reply::new(expected);
        for event in events {
            reply.event(event.as_bytes());
        }
        reply.end().map(|()| (reply.events, reply.text_deltas, reply.is_merged()))
    }

    #[test]
    fn the_expected_reply() {
        for text in ["ab", " token", "\"\\\n", "é😀"] {
            let expected = Expected::new(3, text);
            let all =
                [user_message(), delta(text), delta(text), delta(text), done(&text.repeat(3))];
            assert_eq!(verdict(&expected, &all), Ok((5, 3, false)), "{text}");
        }
    }

    #[test]
    fn merged_deltas_are_the_same_reply() {
        let expected = Expected::new(4, "ab");
        let events = [delta("ab"), delta("abab"), delta("ab"), done("abababab")];
        assert_eq!(verdict(&expected, &events), Ok((4, 3, true)));
    }

    #[test]
    fn stamps_are_a_reply_however_they_are_merged() {
        let text = |range: std::ops::RangeInclusive<u64>| -> String {
            range.flat_map(written).map(char::from).collect()
        };
        let expected = Expected::stamps(3);
        let events = [user_message(), delta(&text(1..=1)), delta(&text(2..=3)), done(&text(1..=3))];
        assert_eq!(verdict(&expected, &events), Ok((4, 2, true)));
        let mut reply = Reply::new(&expected);
        events.iter().for_each(|event| reply.event(event.as_bytes()));
        assert_eq!((reply.times.as_slice(), reply.text_bytes()), ([1, 2, 3].as_slice(), 48));
        for (events, wrong) in [
            (
                vec![delta(&text(1..=2)), done(&text(1..=2))],
                Wrong::Short { found: 32, expected: 48 },
            ),
            (vec![delta(&text(1..=4)), done(&text(1..=4))], Wrong::Text(48)),
            (vec![delta(&text(2..=3)), delta(&text(1..=1))], Wrong::Text(32)),
            (vec![delta(&text(1..=3)), done(&text(1..=2))], Wrong::Last),
        ] {
            assert_eq!(verdict(&expected, &events), Err(wrong), "{events:?}");
        }
    }

    #[test]
    fn wrong_replies() {
        let expected = Expected::new(2, "ab");
        let (ab, whole) = (delta("ab"), done("abab"));
        let cases = [
            (vec![ab.clone(), delta("ac"), whole.clone()], Wrong::Text(2)),
            (vec![ab.clone(), ab.clone(), ab.clone(), whole.clone()], Wrong::Text(4)),
            (vec![ab.clone(), whole.clone()], Wrong::Short { found: 2, expected: 4 }),
            (vec![ab.clone(), ab.clone()], Wrong::Last),
            (vec![ab.clone(), ab.clone(), done("ab")], Wrong::Last),
            (vec![ab.clone(), ab.clone(), whole.clone(), user_message()], Wrong::Last),
            (
                ["a", "b", "a", "b"].map(delta).into_iter().chain([whole.clone()]).collect(),
                Wrong::Deltas { found: 4, expected: 2 },
            ),
            (vec!["{".to_owned()], Wrong::Event("{".to_owned())),
            (
                vec![ab.clone(), ab, whole, r#"{"type":"error"}"#.to_owned()],
                Wrong::Error(r#"{"type":"error"}"#.to_owned()),
            ),
        ];
        for (events, wrong) in cases {
            assert_eq!(verdict(&expected, &events), Err(wrong), "{events:?}");
        }
    }
}
