//! Requests, scripts and items.

use serde_json::{Value, json};

/// A request of any op.
pub(crate) fn op(kind: &str, params: Value) -> Value {
    json!({"type": kind, "params": params})
}

pub(crate) fn user_input(text: &str) -> Value {
    json!({
        "content": [{"type": "input_text", "text": text}],
        "attachments": [],
        "inference_options": {},
    })
}

pub(crate) fn create(text: &str) -> Value {
    op("threads.create", json!({"input": user_input(text)}))
}

pub(crate) fn add_message(thread: &str, text: &str) -> Value {
    op("threads.add_user_message", json!({"thread_id": thread, "input": user_input(text)}))
}

pub(crate) fn by_id(thread: &str) -> Value {
    op("threads.get_by_id", json!({"thread_id": thread}))
}

pub(crate) fn list_items(thread: &str, more: Value) -> Value {
    let mut params = json!({"thread_id": thread});
    if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
        params.extend(more);
    }
    op("items.list", params)
}

/// Joins the running turn of a thread, from its beginning or after an event.
pub(crate) fn attach(thread: &str, after: Option<&str>) -> Value {
    match after {
        None => op("threads.attach", json!({"thread_id": thread})),
        Some(after) => op("threads.attach", json!({"thread_id": thread, "after": after})),
    }
}

pub(crate) fn stop(thread: &str) -> Value {
    op("threads.stop", json!({"thread_id": thread}))
}

/// A streaming action of the page that plays a script.
pub(crate) fn action(thread: &str, script: &str) -> Value {
    let payload: Value = serde_json::from_str(script).unwrap();
    op(
        "threads.custom_action",
        json!({"thread_id": thread, "action": {"type": "play", "payload": payload}}),
    )
}

/// A script for the playback responder.
pub(crate) fn script(steps: Value) -> String {
    json!({"steps": steps}).to_string()
}

/// The steps of a message that says a number of words, each of which is unlike the others, with a
/// pause before each. It is not done at the end of them.
pub(crate) fn words(id: &str, count: usize, pause_ms: u64) -> Vec<Value> {
    let update = |update: Value| json!({"event": {"type": "thread.item.updated", "item_id": id, "update": update}});
    let mut item = message_item(id, "");
    item["content"] = json!([]);
    let mut steps = vec![
        json!({"event": {"type": "thread.item.added", "item": item}}),
        update(json!({"type": "assistant_message.content_part.added", "content_index": 0,
            "content": {"type": "output_text", "text": "", "annotations": []}})),
    ];
    for number in 0..count {
        if pause_ms > 0 {
            steps.push(json!({"sleep_ms": pause_ms}));
        }
        steps.push(update(json!({"type": "assistant_message.content_part.text_delta",
            "content_index": 0, "delta": word(number)})));
    }
    steps
}

/// What the first so many [`words`] add up to.
pub(crate) fn said(count: usize) -> String {
    (0..count).map(word).collect()
}

fn word(number: usize) -> String {
    format!("w{number} ")
}

/// An assistant message as a responder makes it.
pub(crate) fn message_item(id: &str, text: &str) -> Value {
    json!({
        "type": "assistant_message", "id": id, "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    })
}

/// The text of a message, of the user or the assistant.
pub(crate) fn text_of(item: &Value) -> String {
    let parts = item["content"].as_array().unwrap_or_else(|| panic!("no message: {item}"));
    parts.iter().filter_map(|part| part["text"].as_str()).collect()
}
