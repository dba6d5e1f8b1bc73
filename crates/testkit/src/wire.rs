//! Requests and answers as they stand on the wire.
//!
//! ```
//! use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Turn};
//! use chatkit_testkit::wire;
//!
//! struct Hello;
//!
//! impl ChatKitServer for Hello {
//!     type Context = ();
//!
//!     fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
//!         turn.stream(async |_, events| events.message("Hello!").await)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let chatkit = ChatKit::new(Hello, MemoryStore::new());
//! let events = wire::events(&chatkit, &wire::create_thread("Hi"), ()).await;
//! assert_eq!(wire::answers(&events), ["Hello!"]);
//! let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
//! assert_eq!(wire::kinds(&items), ["user_message", "assistant_message"]);
//! # }
//! ```

use std::collections::VecDeque;

use chatkit_server::{ChatKit, ChatKitServer, Response, Subscription};
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

/// The events of an answer as they come. Dropping it is the client going away.
#[derive(Debug)]
pub struct Events {
    frames: Subscription,
    /// Events that came in one piece with others.
    read: VecDeque<Value>,
}

impl Events {
    /// The next event; `None` at the end.
    ///
    /// # Panics
    ///
    /// When what comes is no event: the test fails.
    #[allow(clippy::expect_used, reason = "what fails here fails the test")]
    pub async fn next(&mut self) -> Option<Value> {
        while self.read.is_empty() {
            let chunk = self.frames.next().await?;
            let chunk = std::str::from_utf8(&chunk).expect("frames are UTF-8");
            for frame in chunk.split_terminator("\n\n") {
                let (_, json) = frame.split_once("data: ").expect("a frame has data");
                self.read.push_back(serde_json::from_str(json).expect("data is JSON"));
            }
        }
        self.read.pop_front()
    }

    /// The events up to the first one that is what the test waits for.
    ///
    /// # Panics
    ///
    /// When the stream ends without one.
    #[allow(clippy::panic, reason = "what fails here fails the test")]
    pub async fn until(&mut self, mut is_it: impl FnMut(&Value) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            let found = is_it(&event);
            events.push(event);
            if found {
                return events;
            }
        }
        panic!("the stream ended before: {events:?}")
    }

    /// All events that are still to come.
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next) does.
    pub async fn rest(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// Sends a request that is answered with a stream of events.
///
/// # Panics
///
/// When it is answered otherwise: the test fails.
#[allow(clippy::panic, reason = "what fails here fails the test")]
pub async fn stream<S: ChatKitServer>(
    chatkit: &ChatKit<S>,
    request: &Value,
    context: S::Context,
) -> Events {
    match chatkit.process(request.to_string().as_bytes(), context).await {
        Response::Stream(frames) => Events { frames, read: VecDeque::new() },
        answer @ Response::Json { .. } => {
            panic!("{request} is not answered with a stream: {answer:?}")
        }
    }
}

/// The events that a request is answered with, to the end of the stream.
///
/// # Panics
///
/// As [`stream`] does.
pub async fn events<S: ChatKitServer>(
    chatkit: &ChatKit<S>,
    request: &Value,
    context: S::Context,
) -> Vec<Value> {
    stream(chatkit, request, context).await.rest().await
}

/// The items of a thread that clients see, oldest first; at most a hundred.
///
/// # Panics
///
/// When there is no such thread.
#[allow(clippy::panic, reason = "what fails here fails the test")]
pub async fn items<S: ChatKitServer>(
    chatkit: &ChatKit<S>,
    thread_id: &str,
    context: S::Context,
) -> Vec<Value> {
    let request = json!({"type": "items.list",
        "params": {"thread_id": thread_id, "limit": 100, "order": "asc"}});
    let answer = chatkit.process(request.to_string().as_bytes(), context).await;
    let page = match &answer {
        Response::Json { status: 200, body } => serde_json::from_slice(body).ok(),
        _ => None,
    };
    match page.map(|mut page: Value| page["data"].take()) {
        Some(Value::Array(items)) => items,
        _ => panic!("{thread_id} has no items: {answer:?}"),
    }
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

/// The types of events or items; of an update, the type of what it changes.
pub fn kinds(values: &[Value]) -> Vec<&str> {
    values
        .iter()
        .map(|value| value["update"]["type"].as_str().or(value["type"].as_str()))
        .map(Option::unwrap_or_default)
        .collect()
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
