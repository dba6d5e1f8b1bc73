//! The checked-in JSON Schemas are those of the types.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(feature = "schema")]

use std::{env, fs, path::Path};

use chatkit_protocol::schema;
use serde_json::Value;

#[track_caller]
fn assert_current(name: &str, schema: schemars::Schema) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
    let schema = Value::from(schema);
    if env::var_os("UPDATE_GOLDENS").is_some() {
        let text = serde_json::to_string_pretty(&schema).unwrap();
        fs::write(&path, format!("{text}\n")).unwrap();
    }
    let golden = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    assert!(
        golden == Some(schema),
        "schema/{name} does not describe the types any more; if the change is meant, write it with \
         `UPDATE_GOLDENS=1 cargo test -p chatkit-protocol --all-features --test schema`",
    );
}

#[test]
fn requests() {
    assert_current("request.schema.json", schema::request());
}

#[test]
fn events() {
    assert_current("event.schema.json", schema::event());
}
