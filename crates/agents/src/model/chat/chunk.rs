//! A chunk of a streamed completion, read as loosely as providers write it.
//!
//! Everything is optional, `null` is absent, and leaves may have any type: what is made of them is
//! decided where they are used.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::ModelError;
use crate::model::http::Refusal;

/// A chunk.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) id: Value,
    object: Value,
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Value,
    /// Where Groq puts usage and errors.
    pub(super) x_groq: Value,
    error: Value,
    message: Value,
    code: Value,
    /// Addresses, from Perplexity and xAI, in every chunk or in the last.
    pub(super) citations: Value,
    /// The same addresses with titles, from Perplexity.
    pub(super) search_results: Value,
}

/// What the first chunk says of the model; to read it in each would cost for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    model: Value,
}

/// The model's name, as a chunk has it.
pub(super) fn model(data: &str) -> Option<String> {
    serde_json::from_str(data).ok().and_then(|Named { model }| text(model))
}

/// One of the answers that were asked for; we ask for one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    index: Value,
    delta: Option<Delta>,
    /// The whole message, from servers that do not stream.
    message: Option<Delta>,
    pub(super) finish_reason: Value,
}

/// What is new in the message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    /// A string or, from Mistral, an array of parts.
    pub(super) content: Value,
    reasoning_content: Value,
    reasoning: Value,
    reasoning_text: Value,
    thinking: Value,
    pub(super) refusal: Value,
    pub(super) annotations: Value,
    pub(super) tool_calls: Option<Vec<CallChunk>>,
    /// The call of a tool as it was before there could be several.
    pub(super) function_call: Option<FunctionChunk>,
}

/// A piece of a call of a tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallChunk {
    pub(super) index: Value,
    pub(super) id: Value,
    pub(super) function: Option<FunctionChunk>,
    /// What Google wants back with the call.
    pub(super) extra_content: Value,
}

/// Name and arguments of a call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionChunk {
    pub(super) name: Value,
    /// JSON in a string or, from some, the object itself.
    pub(super) arguments: Value,
}

impl Chunk {
    /// The only answer that counts.
    pub(super) fn choice(&mut self) -> Option<Choice> {
        let choices = self.choices.take()?;
        choices.into_iter().find(|choice| number(&choice.index).unwrap_or(0) == 0)
    }

    /// The failure that the chunk reports, if it does.
    pub(super) fn failure(&self) -> Option<ModelError> {
        let error = [Some(&self.error), self.x_groq.get("error")].into_iter().flatten();
        if let Some(error) = error.into_iter().find(|error| !is_empty(error)) {
            return Some(failure(&json!({"error": error})));
        }
        // vLLM sends the error itself.
        (self.object == "error")
            .then(|| failure(&json!({"message": self.message, "code": self.code})))
    }
}

impl Choice {
    /// What is new.
    pub(super) fn delta(&mut self) -> Option<Delta> {
        self.delta.take().or_else(|| self.message.take())
    }
}

impl Delta {
    /// Thoughts. Some send the same text under two names.
    pub(super) fn take_reasoning(&mut self) -> Option<String> {
        [
            &mut self.reasoning_content,
            &mut self.reasoning,
            &mut self.reasoning_text,
            &mut self.thinking,
        ]
        .into_iter()
        .find_map(|field| text(field.take()))
    }
}

/// The failure in a document that is or has an error.
pub(super) fn failure(document: &Value) -> ModelError {
    let refusal = Refusal::from_json(document).unwrap_or_else(|| Refusal {
        message: document.as_str().unwrap_or("the provider reported an error").to_owned(),
        code: None,
    });
    let code = refusal.code.map(|code| match code.parse() {
        // Proxies give the HTTP status that they got.
        Ok(429_u16) => "rate_limit_exceeded".to_owned(),
        Ok(500..=599) => "server_error".to_owned(),
        _ => code,
    });
    ModelError::Failed { message: refusal.message, code }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A text that is not empty.
pub(super) fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A count; some write it as a float or as a string.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().and_then(|number| format!("{number:.0}").parse().ok())),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure_of(chunk: Value) -> Option<(String, Option<String>)> {
        let chunk: Chunk = serde_json::from_value(chunk).unwrap();
        match chunk.failure()? {
            ModelError::Failed { message, code } => Some((message, code)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn counts_come_in_many_forms() {
        assert_eq!(number(&json!(7)), Some(7));
        assert_eq!(number(&json!(7.0)), Some(7));
        assert_eq!(number(&json!("7")), Some(7));
        for none in [json!(-1), json!(-1.5), json!("x"), json!(null), json!([1])] {
            assert_eq!(number(&none), None, "{none}");
        }
    }

    #[test]
    fn failures_are_found_wherever_providers_put_them() {
        let cases = [
            (
                json!({"error": {"message": "no", "type": "server_error", "code": null}}),
                "no",
                Some("server_error"),
            ),
            (
                json!({"error": {"message": "busy", "code": 429}}),
                "busy",
                Some("rate_limit_exceeded"),
            ),
            (json!({"error": {"message": "bad", "code": 502}}), "bad", Some("server_error")),
            (json!({"error": {"message": "odd", "code": 4711}}), "odd", Some("4711")),
            (json!({"error": "plain"}), "plain", None),
            (json!({"error": {"error": {"message": "deep"}}}), "deep", None),
            (json!({"error": {"message": {"detail": "x"}}}), "x", None),
            (json!({"error": {"reason": "?"}}), r#"{"reason":"?"}"#, None),
            (json!({"error": true}), "the provider reported an error", None),
            (json!({"x_groq": {"error": "over"}}), "over", None),
            (json!({"object": "error", "message": "vllm", "code": 400}), "vllm", Some("400")),
        ];
        for (chunk, message, code) in cases {
            let expected = Some((message.to_owned(), code.map(str::to_owned)));
            assert_eq!(failure_of(chunk.clone()), expected, "{chunk}");
        }
        for fine in
            [json!({}), json!({"error": null}), json!({"error": {}}), json!({"message": "x"})]
        {
            assert_eq!(failure_of(fine.clone()), None, "{fine}");
        }
    }
}
