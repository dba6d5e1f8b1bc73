//! Clients that go away, newer messages, threads deleted under a running turn: what the user saw
//! is kept, and nothing runs on.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod deletion;
mod disconnect;
mod supersede;

use common::{Server, script, string, text_of};
use serde_json::{Value, json};

/// A reply that shows `shown` and then goes on for longer than any test.
fn long_reply(shown: &str) -> String {
    let update = |update: Value| json!({"event": {"type": "thread.item.updated", "item_id": "msg_long", "update": update}});
    let item = json!({"type": "assistant_message", "id": "msg_long", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "content": []});
    script(json!([
        {"event": {"type": "thread.item.added", "item": item}},
        update(json!({"type": "assistant_message.content_part.added", "content_index": 0,
            "content": {"type": "output_text", "text": "", "annotations": []}})),
        update(json!({"type": "assistant_message.content_part.text_delta", "content_index": 0,
            "delta": shown})),
        {"sleep_ms": 600_000},
        {"event": {"type": "thread.item.removed", "item_id": "msg_long"}},
    ]))
}

/// An answer of one message with a text.
fn short_reply(text: &str) -> String {
    script(json!([{"text": {"deltas": 1, "delta": text}}]))
}

/// The items of a thread as `user` or `assistant: text`.
fn story(server: &Server, thread: &str) -> Vec<String> {
    let items = server.items(thread);
    let line = |item: &Value| match string(item, "type") {
        "user_message" => "user".to_owned(),
        "assistant_message" => format!("assistant: {}", text_of(item)),
        other => other.to_owned(),
    };
    items.iter().map(line).collect()
}
