//! What a component is and where components stand.

use chatkit_protocol::JsonObject;
use serde_json::Value;

/// The id by which an update may name an object: it is a component, and the id is not empty.
pub(crate) fn component_id(object: &JsonObject) -> Option<&str> {
    match (object.get("type"), object.get("id")) {
        (Some(Value::String(_)), Some(Value::String(id))) if !id.is_empty() => Some(id),
        _ => None,
    }
}

/// Whether a component's `value` is text that may be streamed.
pub(crate) fn is_text(component: &JsonObject) -> bool {
    matches!(component.get("type"), Some(Value::String(kind)) if kind == "Text" || kind == "Markdown")
}

/// Whether the application's own data stands in a field: actions with their payloads, and the
/// rows of a chart. Objects in there may have a `type` and an `id`, but no client looks for
/// components among them.
pub(crate) fn holds_data(field: &str) -> bool {
    matches!(field, "action" | "payload" | "data") || field.ends_with("Action")
}
