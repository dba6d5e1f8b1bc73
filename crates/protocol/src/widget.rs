//! Widgets as open JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::JsonObject;

/// The root of a widget: a JSON object whose `type` is `Card`, `ListView` or `Basic`.
///
/// What stands inside is open: clients know more components than any server-side list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WidgetRoot(#[serde(deserialize_with = "root")] JsonObject);

/// A component of a widget: a JSON object with a `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WidgetComponent(#[serde(deserialize_with = "component")] JsonObject);

/// The JSON is no widget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWidget {
    /// It is not an object.
    #[error("expected a widget as a JSON object")]
    NotAnObject,
    /// The type is not one of the roots.
    #[error("type: expected a widget root `Card`, `ListView` or `Basic`, found {found}")]
    NotARoot {
        /// The type found, as JSON.
        found: String,
    },
    /// A component lacks its type.
    #[error("type: expected the name of a widget component, found {found}")]
    NotAComponent {
        /// The type found, as JSON.
        found: String,
    },
    /// It is nested deeper than [`WidgetRoot::MAX_DEPTH`].
    #[error("expected a widget of at most {} nested levels", WidgetRoot::MAX_DEPTH)]
    TooDeep,
    /// A change is for a component that is not there.
    #[error("expected the place of a widget component, found `{pointer}`")]
    NoSuchComponent {
        /// The JSON pointer given.
        pointer: String,
    },
}

