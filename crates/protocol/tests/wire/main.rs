//! What the types look like on the wire, both ways.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod items;
mod sources;
mod structured_input;
mod threads;
mod updates;
mod widgets;
mod workflows;

use std::fmt::Debug;

use chatkit_protocol::{JsonObject, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// When everything in these tests was made.
const AT: &str = "2026-01-02T03:04:05.25Z";

fn at() -> Timestamp {
    AT.parse().unwrap()
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

/// Asserts that a value is written as this JSON and read back from it, and still read with fields
/// that nobody knows yet.
#[track_caller]
fn assert_wire<T>(value: &T, json: &Value)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(serde_json::to_value(value).unwrap(), *json);
    assert_read(json, value);
    if let Value::Object(object) = json {
        let mut more = object.clone();
        more.insert("new_in_2030".to_owned(), Value::from(vec![1, 2]));
        assert_read(&Value::Object(more), value);
    }
}

/// Asserts that a value is read from this JSON, in which defaults may be left out.
#[track_caller]
fn assert_read<T>(json: &Value, value: &T)
where
    T: DeserializeOwned + PartialEq + Debug,
{
    let text = json.to_string();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value);
}
