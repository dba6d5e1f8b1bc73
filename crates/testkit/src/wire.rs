//! Requests and answers as they stand on the wire.

use chatkit_server::{ChatKit, ChatKitServer, Response};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

/// The request that begins a thread with a message.
pub fn create_thread(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

/// The request that adds a message to a thread.
pub fn add_user_message(thread_id: &str, text: &str) -> Value {
    json!({"type": "threads.add_user_message",
        "params": {"thread_id": thread_id, "input": input(text)}})
}

/// The request that brings the output of a client tool.
pub fn add_client_tool_output(thread_id: &str, result: &Value) -> Value {
    json!({"type": "threads.add_client_tool_output",
        "params": {"thread_id": thread_id, "result": result}})
}

/// The events that a request is answered with, to the end of the stream.
///
/// # Panics
///
/// When the request is not answered with a stream of events: the test fails.
#[allow(clippy::panic, clippy::expect_used, reason = "what fails here fails the test")]
pub async fn events<S: ChatKitServer>(
    chatkit: &ChatKit<S>,
    request: &Value,
    context: S::Context,
) -> Vec<Value> {
    let answer = chatkit.process(request.to_string().as_bytes(), context).await;
    let Response::Stream(mut frames) = answer else {
        panic!("{request} is not answered with a stream: {answer:?}")
    };
    let mut events = Vec::new();
    while let Some(chunk) = frames.next().await {
        let chunk = String::from_utf8(chunk.to_vec()).expect("frames are UTF-8");
        for frame in chunk.split_terminator("\n\n") {
            let (_, json) = frame.split_once("data: ").expect("a frame has data");
            events.push(serde_json::from_str(json).expect("data is JSON"));
        }
    }
    events
}

/// The thread that a stream of `threads.create` made.
///
/// # Panics
///
/// When the stream does not begin with `thread.created`.
#[allow(clippy::panic, reason = "what fails here fails the test")]
pub fn thread_id(events: &[Value]) -> &str {
    let created = events.first().and_then(|event| event["thread"]["id"].as_str());
    created.unwrap_or_else(|| panic!("no thread was created: {events:?}"))
}

/// The texts of the assistant messages that were done, in order.
pub fn answers(events: &[Value]) -> Vec<String> {
    let done = events.iter().filter(|event| event["type"] == "thread.item.done");
    let messages = done.filter(|event| event["item"]["type"] == "assistant_message");
    messages
        .map(|event| {
            let parts = event["item"]["content"].as_array().into_iter().flatten();
            parts.filter_map(|part| part["text"].as_str()).collect()
        })
        .collect()
}

fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [],
        "inference_options": {}})
}
