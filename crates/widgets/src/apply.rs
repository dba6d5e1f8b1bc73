//! What a client does with an update of a widget.

use chatkit_protocol::{JsonObject, ThreadItemUpdate, WidgetComponent, WidgetRoot};
use serde_json::Value;

use crate::tree::{component_id, holds_data, is_text};

/// Applies an update to a widget and says whether it could.
///
/// It cannot when the update is not one of a widget, when no component has the id named, when text
/// is appended to something else than a `Text` or `Markdown`, or when the outcome would be no
/// widget. The widget is then as before. Of several components with one id the first is meant.
///
/// A text that is `done` is no longer marked as `streaming`.
pub fn apply_widget_update(widget: &mut WidgetRoot, update: &ThreadItemUpdate) -> bool {
    match update {
        ThreadItemUpdate::WidgetRootUpdated { widget: next } => {
            *widget = next.clone();
            true
        }
        ThreadItemUpdate::WidgetComponentUpdated { component_id, component } => {
            let Some((pointer, _)) = find(widget, component_id) else { return false };
            widget.replace_component(&pointer, component.clone()).is_ok()
        }
        ThreadItemUpdate::WidgetStreamingTextValueDelta { component_id, delta, done } => {
            append(widget, component_id, delta, *done)
        }
        _ => false,
    }
}

fn append(widget: &mut WidgetRoot, id: &str, delta: &str, done: bool) -> bool {
    let Some((pointer, component)) = find(widget, id) else { return false };
    let Some(Value::String(text)) = component.get("value") else { return false };
    if !is_text(component) {
        return false;
    }
    if done && component.get("streaming") == Some(&Value::Bool(true)) {
        let mut complete = component.clone();
        complete.insert("value".to_owned(), Value::String(format!("{text}{delta}")));
        complete.insert("streaming".to_owned(), Value::Bool(false));
        let complete = WidgetComponent::new(Value::Object(complete));
        return complete.is_ok_and(|it| widget.replace_component(&pointer, it).is_ok());
    }
    let Some(text) = widget.text_mut(&format!("{pointer}/value")) else { return false };
    text.push_str(delta);
    true
}

/// The first component with an id, and where it stands as a JSON pointer.
fn find<'a>(widget: &'a WidgetRoot, id: &str) -> Option<(String, &'a JsonObject)> {
    let mut pointer = String::new();
    let component = find_object(widget.as_object(), id, &mut pointer)?;
    Some((pointer, component))
}

fn find_object<'a>(
    object: &'a JsonObject,
    id: &str,
    pointer: &mut String,
) -> Option<&'a JsonObject> {
    if component_id(object) == Some(id) {
        return Some(object);
    }
    object
        .iter()
        .filter(|(name, value)| !holds_data(name) && (value.is_object() || value.is_array()))
        .find_map(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            find_below(value, id, pointer, &name)
        })
}

fn find_below<'a>(
    value: &'a Value,
    id: &str,
    pointer: &mut String,
    step: &str,
) -> Option<&'a JsonObject> {
    let above = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    let found = match value {
        Value::Object(object) => find_object(object, id, pointer),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .find_map(|(at, value)| find_below(value, id, pointer, &at.to_string())),
        _ => None,
    };
    if found.is_none() {
        pointer.truncate(above);
    }
    found
}
