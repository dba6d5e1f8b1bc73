//! JSON Schemas that providers hold a model to, and what follows from them.
//!
//! Strict mode, as OpenAI's structured outputs have it, wants every object closed and every field
//! required, and knows only part of JSON Schema. What was optional becomes nullable; the `null`s that
//! the model then writes are taken away again before the arguments are read.

mod nulls;
mod strict;
#[cfg(test)]
mod tests;

pub(crate) use nulls::strip_nulls;
pub(crate) use strict::strict_schema;

use serde_json::Value;

/// The schema that a `$ref` means, within its own document.
fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// The name of the definition or the whole document that a schema refers to.
fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)
}

/// Whether a schema takes `null`. One that takes too long to tell is taken not to.
fn accepts_null(schema: &Value, root: &Value) -> bool {
    let mut steps = MAX_STEPS;
    null_is_fine(schema, root, &mut steps)
}

fn null_is_fine(schema: &Value, root: &Value, steps: &mut usize) -> bool {
    let Value::Object(fields) = schema else {
        return schema == &Value::Bool(true);
    };
    if *steps == 0 {
        return false;
    }
    *steps -= 1;
    if let Some(target) = reference(schema).and_then(|reference| resolve(root, reference)) {
        return null_is_fine(target, root, steps);
    }
    if let Some(values) = fields.get("enum").and_then(Value::as_array) {
        return values.contains(&Value::Null);
    }
    if let Some(value) = fields.get("const") {
        return value.is_null();
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(branches) = fields.get(key).and_then(Value::as_array) {
            return branches.iter().any(|branch| null_is_fine(branch, root, steps));
        }
    }
    if let Some(parts) = fields.get("allOf").and_then(Value::as_array) {
        return parts.iter().all(|part| null_is_fine(part, root, steps));
    }
    match fields.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
        _ => true,
    }
}

/// How many schemas are looked at for one answer.
const MAX_STEPS: usize = 200;

/// How deep schemas may refer to others before they are given up on.
const MAX_DEPTH: usize = 100;
