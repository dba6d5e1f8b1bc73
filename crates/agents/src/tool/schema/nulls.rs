//! Taking away the `null`s that stand for fields left out.

use serde_json::{Map, Value};

use super::{MAX_DEPTH, accepts_null, reference, resolve};

/// Takes away the fields that are `null` where the schema has them optional and does not know
/// `null`: strict mode has the model write `null` for what it would leave out.
pub(crate) fn strip_nulls(value: &mut Value, schema: &Value) {
    strip(value, schema, schema, MAX_DEPTH);
}

fn strip(value: &mut Value, schema: &Value, root: &Value, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let Some(schema) = follow(schema, root) else { return };
    let branch = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten()
        .find(|branch| may_be(value, branch, root));
    if let Some(branch) = branch {
        strip(value, branch, root, depth);
    }
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        strip(value, only, root, depth);
    }
    match value {
        Value::Object(fields) => strip_fields(fields, schema, root, depth),
        Value::Array(values) => {
            if let Some(items) = schema.get("items") {
                for value in values {
                    strip(value, items, root, depth);
                }
            }
        }
        _ => {}
    }
}

fn strip_fields(fields: &mut Map<String, Value>, schema: &Value, root: &Value, depth: usize) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let rest = schema.get("additionalProperties");
    fields.retain(|name, value| {
        let Some(property) = properties.and_then(|properties| properties.get(name)).or(rest) else {
            return true;
        };
        if value.is_null() {
            return requires(schema, name) || accepts_null(property, root);
        }
        strip(value, property, root, depth);
        true
    });
}

/// Whether a value may be meant by a branch: it has the branch's required fields and constants.
fn may_be(value: &Value, branch: &Value, root: &Value) -> bool {
    let Some(branch) = follow(branch, root) else { return false };
    let Value::Object(fields) = value else {
        let is_array = branch.get("type").is_some_and(|kind| kind == "array");
        return value.is_array() && is_array;
    };
    let Some(properties) = branch.get("properties").and_then(Value::as_object) else {
        return false;
    };
    properties.iter().all(|(name, property)| {
        let value = fields.get(name).filter(|value| !value.is_null());
        match (value, property.get("const")) {
            (Some(value), Some(constant)) => value == constant,
            (Some(_), None) => true,
            (None, _) => {
                !requires(branch, name) || fields.contains_key(name) && accepts_null(property, root)
            }
        }
    })
}

fn requires(schema: &Value, name: &str) -> bool {
    schema
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|required| required.iter().any(|required| required == name))
}

/// The schema itself, or the one that it refers to. Chains of references end somewhere.
fn follow<'a>(mut schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    for _ in 0..MAX_DEPTH {
        match reference(schema) {
            Some(reference) => schema = resolve(root, reference)?,
            None => return Some(schema),
        }
    }
    None
}
