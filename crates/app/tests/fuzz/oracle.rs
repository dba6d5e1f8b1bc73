//! What must be true of every answer.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
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
    if must_stream && !(streams && answer.status() == 200) {
        return Err(format!("a streaming op was answered {}", answer.status()));
    }
    if streams {
        return if answer.status() == 200 {
            events(&answer.text())
        } else {
            Err("no 200".to_owned())
        };
    }
    if answer.header("content-type") != Some("application/json") {
        return Err(format!("{} without JSON", answer.status()));
    }
    let json: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    match answer.status() {
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
            let (_id, data) =
                frame.split_once("\ndata: ").ok_or_else(|| format!("no frame: {frame:?}"))?;
            let event: Value =
                serde_json::from_str(data).map_err(|error| format!("{error}: {data}"))?;
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

/// The op that a body names, if it is one JSON object without a field that stands there twice: of
/// those that do, a parser may take the first, the last or none.
fn op(body: &[u8]) -> Option<String> {
    let Fields(fields) = serde_json::from_str(str::from_utf8(body).ok()?).ok()?;
    let mut values = fields.iter().filter(|(key, _)| key == "type").map(|(_, value)| value);
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let once = |name| fields.iter().filter(|(key, _)| key == name).count() <= 1;
    (once("params") && once("metadata")).then(|| serde_json::from_str(value.get()).ok())?
}

/// The fields of an object as text, in order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}
