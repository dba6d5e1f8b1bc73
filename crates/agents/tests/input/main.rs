//! From a thread to what a model reads.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod attachments;
mod budget;
mod converter;
mod loading;
mod pairs;
mod reference;

use chatkit_protocol::ThreadItem;
use serde_json::{Value, json};

/// An item of a thread from its fields. The id is its number, unless it has one.
pub(crate) fn item(number: usize, mut fields: Value) -> ThreadItem {
    let object = fields.as_object_mut().unwrap();
    object.entry("id").or_insert_with(|| json!(format!("item_{number}")));
    object.entry("thread_id").or_insert_with(|| json!("thr_1"));
    object.entry("created_at").or_insert_with(|| json!("2026-01-01T00:00:00Z"));
    serde_json::from_value(fields).unwrap()
}

pub(crate) fn items<const N: usize>(fields: [Value; N]) -> Vec<ThreadItem> {
    fields.into_iter().enumerate().map(|(number, fields)| item(number, fields)).collect()
}

pub(crate) fn user(text: &str) -> Value {
    json!({"type": "user_message", "content": [{"type": "input_text", "text": text}]})
}

pub(crate) fn assistant(text: &str) -> Value {
    json!({"type": "assistant_message", "content": [{"type": "output_text", "text": text}]})
}

pub(crate) fn hidden(text: &str) -> Value {
    json!({"type": "hidden_context_item", "content": text})
}

/// All texts of an input, in order.
pub(crate) fn texts(input: &[chatkit_agents::model::InputItem]) -> Vec<String> {
    let json = serde_json::to_value(input).unwrap();
    let contents = json
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|item| item["content"].as_array().cloned().unwrap_or_default());
    contents.filter_map(|content| content["text"].as_str().map(str::to_owned)).collect()
}
