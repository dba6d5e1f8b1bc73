//! What changed between two states of a widget.

use std::{cell::OnceCell, collections::HashSet};

use chatkit_protocol::{JsonObject, ThreadItemUpdate, WidgetComponent, WidgetRoot};
use serde_json::Value;

use crate::tree::{component_id, holds_data, is_text};

/// The updates that turn one state of a widget into the next, in document order.
///
/// - Text appended to the `value` of a `Text` or `Markdown` that has an id and is otherwise the
///   same is sent as `widget.streaming_text.value_delta`. Its `done` says that the text is not
///   marked as `streaming`.
/// - Any other change is sent as `widget.component.updated`, for the smallest component around it
///   that has the same id before and after.
/// - A change that no such component is around is sent as `widget.root.updated`, alone.
///
/// An id that stands twice in a widget addresses nothing. No two updates overlap: applied in order
/// with [`apply_widget_update`](crate::apply_widget_update), they give exactly `after`.
///
/// The first rule and the last are the reference's; between them it knows nothing, and it loses
/// text that is appended without an id or outside a list of `children`.
pub fn diff_widget(before: &WidgetRoot, after: &WidgetRoot) -> Vec<ThreadItemUpdate> {
    let mut diff = Diff { roots: [before, after], repeated: OnceCell::new(), changes: Vec::new() };
    let changed = diff.fields(before.as_object(), after.as_object());
    let updates: Option<Vec<_>> = diff.changes.into_iter().map(Change::into_update).collect();
    match updates {
        Some(updates) if !changed => updates,
        _ => vec![ThreadItemUpdate::WidgetRootUpdated { widget: after.clone() }],
    }
}

struct Diff<'a> {
    roots: [&'a WidgetRoot; 2],
    /// The ids that stand more than once in a root; counted only once something has changed.
    repeated: OnceCell<HashSet<&'a str>>,
    changes: Vec<Change<'a>>,
}

enum Change<'a> {
    Appended { id: &'a str, delta: &'a str, done: bool },
    Replaced { id: &'a str, component: &'a JsonObject },
}

impl Change<'_> {
    fn into_update(self) -> Option<ThreadItemUpdate> {
        Some(match self {
            Self::Appended { id, delta, done } => ThreadItemUpdate::WidgetStreamingTextValueDelta {
                component_id: id.to_owned(),
                delta: delta.to_owned(),
                done,
            },
            Self::Replaced { id, component } => ThreadItemUpdate::WidgetComponentUpdated {
                component_id: id.to_owned(),
                component: WidgetComponent::new(Value::Object(component.clone())).ok()?,
            },
        })
    }
}

/// Each of the following says whether something changed that a component around it has to carry.
/// If so, the changes recorded on the way are void: that component removes them.
impl<'a> Diff<'a> {
    fn value(&mut self, before: &Value, after: &'a Value) -> bool {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.object(before, after),
            (Value::Array(before), Value::Array(after)) => {
                before.len() != after.len()
                    || before.iter().zip(after).any(|(before, after)| self.value(before, after))
            }
            _ => before != after,
        }
    }

    fn object(&mut self, before: &JsonObject, after: &'a JsonObject) -> bool {
        let valid = self.changes.len();
        if !self.fields(before, after) {
            return false;
        }
        let Some(id) = self.address(before, after) else { return true };
        self.changes.truncate(valid);
        self.changes.push(Change::Replaced { id, component: after });
        false
    }

    fn fields(&mut self, before: &JsonObject, after: &'a JsonObject) -> bool {
        before.len() != after.len()
            || after.iter().any(|(name, value)| {
                let Some(previous) = before.get(name) else { return true };
                if holds_data(name) {
                    return previous != value;
                }
                if name == "value"
                    && let Some(appended) = self.appended(before, after)
                {
                    self.changes.push(appended);
                    return false;
                }
                self.value(previous, value)
            })
    }

    fn appended(&self, before: &JsonObject, after: &'a JsonObject) -> Option<Change<'a>> {
        let (Value::String(previous), Value::String(text)) =
            (before.get("value")?, after.get("value")?)
        else {
            return None;
        };
        let delta = text.strip_prefix(previous.as_str())?;
        if delta.is_empty() || !is_text(before) || !is_text(after) {
            return None;
        }
        let id = self.address(before, after)?;
        let done = after.get("streaming") != Some(&Value::Bool(true));
        Some(Change::Appended { id, delta, done })
    }

    /// The id by which a client finds the component that stands in the same place on both sides.
    fn address(&self, before: &JsonObject, after: &'a JsonObject) -> Option<&'a str> {
        let id = component_id(after)?;
        let repeated = self.repeated.get_or_init(|| {
            let mut repeated = HashSet::new();
            for root in self.roots {
                count(root.as_object(), &mut HashSet::new(), &mut repeated);
            }
            repeated
        });
        (component_id(before) == Some(id) && !repeated.contains(id)).then_some(id)
    }
}

fn count<'a>(object: &'a JsonObject, seen: &mut HashSet<&'a str>, repeated: &mut HashSet<&'a str>) {
    if let Some(id) = component_id(object)
        && !seen.insert(id)
    {
        repeated.insert(id);
    }
    for (_, value) in object.iter().filter(|(name, _)| !holds_data(name)) {
        count_in(value, seen, repeated);
    }
}

fn count_in<'a>(value: &'a Value, seen: &mut HashSet<&'a str>, repeated: &mut HashSet<&'a str>) {
    match value {
        Value::Object(object) => count(object, seen, repeated),
        Value::Array(values) => {
            values.iter().for_each(|value| count_in(value, seen, repeated));
        }
        _ => {}
    }
}
