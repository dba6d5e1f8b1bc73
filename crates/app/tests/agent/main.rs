//! `chatkit serve --responder agent`: a model behind the server, played by a provider of the test's
//! own over HTTP.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod attachments;
mod endings;
mod faults;
mod images;
mod provider;
mod secrets;
mod start;
mod tools;

use common::{Events, Server, kinds, string, text_of};
use serde_json::Value;

use provider::Provider;

/// A server whose agent asks this provider. Its threads are in memory.
fn agent(provider: &Provider) -> Server {
    agent_with(provider, &[])
}

/// The same with more arguments.
fn agent_with(provider: &Provider, args: &[&str]) -> Server {
    let url = provider.url();
    Server::serve(&[&["--database", "memory:", "--model-url", &url], args].concat())
}

/// The thread that a stream has made.
fn created(events: &[Value]) -> String {
    assert_eq!(events[0]["type"], "thread.created", "{events:?}");
    string(&events[0]["thread"], "id").to_owned()
}

/// Reads on until so much text was shown.
fn until_shown(stream: &mut Events, text: &str) -> Vec<Value> {
    let mut events = Vec::new();
    while common::shown_text(&events) != text {
        events.push(stream.next().unwrap_or_else(|| panic!("no more comes: {events:?}")));
    }
    events
}

/// The items of a thread as `user: text`, `assistant: text`, or their type.
fn story(server: &Server, thread: &str) -> Vec<String> {
    let line = |item: &Value| match string(item, "type") {
        "user_message" => format!("user: {}", text_of(item)),
        "assistant_message" => format!("assistant: {}", text_of(item)),
        other => other.to_owned(),
    };
    server.items(thread).iter().map(line).collect()
}

/// The error that ends a response, which must be its only one.
fn error(events: &[Value]) -> &Value {
    let errors = kinds(events).into_iter().filter(|kind| *kind == "error").count();
    assert_eq!(errors, 1, "{events:?}");
    events.iter().find(|event| event["type"] == "error").unwrap()
}