impl WidgetRoot {
    /// The types that may stand at the root.
    pub const TYPES: [&'static str; 3] = ["Card", "ListView", "Basic"];

    /// How many objects and arrays may stand within one another.
    ///
    /// JSON parsers give up at some depth, serde_json at 128: a widget that is deeper could be
    /// stored but not be read back. The rest is left for what a widget is wrapped in.
    pub const MAX_DEPTH: usize = 100;

    /// Checks the root and drops the `null` fields, as the reference does on the wire.
    ///
    /// # Errors
    ///
    /// When the value is not an object, its type is not one of [`WidgetRoot::TYPES`], or it is
    /// nested deeper than [`WidgetRoot::MAX_DEPTH`].
    pub fn new(widget: Value) -> Result<Self, InvalidWidget> {
        let mut object = shallow_object(widget)?;
        match object.get("type") {
            Some(Value::String(name)) if Self::TYPES.contains(&name.as_str()) => {
                drop_null_fields(&mut object);
                Ok(Self(object))
            }
            found => Err(InvalidWidget::NotARoot { found: describe(found) }),
        }
    }

    /// The text at a JSON pointer (RFC 6901) such as `/children/0/value`, to be changed in place.
    ///
    /// The root's type is not given out.
    pub fn text_mut(&mut self, pointer: &str) -> Option<&mut String> {
        if pointer == "/type" {
            return None;
        }
        match self.at(pointer)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Puts a component in the place of the one at a JSON pointer (RFC 6901) such as
    /// `/children/0`.
    ///
    /// # Errors
    ///
    /// When no component stands there, it is the root and the new component is none, or the widget
    /// would be nested deeper than [`WidgetRoot::MAX_DEPTH`]; the widget is then as before.
    pub fn replace_component(
        &mut self,
        pointer: &str,
        component: WidgetComponent,
    ) -> Result<(), InvalidWidget> {
        if pointer.is_empty() {
            *self = Self::new(component.into_value())?;
            return Ok(());
        }
        let component = component.into_value();
        let above = pointer.matches('/').count();
        match self.at(pointer) {
            Some(place) if is_component(place) => {
                if depth(&component) + above > Self::MAX_DEPTH {
                    return Err(InvalidWidget::TooDeep);
                }
                *place = component;
                Ok(())
            }
            _ => Err(InvalidWidget::NoSuchComponent { pointer: pointer.to_owned() }),
        }
    }

    fn at(&mut self, pointer: &str) -> Option<&mut Value> {
        let below = pointer.strip_prefix('/')?;
        let (name, rest) = below.find('/').map_or((below, ""), |end| below.split_at(end));
        self.0.get_mut(&name.replace("~1", "/").replace("~0", "~"))?.pointer_mut(rest)
    }

    /// The root's fields.
    pub fn as_object(&self) -> &JsonObject {
        &self.0
    }

    /// The root as JSON.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

impl WidgetComponent {
    /// Checks the component and drops the `null` fields, as the reference does on the wire.
    ///
    /// # Errors
    ///
    /// When the value is not an object with a string `type`, or nested deeper than
    /// [`WidgetRoot::MAX_DEPTH`].
    pub fn new(component: Value) -> Result<Self, InvalidWidget> {
        let mut object = shallow_object(component)?;
        match object.get("type") {
            Some(Value::String(_)) => {
                drop_null_fields(&mut object);
                Ok(Self(object))
            }
            found => Err(InvalidWidget::NotAComponent { found: describe(found) }),
        }
    }

    /// The component's fields.
    pub fn as_object(&self) -> &JsonObject {
        &self.0
    }

    /// The component as JSON.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

impl TryFrom<Value> for WidgetRoot {
    type Error = InvalidWidget;

    fn try_from(widget: Value) -> Result<Self, InvalidWidget> {
        Self::new(widget)
    }
}

impl TryFrom<Value> for WidgetComponent {
    type Error = InvalidWidget;

    fn try_from(component: Value) -> Result<Self, InvalidWidget> {
        Self::new(component)
    }
}

fn root<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<JsonObject, D::Error> {
    let value = Value::deserialize(deserializer)?;
    WidgetRoot::new(value).map(|root| root.0).map_err(serde::de::Error::custom)
}

fn component<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<JsonObject, D::Error> {
    let value = Value::deserialize(deserializer)?;
    WidgetComponent::new(value).map(|component| component.0).map_err(serde::de::Error::custom)
}

fn describe(found: Option<&Value>) -> String {
    found.map_or_else(|| "nothing".to_owned(), |value| value.to_string().chars().take(64).collect())
}

/// The object in a value that is not nested too deep. Everything else about widgets may recurse.
fn shallow_object(value: Value) -> Result<JsonObject, InvalidWidget> {
    if depth(&value) > WidgetRoot::MAX_DEPTH {
        dismantle(value);
        return Err(InvalidWidget::TooDeep);
    }
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(InvalidWidget::NotAnObject),
    }
}

fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut left = vec![(value, 1)];
    while let Some((value, level)) = left.pop() {
        match value {
            Value::Object(object) => left.extend(object.values().map(|value| (value, level + 1))),
            Value::Array(values) => left.extend(values.iter().map(|value| (value, level + 1))),
            _ => continue,
        }
        deepest = deepest.max(level);
    }
    deepest
}

/// Drops a value level by level: dropping it whole recurses and may overflow the stack.
fn dismantle(value: Value) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(object) => left.extend(object.into_iter().map(|(_, value)| value)),
            Value::Array(values) => left.extend(values),
            _ => {}
        }
    }
}

fn is_component(value: &Value) -> bool {
    matches!(value.get("type"), Some(Value::String(_)))
}

fn drop_null_fields(object: &mut JsonObject) {
    object.retain(|_, value| !value.is_null());
    object.values_mut().for_each(drop_nulls);
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => drop_null_fields(object),
        Value::Array(values) => {
            values.retain(|value| !value.is_null());
            values.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{WidgetComponent, WidgetRoot};

    impl JsonSchema for WidgetRoot {
        fn schema_name() -> Cow<'static, str> {
            "WidgetRoot".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "type": "object",
                "required": ["type"],
                "properties": { "type": { "enum": WidgetRoot::TYPES } }
            })
        }
    }

    impl JsonSchema for WidgetComponent {
        fn schema_name() -> Cow<'static, str> {
            "WidgetComponent".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "type": "object",
                "required": ["type"],
                "properties": { "type": { "type": "string" } }
            })
        }
    }
}
