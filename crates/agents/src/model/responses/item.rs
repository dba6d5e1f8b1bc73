//! Items as the provider sends them.

use chatkit_protocol::JsonObject;
use serde_json::{Value, json};

use super::{
    event::{text, whole},
    items::Item,
};
use crate::model::{
    Citation, CustomToolCall, FunctionCall, HostedCall, OutputItem, OutputKind, OutputPart,
};

/// The item that begins. Nothing of it goes back to the provider.
pub(super) fn begun_item(raw: &JsonObject) -> OutputItem {
    kind_of(raw).into()
}

/// The item that is done: as it was sent, with what only its deltas had, its number for a call that
/// has no id. `is_stored` is whether the provider keeps its answers.
pub(super) fn finished_item(
    mut raw: JsonObject,
    item: &mut Item,
    number: usize,
    is_stored: bool,
) -> OutputItem {
    fill(&mut raw, item, number);
    let mut kind = kind_of(&raw);
    if let OutputKind::Reasoning(thoughts) = &mut kind
        && thoughts.is_empty()
    {
        *thoughts = item.thoughts.take();
    }
    item.finish();
    OutputItem { kind, raw: returnable(raw, is_stored) }
}

/// Adds what is missing and known.
fn fill(raw: &mut JsonObject, item: &mut Item, number: usize) {
    let is_missing = |raw: &JsonObject, name: &str| match raw.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(_) => false,
    };
    for (name, value) in std::mem::take(&mut item.begun) {
        if name != "status" && is_missing(raw, &name) {
            raw.insert(name, value);
        }
    }
    let field = match item.kind.as_str() {
        "message" => {
            if is_missing(raw, "content") {
                let parts = item.parts.take().into_iter().map(|part| match part.is_refusal {
                    true => json!({"type": "refusal", "refusal": part.text}),
                    false => json!({"type": "output_text", "text": part.text, "annotations": []}),
                });
                raw.insert("content".to_owned(), parts.collect());
            }
            return;
        }
        "function_call" => "arguments",
        "custom_tool_call" => "input",
        _ => return,
    };
    if is_missing(raw, field) {
        raw.insert(field.to_owned(), std::mem::take(&mut item.arguments).into());
    } else if let Some(value @ (Value::Object(_) | Value::Array(_))) = raw.get(field) {
        let value = value.to_string();
        raw.insert(field.to_owned(), value.into());
    }
    if is_missing(raw, "call_id") {
        let id = text(raw, "id").filter(|id| !id.is_empty());
        let id = id.map_or_else(|| format!("call_{number}"), str::to_owned);
        raw.insert("call_id".to_owned(), id.into());
    }
}

fn kind_of(raw: &JsonObject) -> OutputKind {
    let own = |name: &str| text(raw, name).unwrap_or_default().to_owned();
    match text(raw, "type").unwrap_or_default() {
        "message" => OutputKind::Message(match raw.get("content") {
            Some(Value::Array(parts)) => parts.iter().filter_map(part).collect(),
            Some(Value::String(text)) => vec![OutputPart::text(text.as_str())],
            _ => Vec::new(),
        }),
        "function_call" => OutputKind::FunctionCall(FunctionCall {
            call_id: own("call_id"),
            name: own("name"),
            arguments: own("arguments"),
        }),
        "custom_tool_call" => OutputKind::CustomToolCall(CustomToolCall {
            call_id: own("call_id"),
            name: own("name"),
            input: own("input"),
        }),
        "reasoning" => OutputKind::Reasoning(thoughts(raw)),
        kind if is_hosted(kind) => OutputKind::Hosted(HostedCall {
            kind: kind.to_owned(),
            id: text(raw, "id").map(str::to_owned),
            raw: raw.clone(),
        }),
        kind => OutputKind::Other(kind.to_owned()),
    }
}

/// Whether items of this type are calls of tools on the provider's side.
pub(super) fn is_hosted(kind: &str) -> bool {
    kind == "mcp_list_tools" || (kind.ends_with("_call") && !is_own_call(kind))
}

fn is_own_call(kind: &str) -> bool {
    matches!(kind, "function_call" | "custom_tool_call")
}

/// A part of a message; `None` for what is not known here.
pub(super) fn part(part: &Value) -> Option<OutputPart> {
    let part = part.as_object()?;
    match text(part, "type").unwrap_or("output_text") {
        "output_text" | "text" => Some(OutputPart::Text {
            text: text(part, "text").unwrap_or_default().to_owned(),
            citations: match part.get("annotations") {
                Some(Value::Array(annotations)) => annotations.iter().map(citation).collect(),
                _ => Vec::new(),
            },
        }),
        "refusal" => {
            let refusal = text(part, "refusal").or_else(|| text(part, "text"));
            Some(OutputPart::Refusal(refusal.unwrap_or_default().to_owned()))
        }
        _ => None,
    }
}

/// The summary of a reasoning item and, where the provider shows them, its thoughts.
fn thoughts(raw: &JsonObject) -> Vec<String> {
    let lists = ["summary", "content"].into_iter().filter_map(|name| raw.get(name)?.as_array());
    let texts = lists.flatten().filter_map(|part| match part {
        Value::String(text) => Some(text.clone()),
        part => part.get("text")?.as_str().map(str::to_owned),
    });
    texts.collect()
}

/// A reference.
pub(super) fn citation(annotation: &Value) -> Citation {
    let field = |name: &str| annotation.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| annotation.get(name).and_then(whole);
    let kind = annotation.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, field("url")) {
        ("file_citation", _) => Citation::File {
            file_id: field("file_id"),
            filename: field("filename"),
            index: number("index"),
        },
        ("container_file_citation", _) => Citation::ContainerFile {
            container_id: field("container_id"),
            file_id: field("file_id"),
            filename: field("filename"),
            end_index: number("end_index"),
        },
        ("url_citation", Some(url)) => {
            Citation::Url { url, title: field("title"), end_index: number("end_index") }
        }
        _ => Citation::Other(annotation.clone()),
    }
}

/// The item as the provider takes it back, `None` if it would refuse it.
fn returnable(mut raw: JsonObject, is_stored: bool) -> Option<JsonObject> {
    // The provider writes this field and does not read it.
    raw.remove("created_by");
    let has_id = text(&raw, "id").is_some_and(|id| !id.is_empty());
    match text(&raw, "type")? {
        // What the provider did not keep it can only read in the encrypted text.
        "reasoning" => {
            let is_whole = text(&raw, "encrypted_content").is_some_and(|text| !text.is_empty());
            if !(is_whole || is_stored && has_id) {
                return None;
            }
            if !raw.get("summary").is_some_and(Value::is_array) {
                raw.insert("summary".to_owned(), Value::Array(Vec::new()));
            }
        }
        // The provider has the image: megabytes that need not be sent again.
        "image_generation_call" if is_stored && has_id => {
            raw.retain(|name, _| matches!(name.as_str(), "type" | "id"));
        }
        // A message must have something in it.
        "message" if raw.get("content").and_then(Value::as_array).is_none_or(Vec::is_empty) => {
            return None;
        }
        _ => {}
    }
    if !has_id {
        raw.remove("id");
    }
    Some(raw)
}
