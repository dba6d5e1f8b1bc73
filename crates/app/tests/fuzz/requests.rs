//! Requests as a client may send them.

use serde_json::{Value, json};

use super::{scripts, values};
use crate::common::{Rng, op};

/// How many ids of a kind are remembered.
const REMEMBERED: usize = 64;

/// Ids that the server gave out.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) threads: Vec<String>,
    items: Vec<String>,
    attachments: Vec<String>,
}

impl Known {
    pub(crate) fn with_threads(threads: &[String]) -> Self {
        Self { threads: threads.to_vec(), ..Self::default() }
    }

    /// Remembers the ids in an answer or event.
    pub(crate) fn learn(&mut self, rng: &mut Rng, answer: &Value) {
        match answer {
            Value::Object(fields) => {
                if let Some(id) = fields.get("id").and_then(Value::as_str) {
                    let kind = if id.starts_with("thr_") {
                        &mut self.threads
                    } else if id.starts_with("atc_") {
                        &mut self.attachments
                    } else {
                        &mut self.items
                    };
                    remember(kind, rng, id);
                }
                for field in ["thread", "item", "items", "data"] {
                    if let Some(below) = fields.get(field) {
                        self.learn(rng, below);
                    }
                }
            }
            Value::Array(values) => values.iter().take(8).for_each(|value| self.learn(rng, value)),
            _ => {}
        }
    }

    fn thread(&self, rng: &mut Rng) -> Value {
        Self::any(&self.threads, rng)
    }

    fn item(&self, rng: &mut Rng) -> Value {
        if rng.one_in(2) {
            json!(format!("i{}", rng.below(8)))
        } else {
            Self::any(&self.items, rng)
        }
    }

    fn any(known: &[String], rng: &mut Rng) -> Value {
        if known.is_empty() || rng.one_in(20) {
            json!(values::string(rng))
        } else {
            json!(rng.pick(known))
        }
    }
}

fn remember(known: &mut Vec<String>, rng: &mut Rng, id: &str) {
    if known.iter().any(|other| other == id) {
        return;
    }
    if known.len() < REMEMBERED {
        known.push(id.to_owned());
    } else {
        let at = rng.below(REMEMBERED);
        id.clone_into(&mut known[at]);
    }
}

/// A request of any op. Only a patient one has scripts that wait.
pub(crate) fn request(rng: &mut Rng, known: &Known, patient: bool) -> Value {
    let thread = known.thread(rng);
    let script = if patient { scripts::patient(rng) } else { scripts::quick(rng) };
    match rng.below(24) {
        0..=2 => op("threads.create", json!({"input": input(rng, known, &script)})),
        3..=6 => op(
            "threads.add_user_message",
            json!({"thread_id": thread, "input": input(rng, known, &script)}),
        ),
        7 => op(
            "threads.add_client_tool_output",
            json!({"thread_id": thread, "result": values::value(rng)}),
        ),
        8 | 9 => op(
            "threads.add_structured_input",
            json!({"thread_id": thread, "item_id": known.item(rng), "input": {
                "status": rng.pick(&["answered", "skipped"]),
                "answers": {"q": {"values": [values::string(rng)]}, "c": {"skipped": true}}}}),
        ),
        10 | 11 => {
            op("threads.retry_after_item", json!({"thread_id": thread, "item_id": known.item(rng)}))
        }
        12 | 13 => op("threads.custom_action", action(rng, known, &thread, script)),
        14 => {
            let payload = match script["steps"][0]["event"].get("item") {
                Some(item) => json!({"updated_item": item}),
                None => values::value(rng),
            };
            op("threads.sync_custom_action", action(rng, known, &thread, payload))
        }
        15 => op("threads.get_by_id", json!({"thread_id": thread})),
        16 => op("threads.list", page(rng, thread)),
        17 => op("threads.update", json!({"thread_id": thread, "title": values::string(rng)})),
        18 if rng.one_in(2) => op("threads.delete", json!({"thread_id": thread})),
        18 | 19 => {
            let after = known.item(rng);
            let mut params = page(rng, after);
            params["thread_id"] = thread;
            op("items.list", params)
        }
        20 => op(
            "items.feedback",
            json!({"thread_id": thread, "item_ids": [known.item(rng)], "kind": "positive"}),
        ),
        21 => op(
            "attachments.create",
            json!({"name": values::string(rng), "size": rng.below(100), "mime_type":
                rng.pick(&["image/png", "text/plain", "", "\u{0}"])}),
        ),
        22 => {
            op("attachments.delete", json!({"attachment_id": Known::any(&known.attachments, rng)}))
        }
        _ => op(
            "input.transcribe",
            json!({"audio_base64": rng.pick(&["", "AAAA", "AAA", "?"]), "mime_type": values::string(rng)}),
        ),
    }
}

fn input(rng: &mut Rng, known: &Known, script: &Value) -> Value {
    let text = match rng.below(8) {
        0 => values::string(rng),
        _ => values::text(script),
    };
    let mut content = vec![json!({"type": "input_text", "text": text})];
    if rng.one_in(5) {
        content.push(
            json!({"type": "input_tag", "id": "u", "text": "@u", "data": {"d": values::value(rng)},
            "group": null, "interactive": true}),
        );
    }
    let attachments: Vec<Value> =
        (0..rng.below(8) / 7).map(|_| Known::any(&known.attachments, rng)).collect();
    json!({"content": content, "attachments": attachments, "quoted_text": rng.pick(&[json!(null), json!("")]),
           "inference_options": rng.pick(&[json!({}), json!(null), json!({"model": "m", "tool_choice": {"id": "t"}})])})
}

fn action(rng: &mut Rng, known: &Known, thread: &Value, payload: Value) -> Value {
    let item = if rng.one_in(2) { known.item(rng) } else { Value::Null };
    json!({"thread_id": thread, "item_id": item, "action": {"type": "a", "payload": payload}})
}

fn page(rng: &mut Rng, after: Value) -> Value {
    let limit =
        rng.pick(&[json!(null), json!(0), json!(1), json!(3), json!(20), json!(9999)]).clone();
    let after = if rng.one_in(2) { after } else { Value::Null };
    json!({"limit": limit, "order": rng.pick(&["asc", "desc"]), "after": after})
}
