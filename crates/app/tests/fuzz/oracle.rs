//! What must be true of every answer.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::common::Response;

const STREAMING: [&str; 6] = [
    "threads.create",
    "threads.add_user_message",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.retry_after_item",
    "threads.custom_action",
];

/// Checks an answer to a body, and returns the JSON in it.
pub(crate) fn check(body: &[u8], answer: &Response) -> Result<Vec<Value>, String> {
    let streams = answer.header("content-type") == Some("text/event-stream");
    let must_stream = op(body).is_some_and(|op| STREAMING.contains(&op.as_str()));
    if must_stream && !answer.text().contains("duplicate field") && !(streams && answer.status() == 200) {
        return Err(format!("a streaming op was answered {}", answer.status()));
    }
    if streams {
        return if answer.status() == 200 { events(&answer.text()) } else { Err("no 200".to_owned()) };
    }
    if answer.header("content-type") != Some("application/json") {
        return Err(format!("{} without JSON", answer.status()));
    }
    let json: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    match answer.status() {
        400 if json["message"].as_str().unwrap_or("").contains("duplicate field") => Ok(vec![]), // TEMP
        200 if shows_hidden(&json) => Err(format!("a hidden item: {json}")),
        200 => Ok(vec![json]),
        400 | 404 | 409 | 413 | 422 => match json["message"].as_str() {
            Some(message) if !message.is_empty() => Ok(vec![]),
            _ => Err(format!("{} without a message", answer.status())),
        },
        other => Err(format!("the status {other}")),
    }
}

fn events(stream: &str) -> Result<Vec<Value>, String> {
    if stream.is_empty() {
        return Err("a stream without events".to_owned());
    }
    let frames = stream.strip_suffix("\n\n").ok_or("the stream ends inside a frame")?;
    frames
        .split("\n\n")
        .map(|frame| {
            let data = frame.strip_prefix("data: ").ok_or_else(|| format!("no frame: {frame:?}"))?;
            let event: Value = serde_json::from_str(data).map_err(|error| format!("{error}: {data}"))?;
            match event["type"].as_str() {
                Some(_) if shows_hidden(&event) => Err(format!("a hidden item: {event}")),
                Some(_) => Ok(event),
                None => Err(format!("an event without a type: {event}")),
            }
        })
        .collect()
}

/// Whether an event, a thread or a page has an item that is for the model only.
fn shows_hidden(json: &Value) -> bool {
    let pages = [&json["data"], &json["items"]["data"], &json["thread"]["items"]["data"]];
    let items = pages.into_iter().filter_map(Value::as_array).flatten();
    items.chain([&json["item"], &json["updated_item"]]).any(|item| {
        matches!(item["type"].as_str(), Some("hidden_context_item" | "sdk_hidden_context"))
    })
}

/// The op that a body names, if it is one JSON object that names it once.
fn op(body: &[u8]) -> Option<String> {
    let Named(names) = serde_json::from_str(str::from_utf8(body).ok()?).ok()?;
    match names.as_slice() {
        [name] => serde_json::from_str(name).ok(),
        _ => None,
    }
}

/// The values of all fields `type`, as text.
struct Named(Vec<String>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedVisitor)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Named, A::Error> {
        let mut names = Vec::new();
        while let Some(key) = fields.next_key::<String>()? {
            if key == "type" {
                names.push(fields.next_value::<Box<RawValue>>()?.get().to_owned());
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Named(names))
    }
}
