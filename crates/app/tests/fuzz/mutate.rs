//! What can go wrong with a request on its way.

use serde_json::Value;

use super::values;
use crate::common::Rng;

/// Changes some values, removes some fields, and gives some twice.
pub(crate) fn json(rng: &mut Rng, request: &mut Value) {
    for _ in 0..1 + rng.below(3) {
        let deep = rng.below(7);
        // Mostly below the op, so that the op is reached.
        match request.get_mut("params") {
            Some(params) if !rng.one_in(12) => change(rng, params, deep),
            _ => change(rng, request, deep),
        }
    }
}

fn change(rng: &mut Rng, value: &mut Value, deeper: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let at = rng.below(fields.len());
            let below = fields.iter().find(|(_, value)| value.is_object() || value.is_array());
            let key = match below {
                Some((key, _)) if deeper > 0 && rng.one_in(2) => key.clone(),
                _ => fields.keys().nth(at).cloned().unwrap_or_default(),
            };
            if deeper > 0 {
                return change(rng, &mut fields[&key], deeper - 1);
            }
            match rng.below(6) {
                0 => drop(fields.remove(&key)),
                1 => {
                    let (again, twin) = (values::same_key(fields, &key), fields[&key].clone());
                    fields.insert(again, if rng.one_in(2) { twin } else { values::value(rng) });
                }
                2 => drop(fields.insert(values::name(rng), values::value(rng))),
                3 => fields[&key] = values::raw(rng),
                _ => fields[&key] = values::value(rng),
            }
        }
        Value::Array(values) if !values.is_empty() => {
            let at = rng.below(values.len());
            if deeper > 0 {
                return change(rng, &mut values[at], deeper - 1);
            }
            match rng.below(3) {
                0 => drop(values.remove(at)),
                1 => values.insert(at, values[at].clone()),
                _ => values[at] = values::value(rng),
            }
        }
        Value::String(text) if rng.one_in(3) => {
            // A script inside the text: changed as JSON, it stays one.
            let mut script = serde_json::from_str(text).unwrap_or(Value::Null);
            if script.is_object() {
                json(rng, &mut script);
                *text = values::text(&script);
            } else {
                *text = values::string(rng);
            }
        }
        other => *other = values::value(rng),
    }
}

/// Changes bytes.
pub(crate) fn bytes(rng: &mut Rng, body: &mut Vec<u8>) {
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(body.len() + 1);
        match rng.below(7) {
            0 => body.truncate(at),
            1 => drop(body.drain(..at)),
            2 if at < body.len() => body[at] ^= 1 << rng.below(8),
            3 if at < body.len() => body[at] = rng.byte(),
            4 => {
                let piece = *rng.pick(&[
                    &b"\""[..],
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b",",
                    b":",
                    b"\\",
                    b"\\u",
                    b"\0",
                    b"\xff",
                    b"\xc3",
                    b"\xed\xa0\x80",
                    b"\xf4\x90\x80\x80",
                    b"\r\n\r\n",
                    b"null",
                    b"1e9999",
                ]);
                body.splice(at..at, piece.iter().copied());
            }
            5 => {
                let end = at + rng.below(body.len() - at + 1).min(64);
                let piece = body[at..end].to_vec();
                let to = rng.below(body.len() + 1);
                body.splice(to..to, piece);
            }
            _ => drop(body.drain(at..(at + rng.below(16)).min(body.len()))),
        }
    }
}

/// Bytes of no meaning.
pub(crate) fn noise(rng: &mut Rng) -> Vec<u8> {
    (0..rng.below(300)).map(|_| rng.byte()).collect()
}
