//! Random JSON, and text that is almost JSON.

use serde_json::{Map, Value, json};

use crate::common::Rng;

/// Stands in a [`Value`] for text that no [`Value`] can hold; see [`text`].
const RAW: &str = "\u{1}raw";
/// Behind this, a key's name goes on only to tell it from the same key before.
const AGAIN: char = '\u{1}';

/// Names of fields that mean something somewhere. None of them makes a script wait.
const NAMES: [&str; 30] = [
    "type",
    "params",
    "metadata",
    "thread_id",
    "item_id",
    "input",
    "content",
    "text",
    "attachments",
    "quoted_text",
    "inference_options",
    "tool_choice",
    "model",
    "id",
    "data",
    "limit",
    "order",
    "after",
    "kind",
    "item_ids",
    "action",
    "payload",
    "steps",
    "updated_item",
    "answers",
    "status",
    "title",
    "result",
    "name",
    "size",
];

pub(crate) fn name(rng: &mut Rng) -> String {
    match rng.below(12) {
        0 => string(rng),
        _ => (*rng.pick(&NAMES)).to_owned(),
    }
}

pub(crate) fn string(rng: &mut Rng) -> String {
    const STRINGS: [&str; 19] = [
        "",
        " ",
        "a",
        "\u{0}",
        "\u{1f600}",
        "e\u{301}",
        "\u{2028}\r\n",
        "\\\"/",
        "thr_unknown",
        "msg_x",
        "asc",
        "desc",
        "threads.create",
        "$THREAD",
        "input_text",
        "data: x\n\ndata: y",
        "null",
        "😀\u{feff}",
        "<script>",
    ];
    match rng.below(30) {
        0 => "x".repeat(rng.below(70_000)),
        1 => (0..rng.below(20))
            .filter_map(|_| char::from_u32(u32::try_from(rng.below(0x11_0000)).unwrap()))
            .collect(),
        _ => (*rng.pick(&STRINGS)).to_owned(),
    }
}

pub(crate) fn scalar(rng: &mut Rng) -> Value {
    match rng.below(60) {
        6 => raw(rng),
        other => plain_scalar(rng, other % 9),
    }
}

fn plain_scalar(rng: &mut Rng, kind: usize) -> Value {
    match kind {
        0 => Value::Null,
        1 => json!(rng.one_in(2)),
        2 => json!(rng.below(30)),
        3 => json!(-1),
        4 => json!(rng.next()),
        5 => json!(0.5),
        _ => json!(string(rng)),
    }
}

/// Any JSON, small.
pub(crate) fn value(rng: &mut Rng) -> Value {
    grow(rng, 3)
}

fn grow(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(6) {
        0 if depth > 0 => (0..rng.below(4)).map(|_| grow(rng, depth - 1)).collect(),
        1 | 2 if depth > 0 => {
            Value::Object((0..rng.below(4)).map(|_| (name(rng), grow(rng, depth - 1))).collect())
        }
        _ => scalar(rng),
    }
}

/// Text in place of a value: too large, too deep, or not JSON at all.
pub(crate) fn raw(rng: &mut Rng) -> Value {
    json!(format!("{RAW}{}", rng.next()))
}

fn raw_text(number: u64) -> String {
    const TEXTS: [&str; 13] = [
        "1e308",
        "-0",
        "0.1e-400",
        "123456789012345678901234567890",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "{\"a\":1,\"a\":2}",
        "{\"type\":\"threads.create\"}",
        "1e999",
        "\"\\udc00\\ud800\"",
    ];
    const NOT_JSON: [&str; 8] = ["NaN", "tru", "01", "1.", "\"open", "", "[1,]", "\"\\u12\""];
    let mut rng = Rng::new(number);
    match rng.below(12) {
        0 => return (*rng.pick(&NOT_JSON)).to_owned(),
        1..=7 => return (*rng.pick(&TEXTS)).to_owned(),
        _ => {}
    }
    let depth =
        *rng.pick(&[20, 95, 99, 100, 101, 110, 120, 124, 125, 126, 127, 128, 129, 300, 20_000]);
    let (open, close) = *rng.pick(&[
        ("[", "]"),
        ("{\"a\":", "}"),
        ("{\"type\":\"Row\",\"children\":[", "]}"),
        ("{\"type\":\"Card\",\"id\":\"r\",\"children\":[", "]}"),
    ]);
    let inside = if open.ends_with(':') { "1" } else { "" };
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

/// A key that will stand there a second time.
pub(crate) fn same_key(fields: &Map<String, Value>, key: &str) -> String {
    let mut again = format!("{key}{AGAIN}");
    while fields.contains_key(&again) {
        again.push(AGAIN);
    }
    again
}

/// Writes a value with what no [`Value`] can hold.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::String(string) => match string.strip_prefix(RAW).and_then(|raw| raw.parse().ok()) {
            Some(number) => out.push_str(&raw_text(number)),
            None => out.push_str(&value.to_string()),
        },
        Value::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(value, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(&json!(key.trim_end_matches(AGAIN)).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}
