//! Widgets in the making: texts that grow, components that change.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    event::{Item, Update, What, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::{brief, difference},
};

/// The components of a widget by id, as a client has them.
type Components = HashMap<String, Component>;

/// What is known of a component.
#[derive(Debug, Default)]
struct Component {
    /// Its text, if it is one that may grow.
    text: Option<String>,
    /// Whether its text has grown.
    grown: bool,
}

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    if stream.blind {
        return;
    }
    let mut widgets: HashMap<&str, Components> = HashMap::new();
    for event in &stream.events {
        if event.item_id().is_some_and(|id| stream.is_tainted(id)) {
            continue;
        }
        match event.what {
            What::Added(item) if item.kind == "widget" => {
                widgets.insert(item.id, components(item.value.get("widget")));
            }
            What::Updated(update) => {
                if let Some(shown) = widgets.get_mut(update.id) {
                    apply(shown, update, event.frame, found);
                }
            }
            What::Done(item) => {
                if let Some(shown) = widgets.remove(item.id) {
                    finish(&shown, item, event.frame, found);
                }
            }
            What::Removed(id) => drop(widgets.remove(id)),
            What::Replaced(item) => drop(widgets.remove(item.id)),
            _ => {}
        }
    }
}

fn apply(shown: &mut Components, update: Update<'_>, frame: usize, found: &mut Findings) {
    let id = text(update.value, "component_id");
    match update.kind {
        "widget.root.updated" => *shown = components(update.value.get("widget")),
        "widget.component.updated" => {
            if !shown.contains_key(id) {
                found.add(&COMPONENT_UNKNOWN, Some(frame), || {
                    format!("widget `{}` has no component `{}`", brief(update.id), brief(id))
                });
            }
            shown.extend(components(update.value.get("component")));
        }
        "widget.streaming_text.value_delta" => match shown.get_mut(id) {
            Some(Component { text: Some(value), grown }) => {
                value.push_str(text(update.value, "delta"));
                *grown = true;
            }
            Some(_) => found.add(&COMPONENT_UNKNOWN, Some(frame), || {
                let (widget, id) = (brief(update.id), brief(id));
                format!("component `{id}` of widget `{widget}` is no Text or Markdown with a value")
            }),
            None => found.add(&COMPONENT_UNKNOWN, Some(frame), || {
                format!("widget `{}` has no component `{}`", brief(update.id), brief(id))
            }),
        },
        _ => {}
    }
}

fn finish(shown: &Components, item: Item<'_>, frame: usize, found: &mut Findings) {
    let finished = components(item.value.get("widget"));
    let mut grown: Vec<_> = shown.iter().filter(|(_, component)| component.grown).collect();
    grown.sort_by_key(|(id, _)| *id);
    for (id, component) in grown {
        let streamed = component.text.as_deref().unwrap_or_default();
        let kept = finished.get(id).and_then(|component| component.text.as_deref());
        if kept != Some(streamed) {
            found.add(&WIDGET_TEXT_DIFFERS, Some(frame), || {
                let difference = difference(streamed, kept.unwrap_or_default());
                format!("component `{}` of widget `{}`: {difference}", brief(id), brief(item.id))
            });
        }
    }
}

/// The components below a value that have an id. Of several with one id the first counts.
fn components(widget: Option<&Value>) -> Components {
    let mut components = Components::new();
    let mut left: Vec<&Value> = widget.into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Object(object) => {
                let kind = object.get("type").and_then(Value::as_str);
                let id = object.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
                if let (Some(kind), Some(id)) = (kind, id) {
                    let grows = matches!(kind, "Text" | "Markdown");
                    let text = object.get("value").and_then(Value::as_str).filter(|_| grows);
                    let component = Component { text: text.map(str::to_owned), grown: false };
                    components.entry(id.to_owned()).or_insert(component);
                }
                // The application's own data may look like components.
                let inner = object.iter().filter(|(field, _)| !holds_data(field));
                left.extend(inner.rev().map(|(_, value)| value));
            }
            Value::Array(values) => left.extend(values.iter().rev()),
            _ => {}
        }
    }
    components
}

fn holds_data(field: &str) -> bool {
    matches!(field, "action" | "payload" | "data") || field.ends_with("Action")
}

const COMPONENT_UNKNOWN: Fault = Fault::error(
    "widget-component-unknown",
    "The client finds nothing to change: the text or component is never shown.",
    "Give the component an id in the first state of the widget and keep it; a text that grows is a \
     Text or Markdown with a `value`.",
);

const WIDGET_TEXT_DIFFERS: Fault = Fault::error(
    "widget-text-differs",
    "The widget's text changes under the reader's eyes: what they saw is not what is kept.",
    "Send only what was appended as a delta, once and in order, and finish with the whole text.",
);
