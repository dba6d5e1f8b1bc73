//! Turns under control: joined, stopped, resumed, interrupted, limited, ended by a signal or a
//! crash.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod attach;
mod crash;
mod limits;
mod pending;
mod resume;
mod shutdown;
mod stop;
mod strategies;

use common::{Events, Server, script, string, text_of, until, words};
use serde_json::{Value, json};

/// The id of the reply in the scripts of these tests.
const REPLY: &str = "msg_reply";
/// Longer than any test takes.
const FOR_EVER: u64 = 600_000;

/// A reply that says so many words and then nothing any more, without an end.
fn says_and_waits(count: usize) -> String {
    let mut steps = words(REPLY, count, 0);
    steps.push(json!({"sleep_ms": FOR_EVER}));
    script(json!(steps))
}

/// A reply that says a word every so often for longer than any test takes.
fn talks_on(pause_ms: u64) -> String {
    script(json!([{"text": {"deltas": 1_000_000, "delta": "word ", "gap_ms": pause_ms}}]))
}

/// A reply that says so many words, which takes a while, and comes to its end.
fn completes(count: usize, pause_ms: u64) -> String {
    let mut steps = words(REPLY, count, pause_ms);
    steps.push(done(count));
    script(json!(steps))
}

/// The end of the reply.
fn done(count: usize) -> Value {
    let item = common::message_item(REPLY, &common::said(count));
    json!({"event": {"type": "thread.item.done", "item": item}})
}

/// Reads on until so many words more were said.
fn until_words(stream: &mut Events, count: usize) -> Vec<Value> {
    let mut events = Vec::new();
    let mut heard = 0;
    while heard < count {
        let event = stream.next().expect("more words come");
        heard += event["update"]["delta"].as_str().map_or(0, |text| text.matches(' ').count());
        events.push(event);
    }
    events
}

/// The thread that a stream has made.
fn created(events: &[Value]) -> String {
    assert_eq!(events[0]["type"], "thread.created", "{events:?}");
    string(&events[0]["thread"], "id").to_owned()
}

/// The text of the message that an event says is done.
fn done_text(event: &Value) -> String {
    assert_eq!(event["type"], "thread.item.done", "{event}");
    text_of(&event["item"])
}

/// The one text of an assistant in a thread.
fn reply(server: &Server, thread: &str) -> String {
    let items = server.items(thread);
    let mut replies = items.iter().filter(|item| item["type"] == "assistant_message");
    let reply = replies.next().unwrap_or_else(|| panic!("no reply in {items:?}"));
    assert!(replies.next().is_none(), "{items:?}");
    text_of(reply)
}

/// Waits until the only turn of a thread has ended, and says why it did.
fn end_of(server: &Server, thread: &str) -> String {
    until("the turn has ended", || server.ended().iter().any(|ended| ended.thread == thread));
    let mut ended = server.ended().into_iter().filter(|ended| ended.thread == thread);
    let end = ended.next().unwrap().end;
    assert_eq!(ended.next(), None, "a turn ends once, and there is but one");
    end
}

/// An answer to `threads.attach` that says that there is nothing to join.
fn assert_not_running(events: &[Value]) {
    let [error] = events else { panic!("{events:?}") };
    let message = string(error, "message");
    assert!(!message.is_empty());
    assert_eq!(
        *error,
        json!({"type": "error", "code": "run.not_running", "message": message, "allow_retry": false}),
    );
}
