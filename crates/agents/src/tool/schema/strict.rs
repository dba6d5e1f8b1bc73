//! Schemas as strict mode wants them.

use serde_json::{Map, Value, json};

use super::{MAX_DEPTH, accepts_null, reference, resolve};

/// The schema in strict mode, or `None` if it has something that strict mode cannot express: maps,
/// open objects, tuples, conditions.
pub(crate) fn strict_schema(schema: &Value) -> Option<Value> {
    let mut conversion =
        Conversion { root: schema, budget: MAX_SCHEMAS, open: vec!["#".to_owned()] };
    let mut strict = conversion.convert(schema, MAX_DEPTH)?;
    if strict.get("type") != Some(&Value::from("object")) {
        return None;
    }
    for key in ["$defs", "definitions"] {
        let Some(named) = schema.get(key).and_then(Value::as_object) else { continue };
        let mut definitions = Map::new();
        for (name, definition) in named {
            conversion.open = vec![format!("#/{key}/{name}")];
            let definition = conversion.convert(definition, MAX_DEPTH)?;
            definitions.insert(name.clone(), Value::Object(definition));
        }
        strict.insert(key.to_owned(), Value::Object(definitions));
    }
    Some(Value::Object(strict))
}

/// How many schemas one may come to when what it refers to is written out.
const MAX_SCHEMAS: usize = 10_000;

/// What strict mode knows, besides the parts that are converted themselves.
const KEPT: &[&str] = &[
    "const",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
];

/// What says something to people alone, or can be left to the reading of the arguments.
const DROPPED: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "default",
    "definitions",
    "deprecated",
    "examples",
    "format",
    "maxLength",
    "minLength",
    "readOnly",
    "title",
    "uniqueItems",
    "writeOnly",
];

/// The formats of strings that strict mode knows.
const FORMATS: &[&str] =
    &["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"];

struct Conversion<'a> {
    root: &'a Value,
    budget: usize,
    /// The definitions that are being written out.
    open: Vec<String>,
}

impl Conversion<'_> {
    fn convert(&mut self, schema: &Value, depth: usize) -> Option<Map<String, Value>> {
        let fields = schema.as_object()?;
        self.budget = self.budget.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        if let Some(target) = reference(schema) {
            return self.convert_reference(fields, target, depth);
        }
        if let Some([only]) = fields.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.convert(&merged(fields, "allOf", only)?, depth);
        }
        let mut strict = Map::new();
        for (key, value) in fields {
            match key.as_str() {
                "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                    strict.insert(key.clone(), value.clone());
                }
                "anyOf" | "oneOf" => {
                    let mut branches = Vec::new();
                    for branch in value.as_array()? {
                        branches.push(Value::Object(self.convert(branch, depth)?));
                    }
                    if strict.insert("anyOf".to_owned(), Value::Array(branches)).is_some() {
                        return None;
                    }
                }
                "items" => {
                    strict.insert(key.clone(), Value::Object(self.convert(value, depth)?));
                }
                "properties" | "required" => {}
                "additionalProperties" if value == &Value::Bool(false) => {}
                key if KEPT.contains(&key) => {
                    strict.insert(key.to_owned(), value.clone());
                }
                key if DROPPED.contains(&key) => {}
                _ => return None,
            }
        }
        self.close(fields, &mut strict, depth)?;
        let says_something =
            ["type", "anyOf", "enum", "const"].iter().any(|key| strict.contains_key(*key));
        says_something.then_some(strict)
    }

    /// Closes an object: nothing but its fields, and all of them.
    fn close(
        &mut self,
        fields: &Map<String, Value>,
        strict: &mut Map<String, Value>,
        depth: usize,
    ) -> Option<()> {
        let properties = fields.get("properties");
        if properties.is_some() {
            strict.entry("type").or_insert_with(|| "object".into());
        }
        if !has_type(strict, "object") {
            return Some(());
        }
        // A closed object beside a choice of objects would fit none of them.
        if strict.contains_key("anyOf") {
            return None;
        }
        let mut converted = Map::new();
        let mut required = Vec::new();
        for (name, property) in properties.and_then(Value::as_object).into_iter().flatten() {
            let mut property_strict = self.convert(property, depth)?;
            if !requires(fields, name) && !accepts_null(property, self.root) {
                property_strict = nullable(property_strict);
            }
            converted.insert(name.clone(), Value::Object(property_strict));
            required.push(Value::from(name.as_str()));
        }
        strict.insert("properties".to_owned(), Value::Object(converted));
        strict.insert("required".to_owned(), Value::Array(required));
        strict.insert("additionalProperties".to_owned(), Value::Bool(false));
        Some(())
    }

    /// A reference stands alone in strict mode: what stands beside it is put into what it means.
    fn convert_reference(
        &mut self,
        fields: &Map<String, Value>,
        target: &str,
        depth: usize,
    ) -> Option<Map<String, Value>> {
        let meant = resolve(self.root, target)?;
        let beside = |key: &String| key != "$ref" && !DROPPED.contains(&key.as_str());
        if fields.keys().any(|key| beside(key) && key != "description") {
            return None;
        }
        let alone =
            !fields.contains_key("description") || self.open.iter().any(|open| open == target);
        if alone {
            return Some([("$ref".to_owned(), target.into())].into_iter().collect());
        }
        self.open.push(target.to_owned());
        let written_out = self.convert(&merged(fields, "$ref", meant)?, depth);
        self.open.pop();
        written_out
    }
}

/// A schema with the fields of another that it contains under `key`; its own win, unless they bind
/// the value.
fn merged(fields: &Map<String, Value>, key: &str, other: &Value) -> Option<Value> {
    let mut merged = other.as_object()?.clone();
    for (name, value) in fields.iter().filter(|(name, _)| *name != key) {
        let free = name == "description" || DROPPED.contains(&name.as_str());
        let before = merged.insert(name.clone(), value.clone());
        if before.is_some_and(|before| !free && before != *value) {
            return None;
        }
    }
    Some(Value::Object(merged))
}

/// The schema, with `null`.
fn nullable(mut strict: Map<String, Value>) -> Map<String, Value> {
    let no_value = json!({"type": "null"});
    if let Some(Value::Array(branches)) = strict.get_mut("anyOf") {
        branches.push(no_value);
        return strict;
    }
    let constant = strict.contains_key("const");
    match strict.get_mut("type") {
        Some(Value::Array(names)) if !constant => names.push("null".into()),
        Some(kind @ Value::String(_)) if !constant => *kind = json!([kind.take(), "null"]),
        _ => {
            let description = strict.remove("description");
            let mut either = Map::new();
            either.extend(description.map(|text| ("description".to_owned(), text)));
            either.insert("anyOf".to_owned(), json!([strict, no_value]));
            return either;
        }
    }
    if let Some(Value::Array(values)) = strict.get_mut("enum") {
        values.push(Value::Null);
    }
    strict
}

fn has_type(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}

fn requires(schema: &Map<String, Value>, name: &str) -> bool {
    schema
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|required| required.iter().any(|required| required == name))
}
