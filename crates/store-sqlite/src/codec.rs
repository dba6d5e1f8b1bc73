//! Records as JSON.

use chatkit_server::RecordKind;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::Failure;

/// The deepest nesting that `serde_json` reads back: it stops at 128 levels.
pub(crate) const MAX_DEPTH: usize = 127;

/// Encodes a record, unless it could not be decoded again.
pub(crate) fn encode<T: Serialize>(
    record: RecordKind,
    id: &str,
    value: &T,
) -> Result<String, Failure> {
    let body = serde_json::to_string(value).map_err(|source| Failure::Json {
        record,
        id: id.to_owned(),
        source: (&source).into(),
    })?;
    if may_nest_too_deep(&body) && depth(&body) > MAX_DEPTH {
        return Err(Failure::TooDeep { record, id: id.to_owned(), limit: MAX_DEPTH });
    }
    Ok(body)
}

/// Decodes a record.
pub(crate) fn decode<T: DeserializeOwned>(
    record: RecordKind,
    id: &str,
    body: &str,
) -> Result<T, Failure> {
    serde_json::from_str(body).map_err(|source| Failure::Json {
        record,
        id: id.to_owned(),
        source: (&source).into(),
    })
}

/// Whether there are so many brackets, in strings too: few records have, and those that have not
/// need no closer look.
fn may_nest_too_deep(json: &str) -> bool {
    memchr::memchr2_iter(b'{', b'[', json.as_bytes()).nth(MAX_DEPTH).is_some()
}

/// How deep arrays and objects nest in a text that is known to be JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use chatkit_protocol::{HiddenContextItem, ThreadItem};
    use serde_json::{Value, json};

    use super::*;

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(null), |inner, _| json!([inner]))
    }

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        assert_eq!(depth("1"), 0);
        assert_eq!(depth(r#"{"a": [1, {}], "b": "[[[\"[["}"#), 3);
        assert_eq!(depth(r#"["\\", ["\\\"["]]"#), 2);
    }

    #[test]
    fn what_is_encoded_can_be_decoded() {
        let mut refused = 0;
        for levels in 100..140 {
            let item = ThreadItem::HiddenContext(HiddenContextItem {
                id: "msg_1".into(),
                thread_id: "thr_1".into(),
                created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
                content: nested(levels),
            });
            match encode(RecordKind::Item, "msg_1", &item) {
                Ok(body) => assert_eq!(
                    decode::<ThreadItem>(RecordKind::Item, "msg_1", &body).unwrap(),
                    item
                ),
                Err(error) => {
                    assert!(matches!(error, Failure::TooDeep { .. }), "{error:?}");
                    assert!(
                        serde_json::from_str::<ThreadItem>(&serde_json::to_string(&item).unwrap())
                            .is_err()
                    );
                    refused += 1;
                }
            }
        }
        assert!(refused > 0);
    }
}
