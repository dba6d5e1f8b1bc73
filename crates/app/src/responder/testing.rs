//! A client in the same process, for tests: requests in, events out.

use chatkit_server::{ChatKit, ChatKitServer, MemoryStore, Response};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

/// A chat with a responder, in a thread made by the first message.
pub(super) struct Chat<S> {
    chatkit: ChatKit<S>,
    thread: Option<String>,
}

/// The events of one response.
#[derive(Debug, PartialEq)]
pub(super) struct Reply(pub(super) Vec<Value>);

impl<S: ChatKitServer<Context = ()>> Chat<S> {
    pub(super) fn new(responder: S) -> Self {
        Self { chatkit: ChatKit::new(responder, MemoryStore::new()), thread: None }
    }

    pub(super) fn chatkit(&self) -> &ChatKit<S> {
        &self.chatkit
    }

    /// The thread's id.
    pub(super) fn thread(&self) -> &str {
        self.thread.as_deref().expect("a message was sent before")
    }

    /// Sends a text and returns all that the responder sent: nothing of what precedes it.
    pub(super) async fn say(&mut self, text: &str) -> Reply {
        self.send(json!({ "content": [{ "type": "input_text", "text": text }] })).await
    }

    /// Sends a message of any form.
    pub(super) async fn send(&mut self, input: Value) -> Reply {
        let (op, params) = match &self.thread {
            None => ("threads.create", json!({ "input": input })),
            Some(id) => ("threads.add_user_message", json!({ "thread_id": id, "input": input })),
        };
        let mut events = self.stream(op, params).await.0;
        if self.thread.is_none() {
            let id = events[0]["thread"]["id"].as_str().expect("a thread is created first");
            self.thread = Some(id.to_owned());
        }
        let started = events.iter().position(|event| event["type"] == "stream_options");
        Reply(events.split_off(started.map_or(0, |at| at + 1)))
    }

    /// Sends an action of the page.
    pub(super) async fn act(&self, kind: &str, payload: Value) -> Reply {
        self.act_in(None, kind, payload).await
    }

    /// Sends an action of a widget.
    pub(super) async fn act_in(&self, item: Option<&str>, kind: &str, payload: Value) -> Reply {
        let params = self.action(item, kind, &payload);
        let mut events = self.stream("threads.custom_action", params).await.0;
        Reply(events.split_off(1))
    }

    /// Sends a sync action and returns status and body.
    pub(super) async fn act_sync(
        &self,
        item: Option<&str>,
        kind: &str,
        payload: Value,
    ) -> (u16, Value) {
        self.json("threads.sync_custom_action", self.action(item, kind, &payload)).await
    }

    fn action(&self, item: Option<&str>, kind: &str, payload: &Value) -> Value {
        let action = json!({ "type": kind, "payload": payload });
        json!({ "thread_id": self.thread(), "item_id": item, "action": action })
    }

    /// Asks for a stream and returns all its events.
    pub(super) async fn stream(&self, op: &str, params: Value) -> Reply {
        let request = json!({ "type": op, "params": params }).to_string();
        let Response::Stream(frames) = self.chatkit.process(request.as_bytes(), ()).await else {
            panic!("expected a stream for {op}");
        };
        let body = frames.collect::<Vec<_>>().await.concat();
        let body = String::from_utf8(body).expect("a stream is UTF-8");
        let event = |frame: &str| {
            let (_id, json) = frame.split_once("\ndata: ").expect("a frame is an id and data");
            serde_json::from_str(json).expect("a frame is JSON")
        };
        Reply(body.split_terminator("\n\n").map(event).collect())
    }

    /// Asks for one document and returns status and body.
    pub(super) async fn json(&self, op: &str, params: Value) -> (u16, Value) {
        let request = json!({ "type": op, "params": params }).to_string();
        let Response::Json { status, body } = self.chatkit.process(request.as_bytes(), ()).await
        else {
            panic!("expected a document for {op}");
        };
        (status, serde_json::from_slice(&body).expect("a body is JSON"))
    }

    /// The thread as clients see it.
    pub(super) async fn get(&self) -> Value {
        self.json("threads.get_by_id", json!({ "thread_id": self.thread() })).await.1
    }
}

impl Reply {
    /// The events' types, those of updates by the update's own.
    pub(super) fn kinds(&self) -> Vec<&str> {
        let kind = |event| text_at(event, "/update/type").or_else(|| text_at(event, "/type"));
        self.0.iter().map(|event| kind(event).expect("every event has a type")).collect()
    }

    /// The finished items of a type.
    pub(super) fn items(&self, kind: &str) -> Vec<&Value> {
        let done = self.0.iter().filter(|event| event["type"] == "thread.item.done");
        done.map(|event| &event["item"]).filter(|item| item["type"] == kind).collect()
    }

    /// The text of all finished assistant messages.
    pub(super) fn text(&self) -> String {
        let messages = self.items("assistant_message").into_iter();
        let parts = messages.filter_map(|message| message["content"].as_array()).flatten();
        parts.filter_map(|part| part["text"].as_str()).collect()
    }

    /// The error that ended the response.
    pub(super) fn error(&self) -> Option<&Value> {
        self.0.iter().find(|event| event["type"] == "error")
    }
}

fn text_at<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    event.pointer(pointer).and_then(Value::as_str)
}
