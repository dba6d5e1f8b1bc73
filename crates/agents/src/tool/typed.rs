//! JSON that a model writes for a Rust type: its schema, and reading what the model wrote.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::schema::{strict_schema, strip_nulls};

/// The schema of a type that a model fills in.
#[derive(Debug)]
pub(crate) struct TypedSchema {
    /// As the type has it, wrapped if it is no object.
    schema: Value,
    root: Root,
}

/// How the type is put into an object, which providers want at the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// It is one.
    Object,
    /// There is nothing to fill in.
    Nothing,
    /// It is the only field of an object.
    Field(&'static str),
}

impl TypedSchema {
    /// The schema of a type; one that is no object becomes the field `wrapper` of an object.
    pub(crate) fn of<T: JsonSchema>(wrapper: &'static str) -> Self {
        let plain = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        let plain = Value::from(plain);
        let open = plain == Value::Bool(true)
            || plain.as_object().is_some_and(|schema| {
                schema.keys().all(|key| matches!(key.as_str(), "$schema" | "title" | "description"))
            });
        if open {
            let schema = json!({"type": "object", "additionalProperties": true});
            return Self { schema, root: Root::Object };
        }
        match plain.get("type").and_then(Value::as_str) {
            Some("null") => {
                let schema = json!({"type": "object", "properties": {}});
                return Self { schema, root: Root::Nothing };
            }
            Some("object") if ["anyOf", "oneOf"].iter().all(|key| plain.get(key).is_none()) => {
                return Self { schema: plain, root: Root::Object };
            }
            _ => {}
        }
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let field = generator.subschema_for::<T>();
        let mut schema = json!({
            "type": "object",
            "properties": {wrapper: field},
            "required": [wrapper],
        });
        let definitions = generator.take_definitions(true);
        if let (Some(root), false) = (schema.as_object_mut(), definitions.is_empty()) {
            root.insert("$defs".to_owned(), Value::Object(definitions));
        }
        Self { schema, root: Root::Field(wrapper) }
    }

    /// The schema as a provider takes it, and whether it is strict: only if that is wished and can
    /// be expressed.
    pub(crate) fn for_model(&self, strict: bool) -> (Value, bool) {
        if let (true, Some(schema)) = (strict, strict_schema(&self.schema)) {
            return (schema, true);
        }
        let mut schema = self.schema.clone();
        if let Some(root) = schema.as_object_mut() {
            root.remove("$schema");
            root.remove("title");
            root.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        }
        (schema, false)
    }

    /// What the model wrote, as the type and as JSON that reads as the type; or what is wrong with
    /// it, in words for the model.
    pub(crate) fn read<T: DeserializeOwned>(&self, text: &str) -> Result<(T, Value), String> {
        let value = self.unwrap(parse(text)?)?;
        let read = serde_path_to_error::deserialize(&value).map_err(|error| {
            let path = error.path().to_string();
            let error = error.into_inner();
            if path == "." { error.to_string() } else { format!("`{path}`: {error}") }
        })?;
        Ok((read, value))
    }

    fn unwrap(&self, mut value: Value) -> Result<Value, String> {
        if self.root == Root::Nothing {
            return Ok(Value::Null);
        }
        if !value.is_object() {
            let what = match value {
                Value::Array(_) => "an array",
                Value::String(_) => "a string",
                Value::Number(_) => "a number",
                _ => "something else",
            };
            return Err(format!("expected a JSON object, not {what}"));
        }
        strip_nulls(&mut value, &self.schema);
        match self.root {
            Root::Field(name) => value
                .get_mut(name)
                .map(Value::take)
                .ok_or_else(|| format!("missing field `{name}`")),
            Root::Object | Root::Nothing => Ok(value),
        }
    }
}

/// The JSON of a text. Models write nothing for no arguments, put JSON into a JSON string, or into a
/// block of code.
fn parse(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_str(text) {
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(Value::String(inner)) => {
            Ok(serde_json::from_str(&inner).unwrap_or(Value::String(inner)))
        }
        Ok(value) => Ok(value),
        Err(error) => match without_fence(text).map(serde_json::from_str) {
            Some(Ok(value)) => Ok(value),
            _ => Err(error.to_string()),
        },
    }
}

/// The text within a block of code.
fn without_fence(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("```")?.strip_suffix("```")?;
    let (language, inner) = inner.split_once('\n')?;
    language.chars().all(char::is_alphanumeric).then_some(inner)
}
