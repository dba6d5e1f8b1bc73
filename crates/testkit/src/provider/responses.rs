//! Streams of the Responses API.

use serde_json::{Value, json};

/// A message.
pub fn text(text: &str) -> Vec<Value> {
    Reply::new().text(text).completed()
}

/// A call of a function tool with the call id `call_0`. The arguments are JSON text, right or wrong.
pub fn function_call(name: &str, arguments: &str) -> Vec<Value> {
    Reply::new().function_call("call_0", name, arguments).completed()
}

/// A reply in the making: items one after the other, then an end.
///
/// ```
/// use chatkit_testkit::provider::responses::Reply;
///
/// let events = Reply::new()
///     .reasoning("Which city?")
///     .function_call("call_1", "weather", r#"{"city": "Oslo"}"#)
///     .completed();
/// assert_eq!(events[0]["type"], "response.created");
/// ```
#[derive(Debug, Clone)]
pub struct Reply {
    events: Vec<Value>,
    output: Vec<Value>,
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// A reply that has begun.
    pub fn new() -> Self {
        let response = response("in_progress", &[]);
        Self {
            events: vec![json!({"type": "response.created", "response": response})],
            output: Vec::new(),
        }
    }

    /// A message, word by word.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.deltas(&words(text))
    }

    /// A message in these deltas.
    #[must_use]
    pub fn deltas(mut self, deltas: &[&str]) -> Self {
        let (index, id) = self.next("msg");
        let text = deltas.concat();
        let place = json!({"item_id": id, "output_index": index, "content_index": 0});
        let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
        let item = |status: &str, content: Value| json!({"id": id, "type": "message", "role": "assistant", "status": status, "content": content});
        self.added(index, &item("in_progress", json!([])));
        self.at("response.content_part.added", &place, json!({"part": part("")}));
        for delta in deltas {
            self.at("response.output_text.delta", &place, json!({"delta": delta}));
        }
        self.at("response.output_text.done", &place, json!({"text": text}));
        self.at("response.content_part.done", &place, json!({"part": part(&text)}));
        self.done(index, item("completed", json!([part(&text)])))
    }

    /// A refusal, word by word.
    #[must_use]
    pub fn refusal(mut self, text: &str) -> Self {
        let (index, id) = self.next("msg");
        let place = json!({"item_id": id, "output_index": index, "content_index": 0});
        let part = |text: &str| json!({"type": "refusal", "refusal": text});
        let item = |status: &str, content: Value| json!({"id": id, "type": "message", "role": "assistant", "status": status, "content": content});
        self.added(index, &item("in_progress", json!([])));
        self.at("response.content_part.added", &place, json!({"part": part("")}));
        for delta in words(text) {
            self.at("response.refusal.delta", &place, json!({"delta": delta}));
        }
        self.at("response.refusal.done", &place, json!({"refusal": text}));
        self.at("response.content_part.done", &place, json!({"part": part(text)}));
        self.done(index, item("completed", json!([part(text)])))
    }

    /// A summary of thoughts, word by word.
    #[must_use]
    pub fn reasoning(mut self, text: &str) -> Self {
        let (index, id) = self.next("rs");
        let place = json!({"item_id": id, "output_index": index, "summary_index": 0});
        let part = |text: &str| json!({"type": "summary_text", "text": text});
        self.added(index, &json!({"id": id, "type": "reasoning", "summary": []}));
        self.at("response.reasoning_summary_part.added", &place, json!({"part": part("")}));
        for delta in words(text) {
            self.at("response.reasoning_summary_text.delta", &place, json!({"delta": delta}));
        }
        self.at("response.reasoning_summary_text.done", &place, json!({"text": text}));
        self.at("response.reasoning_summary_part.done", &place, json!({"part": part(text)}));
        self.done(index, json!({"id": id, "type": "reasoning", "summary": [part(text)]}))
    }

    /// A call of a function tool. The arguments are JSON text, right or wrong.
    #[must_use]
    pub fn function_call(mut self, call_id: &str, name: &str, arguments: &str) -> Self {
        let (index, id) = self.next("fc");
        let place = json!({"item_id": id, "output_index": index});
        let item = |status: &str, arguments: &str| json!({"id": id, "type": "function_call", "call_id": call_id, "name": name, "status": status, "arguments": arguments});
        self.added(index, &item("in_progress", ""));
        for delta in words(arguments) {
            self.at("response.function_call_arguments.delta", &place, json!({"delta": delta}));
        }
        let whole = json!({"arguments": arguments});
        self.at("response.function_call_arguments.done", &place, whole);
        self.done(index, item("completed", arguments))
    }

    /// A call of a tool on the provider's side, for example `web_search_call`, with further fields
    /// of its finished item. In between it is in `working`, for example `searching`.
    #[must_use]
    pub fn hosted(mut self, kind: &str, working: &str, fields: Value) -> Self {
        let (index, id) = self.next("hosted");
        let place = json!({"item_id": id, "output_index": index});
        self.added(index, &json!({"id": id, "type": kind, "status": "in_progress"}));
        for status in ["in_progress", working, "completed"] {
            self.at(&format!("response.{kind}.{status}"), &place, json!({}));
        }
        let item = json!({"id": id, "type": kind, "status": "completed"});
        self.done(index, merged(&item, fields))
    }

    /// Any event.
    #[must_use]
    pub fn event(mut self, event: Value) -> Self {
        self.events.push(event);
        self
    }

    /// The events of a reply that is complete.
    pub fn completed(self) -> Vec<Value> {
        self.ended("response.completed", "completed", json!({"usage": usage()}))
    }

    /// The events of a reply that was cut short, for example by `max_output_tokens`.
    pub fn incomplete(self, reason: &str) -> Vec<Value> {
        let details = json!({"usage": usage(), "incomplete_details": {"reason": reason}});
        self.ended("response.incomplete", "incomplete", details)
    }

    /// The events of a reply that failed.
    pub fn failed(self, code: &str, message: &str) -> Vec<Value> {
        let error = json!({"error": {"code": code, "message": message}});
        self.ended("response.failed", "failed", error)
    }

    /// The events of a reply that has no end.
    pub fn unfinished(self) -> Vec<Value> {
        self.events
    }

    fn ended(mut self, kind: &str, status: &str, fields: Value) -> Vec<Value> {
        let response = merged(&response(status, &self.output), fields);
        self.events.push(json!({"type": kind, "response": response}));
        self.events
    }

    /// The index and the id of the next item.
    fn next(&self, prefix: &str) -> (usize, String) {
        let index = self.output.len();
        (index, format!("{prefix}_{index}"))
    }

    fn added(&mut self, index: usize, item: &Value) {
        let kind = "response.output_item.added";
        self.events.push(json!({"type": kind, "output_index": index, "item": item}));
    }

    fn at(&mut self, kind: &str, place: &Value, fields: Value) {
        let event = merged(&json!({"type": kind}), place.clone());
        self.events.push(merged(&event, fields));
    }

    fn done(mut self, index: usize, item: Value) -> Self {
        let kind = "response.output_item.done";
        self.events.push(json!({"type": kind, "output_index": index, "item": item}));
        self.output.push(item);
        self
    }
}

fn response(status: &str, output: &[Value]) -> Value {
    json!({"id": "resp_0", "object": "response", "model": "fake", "status": status, "output": output})
}

fn usage() -> Value {
    json!({
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 15,
    })
}

/// An object with further fields.
fn merged(object: &Value, fields: Value) -> Value {
    let mut object = object.clone();
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    object
}

/// A text in words, each with the space behind it.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(' ').collect()
}
