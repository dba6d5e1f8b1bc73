//! How a stream begins and ends, and what its events look like.

use serde_json::{Value, json};

use super::{Case, ID, check, is, is_added, is_delta, is_done, is_echo, spoken, updated};
use crate::faulty::Change::{After, Before, Data, Drop, Edit, Late, Twice};

const BEGINNINGS: &[Case] = &[
    (&["thread-created-missing"], Drop(is_created)),
    (&["thread-created-not-first"], Late(is_created)),
    (&["thread-created-twice"], Twice(is_created)),
    (&["user-message-not-echoed"], Drop(is_echo)),
    (
        &["user-message-differs"],
        Edit(is_echo, |event| event["item"]["content"][0]["text"] = "?".into()),
    ),
    (
        &["user-message-twice"],
        After(is_echo, |event| {
            let mut event = event.clone();
            event["item"]["id"] = "msg_again".into();
            event
        }),
    ),
    (&["stream-options-missing"], Drop(is_options)),
    (&["stream-options-late"], Late(is_options)),
];

const ENDS: &[Case] = &[
    (&["error-event"], After(is_done, |_| error("no more"))),
    (&["error-event", "error-then-more"], Before(is_done, |_| error("no more"))),
    (&["error-event", "error-without-message"], After(is_done, |_| error(""))),
    (
        &["progress-never-cleared"],
        After(is_done, |_| json!({"type": "progress_update", "text": "Nearly there"})),
    ),
];

const SHAPES: &[Case] = &[
    (&["not-json"], Data(is_progress, "{\"type\": \"progress_update\", ")),
    (&["done-marker"], Data(is_progress, "[DONE]")),
    (&["bad-shape"], Edit(is_delta, |event| event["update"]["content_index"] = "first".into())),
    (&["unknown-event"], Before(is_done, |_| json!({"type": "thread.item.finished"}))),
    (&["unknown-item"], Before(is_added, |event| another(event, "poem"))),
    (
        &["unknown-update"],
        After(is_delta, |_| updated(json!({"type": "assistant_message.content_part.sung"}))),
    ),
    (&["hidden-item-leaked"], Before(is_added, |event| another(event, "hidden_context_item"))),
    (
        &["metadata-leaked"],
        Edit(is_created, |event| event["thread"]["metadata"] = json!({"plan": "a"})),
    ),
];

const FIELDS: &[Case] = &[
    (
        &["date-without-offset"],
        Edit(is_echo, |event| {
            let date = event["item"]["created_at"].as_str().unwrap();
            event["item"]["created_at"] = date.trim_end_matches('Z').into();
        }),
    ),
    (&["bad-date"], Edit(is_echo, |event| event["item"]["created_at"] = "today".into())),
    (
        &["created-at-changes"],
        Edit(is_done, |event| event["item"]["created_at"] = "2026-01-01T00:00:09Z".into()),
    ),
    (&["id-clash"], Edit(is_echo, |event| event["item"]["id"] = ID.into())),
    (&["id-reserved-prefix"], Edit(is_echo, |event| event["item"]["id"] = "client_1".into())),
    (&["id-placeholder"], Edit(is_echo, |event| event["item"]["id"] = "__fake_id__".into())),
    (&["id-empty"], Edit(is_echo, |event| event["item"]["id"] = "".into())),
    (&["thread-id-differs"], Edit(is_done, |event| event["item"]["thread_id"] = "thr_x".into())),
];

fn is_created(event: &Value) -> bool {
    is(event, "thread.created")
}

fn is_options(event: &Value) -> bool {
    is(event, "stream_options")
}

fn is_progress(event: &Value) -> bool {
    is(event, "progress_update")
}

fn error(message: &str) -> Value {
    json!({"type": "error", "code": "custom", "message": message, "allow_retry": true})
}

/// An item of another type in place of the one that an event adds, whole.
fn another(added: &Value, kind: &str) -> Value {
    let mut item = added["item"].clone();
    item["id"] = "itm_another".into();
    item["type"] = kind.into();
    item["content"] = "what the model is told".into();
    json!({"type": "thread.item.done", "item": item})
}

#[test]
fn how_a_stream_begins() {
    check(&spoken(), BEGINNINGS);
}

#[test]
fn how_a_stream_ends() {
    check(&spoken(), ENDS);
}

#[test]
fn what_events_look_like() {
    check(&spoken(), SHAPES);
}

#[test]
fn ids_and_dates() {
    check(&spoken(), FIELDS);
}
