//! Events on the wire, read loosely: anything may be missing, unknown, or of another type.

use std::borrow::Cow;

use chatkit_protocol::JsonObject;
use serde::Deserialize;
use serde_json::Value;

use crate::model::json::with_halves_replaced;

/// JSON that is nested deeper is not read, and not repaired either.
const MAX_DEPTH: usize = 127;

/// An event.
#[derive(Debug, PartialEq)]
pub(super) enum WireEvent<'a> {
    /// Text that is appended to something.
    Delta(Delta<'a>),
    /// Anything else.
    Other {
        /// Its type.
        kind: Cow<'a, str>,
        /// Its fields.
        fields: JsonObject,
    },
}

/// Text that is appended to something: nearly all events of a stream are such.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Delta<'a> {
    /// The event's type.
    #[serde(default, rename = "type")]
    pub(super) kind: Option<&'a str>,
    pub(super) delta: String,
    #[serde(default)]
    pub(super) output_index: Option<u64>,
    #[serde(default)]
    pub(super) item_id: Option<&'a str>,
    #[serde(default)]
    pub(super) content_index: Option<u64>,
    #[serde(default)]
    pub(super) summary_index: Option<u64>,
}

/// The data of an event is nothing that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Reads an event by its name, if it has one, and its data.
///
/// # Errors
///
/// [`Unreadable`] when the data is no JSON object, nor one of which only closing brackets or halves
/// of characters are missing.
pub(super) fn parse<'a>(name: Option<&'a str>, data: &'a str) -> Result<WireEvent<'a>, Unreadable> {
    if let Some(kind) = leading_type(data).or(name)
        && kind.ends_with(".delta")
        && let Ok(mut delta) = serde_json::from_str::<Delta<'_>>(data)
        && *delta.kind.get_or_insert(kind) == kind
    {
        return Ok(WireEvent::Delta(delta));
    }
    let document = serde_json::from_str(data).or_else(|error| {
        let repaired =
            if error.is_eof() { with_brackets_closed(data) } else { with_halves_replaced(data) };
        repaired.and_then(|data| serde_json::from_str(&data).ok()).ok_or(Unreadable)
    })?;
    let Value::Object(fields) = document else { return Err(Unreadable) };
    let kind = match text(&fields, "type") {
        Some(kind) => Cow::Owned(kind.to_owned()),
        None => Cow::Borrowed(name.unwrap_or_default()),
    };
    Ok(WireEvent::Other { kind, fields })
}

/// The type of an object that begins with it, as providers write them.
fn leading_type(data: &str) -> Option<&str> {
    let rest = data.trim_start().strip_prefix('{')?.trim_start().strip_prefix("\"type\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(kind, _)| kind)
}

/// The text with the brackets that are missing at its end, unless it ends within a string.
fn with_brackets_closed(text: &str) -> Option<String> {
    let mut missing = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => missing.push('}'),
            b'[' => missing.push(']'),
            b'}' | b']' if missing.pop() != Some(char::from(byte)) => return None,
            _ => {}
        }
        if missing.len() > MAX_DEPTH {
            return None;
        }
    }
    let closed = || text.chars().chain(missing.into_iter().rev()).collect();
    (!in_string).then(closed)
}

/// A text field.
pub(super) fn text<'a>(fields: &'a JsonObject, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

/// A text field, taken out.
pub(super) fn take_text(fields: &mut JsonObject, name: &str) -> Option<String> {
    match fields.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A field that is a position or a count, be it written as a whole number or not.
pub(super) fn number(fields: &JsonObject, name: &str) -> Option<u64> {
    whole(fields.get(name)?).and_then(|number| u64::try_from(number).ok())
}

/// A whole number, however it is written.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn whole(value: &Value) -> Option<i64> {
    let in_range = |number: &f64| number.is_finite() && number.abs() < 9e15;
    value.as_i64().or_else(|| value.as_f64().filter(in_range).map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Unreadable, WireEvent, number, parse};

    fn other(name: Option<&str>, data: &str) -> Option<(String, serde_json::Value)> {
        match parse(name, data) {
            Ok(WireEvent::Other { kind, fields }) => Some((kind.into_owned(), fields.into())),
            _ => None,
        }
    }

    #[test]
    fn the_short_way_for_deltas() {
        for (name, data) in [
            (None, r#"{"type":"x.delta","delta":"a\n","output_index":1,"logprobs":[]}"#),
            (None, r#" { "type" : "x.delta", "delta":"a\n", "output_index":1, "item_id":null}"#),
            (Some("x.delta"), r#"{"delta":"a\n","output_index":1,"type":"x.delta"}"#),
            (Some("x.delta"), r#"{"delta":"a\n","output_index":1}"#),
        ] {
            match parse(name, data) {
                Ok(WireEvent::Delta(delta)) => {
                    assert_eq!(delta.kind, Some("x.delta"));
                    assert_eq!((delta.delta.as_str(), delta.output_index), ("a\n", Some(1)));
                }
                other => panic!("{data}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_long_way_for_odd_deltas() {
        for data in [
            r#"{"type":"x.delta","delta":{"text":"a"}}"#,
            r#"{"type":"x.delta","delta":"a","output_index":1.0}"#,
            r#"{"type":"x.delta"}"#,
            r#"{"delta":"a","type":"x.delta"}"#,
        ] {
            assert_eq!(other(None, data).unwrap().0, "x.delta", "{data}");
        }
        assert_eq!(other(Some("x.delta"), r#"{"delta":"a","type":"y"}"#).unwrap().0, "y");
    }

    #[test]
    fn missing_closing_brackets_are_added() {
        let whole = json!({"type": "t", "a": [{"b": "}\\\""}]});
        assert_eq!(other(None, r#"{"type":"t","a":[{"b":"}\\\""}"#).unwrap().1, whole);
        for data in ["{\"a\":\"b", "{\"a\":", "{\"a\":[}", "", "[", "hello", "3", &"[".repeat(9999)]
        {
            assert_eq!(parse(None, data), Err(Unreadable), "{data}");
        }
    }

    #[test]
    fn half_a_character_does_not_cost_the_text_around_it() {
        let (_, fields) = other(None, r#"{"type":"x.delta","delta":"a\ud83d"}"#).unwrap();
        assert_eq!(fields["delta"], "a\u{fffd}");
    }

    #[test]
    fn numbers_however_they_are_written() {
        let fields = json!({"a": 3, "b": 3.0, "c": -1, "d": "3", "e": 1e300, "f": null});
        let fields = fields.as_object().unwrap();
        let read: Vec<_> =
            ["a", "b", "c", "d", "e", "f", "g"].map(|name| number(fields, name)).into();
        assert_eq!(read, [Some(3), Some(3), None, None, None, None, None]);
    }
}
