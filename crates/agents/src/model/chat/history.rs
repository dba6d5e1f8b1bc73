//! A conversation in the few forms that messages are made of, with calls and outputs paired.

use std::collections::{HashMap, VecDeque};

use chatkit_protocol::JsonObject;
use serde_json::Value;

use crate::model::{FunctionCall, FunctionCallOutput, InputContent, InputItem, InputMessage, Role};

/// A piece of a conversation.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// A message.
    Message(InputMessage),
    /// A call with its output.
    Call {
        /// The call.
        call: FunctionCall,
        /// Its output.
        output: String,
        /// What Google wants back with it.
        extra: Option<Value>,
    },
    /// Where an output stood: the calls of one answer end here at the latest.
    Output,
    /// What the model thought before what follows.
    Thought(String),
}

/// The pieces of a conversation. Providers refuse calls without an output and outputs without a
/// call, so both are left out; an output belongs to the first call before it that has its id and no
/// output yet, since ids may come again in later answers.
pub(super) fn pieces(input: Vec<InputItem>) -> Vec<Piece> {
    let mut items: Vec<Item> = input.into_iter().filter_map(item).collect();
    let mut outputs = take_outputs(&mut items);
    items
        .into_iter()
        .zip(outputs.iter_mut())
        .filter_map(|(item, output)| match (item, output.take()) {
            (Item::Message(message), _) => Some(Piece::Message(message)),
            (Item::Thought(text), _) => Some(Piece::Thought(text)),
            (Item::Call(call, extra), Some(output)) => Some(Piece::Call { call, output, extra }),
            (Item::Output(_), Some(_)) => Some(Piece::Output),
            (Item::Call(..) | Item::Output(_), None) => None,
        })
        .collect()
}

enum Item {
    Message(InputMessage),
    Call(FunctionCall, Option<Value>),
    Output(FunctionCallOutput),
    Thought(String),
}

/// For each call that has an output, the output; for each output that has a call, an empty text.
fn take_outputs(items: &mut [Item]) -> Vec<Option<String>> {
    let mut outputs: Vec<Option<String>> = items.iter().map(|_| None).collect();
    for (call, output) in pairs(items) {
        let Some(Item::Output(FunctionCallOutput { output: text, .. })) = items.get_mut(output)
        else {
            continue;
        };
        for (at, text) in [(call, std::mem::take(text)), (output, String::new())] {
            if let Some(slot) = outputs.get_mut(at) {
                *slot = Some(text);
            }
        }
    }
    outputs
}

/// The positions of calls and their outputs.
fn pairs(items: &[Item]) -> Vec<(usize, usize)> {
    let mut open: HashMap<&str, VecDeque<usize>> = HashMap::new();
    let mut pairs = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Call(call, _) => open.entry(&call.call_id).or_default().push_back(at),
            Item::Output(output) => {
                let call = open.get_mut(output.call_id.as_str()).and_then(VecDeque::pop_front);
                pairs.extend(call.map(|call| (call, at)));
            }
            Item::Message(_) | Item::Thought(_) => {}
        }
    }
    pairs
}

fn item(input: InputItem) -> Option<Item> {
    match input {
        InputItem::Message(message) => Some(Item::Message(message)),
        InputItem::FunctionCall(call) => Some(Item::Call(call, None)),
        InputItem::FunctionCallOutput(output) => Some(Item::Output(output)),
        InputItem::Raw(raw) => from_raw(raw),
    }
}

/// Items that another model wrote, or that came back from this one with more than we know of.
fn from_raw(mut raw: JsonObject) -> Option<Item> {
    let kind = take_text(&mut raw, "type").unwrap_or_else(|| "message".to_owned());
    match kind.as_str() {
        "message" => Some(Item::Message(message_from_raw(raw)?)),
        "function_call" => Some(Item::Call(
            FunctionCall {
                call_id: take_text(&mut raw, "call_id")?,
                name: take_text(&mut raw, "name")?,
                arguments: take_text(&mut raw, "arguments").unwrap_or_default(),
            },
            raw.remove("extra_content"),
        )),
        "function_call_output" => Some(Item::Output(FunctionCallOutput {
            call_id: take_text(&mut raw, "call_id")?,
            output: match raw.remove("output")? {
                Value::String(output) => output,
                output => output.to_string(),
            },
        })),
        "reasoning" => {
            let content = texts(raw.get("content"));
            let texts = if content.is_empty() { texts(raw.get("summary")) } else { content };
            (!texts.is_empty()).then(|| Item::Thought(texts.join("\n")))
        }
        _ => None,
    }
}

fn message_from_raw(mut raw: JsonObject) -> Option<InputMessage> {
    let role = match take_text(&mut raw, "role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "developer" => Role::Developer,
        "system" => Role::System,
        _ => return None,
    };
    let content = match raw.remove("content")? {
        Value::String(text) => vec![InputContent::Text(text)],
        Value::Array(parts) => parts.into_iter().filter_map(content_from_raw).collect(),
        _ => return None,
    };
    Some(InputMessage { role, content })
}

fn content_from_raw(part: Value) -> Option<InputContent> {
    let Value::Object(mut part) = part else { return None };
    match take_text(&mut part, "type")?.as_str() {
        "input_text" | "output_text" | "text" => {
            Some(InputContent::Text(take_text(&mut part, "text")?))
        }
        "refusal" => Some(InputContent::Text(take_text(&mut part, "refusal")?)),
        "input_image" => Some(InputContent::Image {
            url: take_text(&mut part, "image_url")?,
            detail: take_text(&mut part, "detail"),
        }),
        "input_file" => Some(InputContent::File {
            filename: take_text(&mut part, "filename"),
            data: take_text(&mut part, "file_data"),
            url: take_text(&mut part, "file_url"),
        }),
        _ => None,
    }
}

fn texts(parts: Option<&Value>) -> Vec<&str> {
    let parts = parts.and_then(Value::as_array).into_iter().flatten();
    parts.filter_map(|part| part.get("text")?.as_str()).filter(|text| !text.is_empty()).collect()
}

fn take_text(fields: &mut JsonObject, name: &str) -> Option<String> {
    match fields.remove(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
