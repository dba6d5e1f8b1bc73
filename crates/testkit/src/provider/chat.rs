//! Streams of the Chat Completions API. To be sent with
//! [`with_done_marker`](super::Answer::with_done_marker).

use serde_json::{Value, json};

use super::responses::words;

/// A message, word by word.
pub fn text(text: &str) -> Vec<Value> {
    let deltas = words(text).into_iter().map(|word| json!({"content": word}));
    chunks(deltas, "stop")
}

/// A call of a function tool with the call id `call_0`. The arguments are JSON text, right or wrong.
pub fn function_call(name: &str, arguments: &str) -> Vec<Value> {
    function_calls(&[("call_0", name, arguments)])
}

/// Calls of function tools: call id, name, arguments.
pub fn function_calls(calls: &[(&str, &str, &str)]) -> Vec<Value> {
    let deltas = calls.iter().enumerate().flat_map(|(index, (id, name, arguments))| {
        let begin = json!({"tool_calls": [{
            "index": index, "id": id, "type": "function",
            "function": {"name": name, "arguments": ""},
        }]});
        let more = words(arguments).into_iter().map(move |arguments| {
            json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})
        });
        std::iter::once(begin).chain(more)
    });
    chunks(deltas, "tool_calls")
}

/// A reply in these deltas, with the reason why it ends, then what it cost.
pub fn chunks(deltas: impl IntoIterator<Item = Value>, finish_reason: &str) -> Vec<Value> {
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "chatcmpl_0", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": "fake", "choices": choices, "usage": usage,
        })
    };
    let choice = |delta: Value, reason: Value| json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
    let mut events =
        vec![chunk(choice(json!({"role": "assistant", "content": ""}), Value::Null), Value::Null)];
    for delta in deltas {
        events.push(chunk(choice(delta, Value::Null), Value::Null));
    }
    events.push(chunk(choice(json!({}), finish_reason.into()), Value::Null));
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    events.push(chunk(json!([]), usage));
    events
}
