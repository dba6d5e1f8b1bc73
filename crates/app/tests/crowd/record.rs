//! What is known of a turn, and what must be stored of it therefore.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::{
    common::{Ended, said, string, text_of, text_of_note},
    view::{End, View, assert_is_said},
    visitor::Habit,
};

/// A turn as its clients know it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) habit: Habit,
    pub(crate) thread: String,
    pub(crate) is_deleted: bool,
    pub(crate) run: String,
    /// The id of the user's message.
    message: String,
    reply: String,
    words: usize,
    /// The most that any reader saw.
    seen: String,
    /// What those saw who read to the end, if any did: without a reply there is no last word on it.
    last_word: Option<Option<End>>,
    /// How the turn may have ended.
    pub(crate) ends: &'static [&'static str],
    /// How often its client came back, and how often it had missed something.
    pub(crate) returns: usize,
    pub(crate) missed: usize,
}

impl Record {
    /// The turn that readers saw.
    pub(crate) fn new(
        habit: Habit,
        thread: &str,
        views: &[View],
        ends: &'static [&'static str],
    ) -> Self {
        let (run, _) = views[0].last.clone().expect("something was seen");
        let message = views[0].message.clone().expect("the message was seen");
        let mut last_word = None;
        for view in views {
            assert_eq!(view.last.as_ref().map(|(run, _)| run), Some(&run), "readers of one run");
            assert!(view.message.as_ref().is_none_or(|seen| *seen == message), "{views:?}");
            if view.is_over {
                let before = last_word.replace(view.end.clone());
                assert!(
                    before.is_none_or(|before| before == view.end),
                    "readers disagree: {views:?}"
                );
            }
        }
        let seen = views.iter().map(|view| &view.text).max_by_key(|text| text.len());
        Self {
            habit,
            thread: thread.to_owned(),
            is_deleted: false,
            run,
            message,
            reply: views[0].expected().reply.clone(),
            words: views[0].expected().words,
            seen: seen.cloned().unwrap_or_default(),
            last_word,
            ends,
            returns: 0,
            missed: 0,
        }
    }

    /// Checks the reply that is there against what was seen of it.
    fn check_reply(&self, reply: Option<&Value>) {
        let text = reply.map(text_of);
        if let Some(text) = &text {
            assert_is_said(text, self.words);
            assert!(text.starts_with(&self.seen), "{text:?} lacks what was seen: {self:?}");
        } else {
            assert_eq!(self.seen, "", "what was seen is not there: {self:?}");
        }
        match (&self.last_word, text) {
            (None, _) | (Some(None | Some(End::Removed)), None) => {}
            (Some(Some(End::Done(told))), Some(text)) if *told == text => {}
            (_, text) => panic!("there is {text:?}, which was not the last word: {self:?}"),
        }
    }
}

/// The turns of each thread, in the order of their messages.
pub(crate) fn by_thread(records: &[Record]) -> BTreeMap<&str, Vec<&Record>> {
    let mut threads: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        threads.entry(&record.thread).or_default().push(record);
    }
    threads
}

/// A message and what follows it.
#[derive(Debug)]
struct Segment<'a> {
    message: &'a str,
    replies: Vec<&'a Value>,
    notes: Vec<String>,
}

fn segments(items: &[Value]) -> Vec<Segment<'_>> {
    let mut segments: Vec<Segment<'_>> = Vec::new();
    for item in items {
        if item["type"] == "user_message" {
            let message = string(item, "id");
            segments.push(Segment { message, replies: Vec::new(), notes: Vec::new() });
            continue;
        }
        let segment = segments.last_mut().expect("a thread begins with a message");
        match text_of_note(item) {
            Some(note) => segment.notes.push(note),
            None => {
                assert_eq!(segment.notes, [""; 0], "a reply behind its note: {items:?}");
                segment.replies.push(item);
            }
        }
    }
    segments
}

/// Checks the items of a thread that a client gets against what its clients saw before.
pub(crate) fn check_shown(records: &[&Record], items: &[Value]) {
    for record in records {
        let segment = segment_of(record, items);
        assert!(segment.replies.len() <= 1, "{record:?}: {segment:?}");
        let reply = segment.replies.first().copied();
        assert!(reply.is_none_or(|reply| reply["id"] == *record.reply), "{record:?}: {segment:?}");
        record.check_reply(reply);
    }
    assert_eq!(segments(items).len(), messages(records), "messages of nobody: {items:?}");
}

/// Checks all items of a thread, and that notes say why turns ended before their end.
pub(crate) fn check_stored(records: &[&Record], items: &[Value], ends: &HashMap<String, Ended>) {
    check_shown(records, items);
    for record in records {
        let segment = segment_of(record, items);
        let end = &*ends[&record.run].end;
        match note_for(end) {
            None => {
                assert_eq!(segment.notes, [""; 0], "{record:?} ended with {end}");
                assert_eq!(text_of(segment.replies[0]), said(record.words), "{record:?}");
            }
            Some(note) => {
                let [found] = &segment.notes[..] else { panic!("{record:?}: {segment:?}") };
                assert!(found.starts_with(note), "{found:?} after {end}: {record:?}");
            }
        }
    }
}

fn segment_of<'a>(record: &Record, items: &'a [Value]) -> Segment<'a> {
    let mut found = segments(items).into_iter().filter(|it| it.message == record.message);
    let segment = found.next().unwrap_or_else(|| panic!("no message: {record:?}"));
    assert!(found.next().is_none(), "a message twice: {record:?}");
    segment
}

/// A shared thread was made by a message that is nobody's.
fn messages(records: &[&Record]) -> usize {
    records.len() + usize::from(records[0].habit == Habit::Shares)
}

/// How the note for the model begins.
fn note_for(end: &str) -> Option<&'static str> {
    match end {
        "completed" => None,
        "stop" => Some("The user stopped"),
        "disconnect" => Some("The stream was cancelled"),
        "superseded" => Some("The user sent something new"),
        other => panic!("no turn of a crowd ends with {other}"),
    }
}
