//! The schema of a tool's arguments, as providers take it.

use serde_json::{Map, Value};

/// Keywords that providers refuse at the top of a schema. A server checks the arguments itself.
const REFUSED_AT_TOP: &[&str] = &["allOf", "anyOf", "const", "enum", "not", "oneOf"];
/// Keywords that a strict schema may have.
const STRICT: &[&str] = &[
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "definitions",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "title",
    "type",
];
/// How deep a strict schema may be nested. Deeper ones are not held to be strict.
const DEEPEST: usize = 32;

/// The schema as a model's provider takes it: that of an object, with `properties`.
pub(super) fn for_provider(schema: &Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    schema.remove("$schema");
    schema.retain(|keyword, _| !REFUSED_AT_TOP.contains(&keyword.as_str()));
    schema.insert("type".to_owned(), "object".into());
    let properties = schema.entry("properties").or_insert_with(|| Map::new().into());
    if !properties.is_object() {
        *properties = Map::new().into();
    }
    Value::Object(schema)
}

/// Whether a provider can hold a model to the schema as it is: every object names all of its
/// properties as required and allows no others, and there are only keywords that are known to be
/// taken.
pub(super) fn is_strict(schema: &Value) -> bool {
    strict_at(schema, DEEPEST)
}

fn strict_at(schema: &Value, depth: usize) -> bool {
    let (Some(schema), Some(depth)) = (schema.as_object(), depth.checked_sub(1)) else {
        return false;
    };
    schema.keys().all(|keyword| STRICT.contains(&keyword.as_str()))
        && (!is_object(schema) || is_closed(schema))
        && ["$defs", "definitions", "properties"].iter().all(|keyword| {
            schema.get(*keyword).is_none_or(|named| {
                named.as_object().is_some_and(|named| named.values().all(|it| strict_at(it, depth)))
            })
        })
        && schema.get("items").is_none_or(|items| strict_at(items, depth))
        && schema.get("anyOf").is_none_or(|any| {
            any.as_array().is_some_and(|any| any.iter().all(|it| strict_at(it, depth)))
        })
}

fn is_object(schema: &Map<String, Value>) -> bool {
    let named = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    };
    named || schema.contains_key("properties")
}

fn is_closed(schema: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.is_none_or(|properties| {
            properties.keys().all(|name| {
                required.is_some_and(|required| required.iter().any(|it| it == name.as_str()))
            })
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn provider(schema: &Value) -> Value {
        for_provider(schema.as_object().unwrap())
    }

    #[test]
    fn a_schema_is_that_of_an_object_with_properties() {
        let empty = json!({"type": "object", "properties": {}});
        assert_eq!(provider(&json!({})), empty);
        assert_eq!(provider(&json!({"$schema": "x", "properties": null, "oneOf": []})), empty);
        let whole =
            json!({"type": "object", "properties": {"a": {"anyOf": []}}, "required": ["a"]});
        assert_eq!(provider(&whole), whole);
    }

    #[test]
    fn a_schema_is_strict_if_all_of_its_objects_are_closed() {
        let strict = json!({
            "type": "object",
            "properties": {
                "a": {"type": "array", "items": {"$ref": "#/$defs/b"}},
                "c": {"anyOf": [{"type": "null"}, {"type": "string", "description": "C"}]},
            },
            "required": ["a", "c"],
            "additionalProperties": false,
            "$defs": {"b": {"type": "object", "properties": {}, "required": [], "additionalProperties": false}},
        });
        assert!(is_strict(&strict));
        for (pointer, value) in [
            ("/required", json!(["a"])),
            ("/additionalProperties", json!(true)),
            ("/properties/a/items", json!({"type": "object"})),
            ("/properties/a", json!(true)),
            ("/properties/c/anyOf/1", json!({"type": "string", "default": "x"})),
            ("/$defs/b/properties", json!({"d": {"type": "string"}})),
        ] {
            let mut loose = strict.clone();
            *loose.pointer_mut(pointer).unwrap() = value;
            assert!(!is_strict(&loose), "{pointer}");
        }
        assert!(!is_strict(&provider(&json!({}))));
    }

    #[test]
    fn a_schema_nested_without_end_is_not_strict() {
        let deep = (0..1000)
            .fold(json!({"type": "string"}), |inner, _| json!({"type": "array", "items": inner}));
        assert!(!is_strict(&deep));
    }
}
