//! What one reader sees of a turn.

use serde_json::Value;

use crate::common::{said, string, text_of};

/// What was asked for: a reply of words.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// The reply's id.
    pub(crate) reply: String,
    pub(crate) words: usize,
}

/// What a client has seen, over as many connections as it took.
#[derive(Debug, Clone)]
pub(crate) struct View {
    expected: Expected,
    /// The run and the number of the last event.
    pub(crate) last: Option<(String, u64)>,
    pub(crate) thread: Option<String>,
    /// The id of the user's message.
    pub(crate) message: Option<String>,
    is_begun: bool,
    has_part: bool,
    pub(crate) text: String,
    pub(crate) end: Option<End>,
    /// The stream was read to its end.
    pub(crate) is_over: bool,
    /// There was nothing to join.
    pub(crate) came_late: bool,
}

/// The last word on a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Done(String),
    Removed,
}

impl View {
    pub(crate) fn new(expected: Expected) -> Self {
        Self {
            expected,
            last: None,
            thread: None,
            message: None,
            is_begun: false,
            has_part: false,
            text: String::new(),
            end: None,
            is_over: false,
            came_late: false,
        }
    }

    /// What was asked for.
    pub(crate) fn expected(&self) -> &Expected {
        &self.expected
    }

    /// The id of the last event.
    pub(crate) fn last_id(&self) -> String {
        let (run, number) = self.last.as_ref().expect("something was seen");
        format!("{run}.{number}")
    }

    /// Takes the next event, which must go on from what was seen.
    pub(crate) fn see(&mut self, id: &str, event: &Value) {
        if event["code"] == "run.not_running" {
            self.came_late = true;
            return;
        }
        self.take_id(id);
        match string(event, "type") {
            "thread.created" => {
                assert_eq!(self.thread, None, "{event}");
                self.thread = Some(string(&event["thread"], "id").to_owned());
            }
            // On a slow machine a message waits for the end of the turn that it interrupts.
            "progress_update" => assert!(self.message.is_none(), "{event}"),
            "stream_options" => assert!(!self.is_begun, "{event}"),
            "thread.item.done" if event["item"]["type"] == "user_message" => {
                assert_eq!(self.message, None, "{event}");
                self.message = Some(string(&event["item"], "id").to_owned());
            }
            "thread.item.added" => {
                assert_eq!(string(&event["item"], "id"), self.expected.reply);
                assert!(!self.is_begun, "it begins twice: {event}");
                self.is_begun = true;
            }
            "thread.item.updated" => {
                assert_eq!(string(event, "item_id"), self.expected.reply);
                self.update(&event["update"]);
            }
            "thread.item.done" => {
                assert_eq!(string(&event["item"], "id"), self.expected.reply);
                let text = text_of(&event["item"]);
                assert!(text.starts_with(&self.text), "{text:?} lacks of {:?}", self.text);
                self.finish(End::Done(text));
            }
            "thread.item.removed" => {
                assert_eq!(string(event, "item_id"), self.expected.reply);
                assert_eq!(self.text, "", "what was shown is taken away");
                self.finish(End::Removed);
            }
            _ => panic!("nobody asked for {event}"),
        }
    }

    fn take_id(&mut self, id: &str) {
        let (run, number) = id.split_once('.').unwrap();
        let number = number.parse().unwrap();
        if let Some((last_run, last)) = &self.last {
            assert_eq!(last_run, run, "another run");
            assert!(number > *last, "{number} after {last}");
        }
        self.last = Some((run.to_owned(), number));
    }

    fn update(&mut self, update: &Value) {
        assert!(self.is_begun && self.end.is_none(), "an update out of place: {self:?}");
        match string(update, "type") {
            "assistant_message.content_part.added" => {
                assert!(!self.has_part, "a second part");
                self.has_part = true;
            }
            "assistant_message.content_part.text_delta" => {
                assert!(self.has_part, "text without its part");
                self.text.push_str(string(update, "delta"));
                assert_is_said(&self.text, self.expected.words);
            }
            other => panic!("nobody asked for {other}"),
        }
    }

    fn finish(&mut self, end: End) {
        assert!(self.end.is_none(), "it ends twice");
        self.end = Some(end);
    }
}

/// A text is whole words from the beginning on: nothing is missing, and nothing is there twice.
pub(crate) fn assert_is_said(text: &str, words: usize) {
    let count = text.matches(' ').count();
    assert!(count <= words && text == said(count), "not what was said: {text:?}");
}
