//! The events of a turn, as far as they matter.

use std::borrow::Cow;

use memchr::memmem::Finder;
use serde::Deserialize;

/// Reads the data of events.
#[derive(Debug)]
pub(crate) struct TurnReader {
    find_delta: Finder<'static>,
}

/// What an event says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// More of the text.
    Text(Cow<'a, [u8]>),
    /// The message is finished; the texts of its parts.
    Message(Vec<String>),
    Error,
    Other,
}

const PART: &[u8] = br#""update":{"type":"assistant_message.content_part.text_delta","#;
const DELTA: &[u8] = br#""delta":""#;
const UPDATED: &[u8] = br#"{"type":"thread.item.updated","#;

impl TurnReader {
    pub(crate) fn new() -> Self {
        Self { find_delta: Finder::new(DELTA) }
    }

    /// Reads an event; `None` when it is not JSON of the expected shape.
    pub(crate) fn read<'a>(&self, event: &'a [u8]) -> Option<Said<'a>> {
        if let Some(delta) = self.delta_of(event) {
            return Some(Said::Text(Cow::Borrowed(delta)));
        }
        Some(match serde_json::from_slice(event).ok()? {
            Event::Updated { update: Update::TextDelta { delta } } => {
                Said::Text(Cow::Owned(delta.into_bytes()))
            }
            Event::Done { item: Item::AssistantMessage { content } } => {
                Said::Message(content.into_iter().map(|part| part.text).collect())
            }
            Event::Error => Said::Error,
            Event::Updated { .. } | Event::Done { .. } | Event::Other => Said::Other,
        })
    }

    /// The text of a delta in the form that both compared servers write, without reading the
    /// whole event; `None` when it has to be read.
    fn delta_of<'a>(&self, event: &'a [u8]) -> Option<&'a [u8]> {
        let rest = event.strip_prefix(UPDATED)?;
        // Behind the id of the item.
        let update = rest.get(memchr::memchr(b',', rest)? + 1..)?.strip_prefix(PART)?;
        let delta = update.get(self.find_delta.find(update)? + DELTA.len()..)?;
        let delta = delta.strip_suffix(br#""}}"#)?;
        memchr::memchr2(b'"', b'\\', delta).is_none().then_some(delta)
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "thread.item.updated")]
    Updated { update: Update },
    #[serde(rename = "thread.item.done")]
    Done { item: Item },
    #[serde(rename = "error")]
    Error,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Update {
    #[serde(rename = "assistant_message.content_part.text_delta")]
    TextDelta { delta: String },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Item {
    #[serde(rename = "assistant_message")]
    AssistantMessage { content: Vec<ContentPart> },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct ContentPart {
    text: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// The event of a delta. Written by hand: the order of the fields is that of the compared
    /// servers.
    pub(crate) fn delta(text: &str) -> String {
        let text = serde_json::to_string(text).unwrap();
        format!(
            r#"{{"type":"thread.item.updated","item_id":"msg_1","update":{{"type":"assistant_message.content_part.text_delta","content_index":0,"delta":{text}}}}}"#
        )
    }

    /// The event of a finished message.
    pub(crate) fn done(text: &str) -> String {
        json!({"type": "thread.item.done", "item": {"type": "assistant_message", "id": "msg_1",
            "content": [{"type": "output_text", "text": text, "annotations": []}]}})
        .to_string()
    }

    #[test]
    fn deltas_in_another_form_are_read_too() {
        let reader = TurnReader::new();
        let update = json!({"update": {"delta": "ab", "content_index": 0,
            "type": "assistant_message.content_part.text_delta"}, "type": "thread.item.updated"});
        let read = reader.read(update.to_string().as_bytes()).map(|said| match said {
            Said::Text(text) => text.into_owned(),
            other => panic!("{other:?}"),
        });
        assert_eq!(read.as_deref(), Some(&b"ab"[..]));
        assert_eq!(reader.delta_of(update.to_string().as_bytes()), None);
        assert_eq!(reader.delta_of(delta("ab").as_bytes()), Some(&b"ab"[..]));
    }

    #[test]
    fn what_else_there_is() {
        let reader = TurnReader::new();
        assert_eq!(reader.read(done("ab").as_bytes()), Some(Said::Message(vec!["ab".to_owned()])));
        assert_eq!(reader.read(br#"{"type":"error"}"#), Some(Said::Error));
        assert_eq!(reader.read(br#"{"type":"progress_update","text":"hm"}"#), Some(Said::Other));
        assert_eq!(reader.read(b"{"), None);
    }
}
