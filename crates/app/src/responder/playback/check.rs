//! Reading JSON so that an error names the field.

use chatkit_protocol::{
    AssistantMessageItem, ClientToolCallItem, EndOfTurnItem, GeneratedImageItem, HiddenContextItem,
    SdkHiddenContextItem, StructuredInputItem, TaskItem, Thread, ThreadItem, ThreadItemUpdate,
    ThreadStreamEvent, UserMessageItem, WidgetItem, WorkflowItem,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::script::ScriptError;

type Checked<T> = Result<T, ScriptError>;

/// Reads a value that stands at a path; the empty path is the whole script.
pub(super) fn read<'de, T, D>(value: D, path: &str) -> Checked<T>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = match error.path().to_string().as_str() {
            "." => path.to_owned(),
            below if path.is_empty() || below.starts_with('[') => format!("{path}{below}"),
            below => format!("{path}.{below}"),
        };
        let problem = error.into_inner().to_string();
        match missing_field(&problem) {
            Some(field) if path.is_empty() => ScriptError::new(field, "missing field"),
            Some(field) => ScriptError::new(format!("{path}.{field}"), "missing field"),
            None => ScriptError::new(path, problem),
        }
    })
}

/// Reads an event.
pub(super) fn event(value: &Value, path: &str) -> Checked<ThreadStreamEvent> {
    let of_event = match read(value, path) {
        Ok(event) => return Ok(event),
        Err(error) => error,
    };
    // The event's kind hides from serde where inside the event it went wrong: the parts tell.
    let below = |field: &str| format!("{path}.{field}");
    let part = match (value.get("item"), value.get("update"), value.get("thread")) {
        (Some(part), _, _) => item(part, &below("item")).err(),
        (_, Some(part), _) => read::<ThreadItemUpdate, _>(part, &below("update")).err(),
        (_, _, Some(part)) => read::<Thread, _>(part, &below("thread")).err(),
        _ => None,
    };
    Err(part.unwrap_or(of_event))
}

/// Reads an item.
pub(super) fn item(value: &Value, path: &str) -> Checked<ThreadItem> {
    let of_item = match read(value, path) {
        Ok(item) => return Ok(item),
        Err(error) => error,
    };
    let of_kind = match value.get("type").and_then(Value::as_str) {
        Some("user_message") => problem::<UserMessageItem>(value, path),
        Some("assistant_message") => problem::<AssistantMessageItem>(value, path),
        Some("client_tool_call") => problem::<ClientToolCallItem>(value, path),
        Some("widget") => problem::<WidgetItem>(value, path),
        Some("generated_image") => problem::<GeneratedImageItem>(value, path),
        Some("structured_input") => problem::<StructuredInputItem>(value, path),
        Some("workflow") => problem::<WorkflowItem>(value, path),
        Some("task") => problem::<TaskItem>(value, path),
        Some("hidden_context_item") => problem::<HiddenContextItem>(value, path),
        Some("sdk_hidden_context") => problem::<SdkHiddenContextItem>(value, path),
        Some("end_of_turn") => problem::<EndOfTurnItem>(value, path),
        _ => None,
    };
    Err(of_kind.unwrap_or(of_item))
}

/// A value in a few characters, for an error.
pub(super) fn brief(value: &Value) -> String {
    value.to_string().chars().take(64).collect()
}

fn problem<T: DeserializeOwned>(value: &Value, path: &str) -> Option<ScriptError> {
    read::<T, _>(value, path).err()
}

fn missing_field(problem: &str) -> Option<&str> {
    problem.strip_prefix("missing field `")?.strip_suffix('`')
}
