//! `chatkit chat` through pipes: turns, stopped and resumed ones, commands, other servers.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![allow(clippy::print_stderr, reason = "what a failed test shows: what the chat has printed")]

#[path = "../common/mod.rs"]
mod common;

mod foreign;
mod pipes;
mod process;
mod proxy;
mod questions;
mod resume;
mod stop;
mod threads;

use serde_json::{Value, json};

use common::{Server, message_item, script, until, words};
use process::Chat;

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

/// A reply that says so many words, which takes a while, and comes to its end.
fn completes(count: usize, pause_ms: u64) -> String {
    let mut steps = words(REPLY, count, pause_ms);
    steps.push(done(&message_item(REPLY, &common::said(count))));
    script(json!(steps))
}

fn done(item: &Value) -> Value {
    json!({"event": {"type": "thread.item.done", "item": item}})
}

/// Why the only turn of a server has ended, once it has.
fn end_of(server: &Server) -> String {
    until("the turn has ended", || !server.ended().is_empty());
    server.ended().remove(0).end
}
