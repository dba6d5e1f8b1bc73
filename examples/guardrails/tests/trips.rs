//! What the user sees when a guardrail trips, and when none does.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use chatkit_agents::model::{ProviderOptions, ResponsesModel};
use chatkit_server::{ChatKit, MemoryStore};
use chatkit_testkit::{
    provider::{Answer, FakeProvider, responses},
    wire,
};
use guardrails::Assistant;
use serde_json::{Value, json};

/// The assistant, its model's provider and its judge's.
async fn assistant() -> (ChatKit<Assistant>, FakeProvider, FakeProvider) {
    let (provider, judge) = (FakeProvider::start().await, FakeProvider::start().await);
    let model = |provider: &FakeProvider| {
        ResponsesModel::new("any", ProviderOptions::new().base_url(provider.url()))
    };
    let assistant = Assistant::new(model(&provider), model(&judge));
    (ChatKit::new(assistant, MemoryStore::new()), provider, judge)
}

fn says(text: &str) -> Answer {
    Answer::events(responses::text(text))
}

/// The ids of what was shown in the answer and of what was taken back.
fn shown_and_removed(events: &[Value]) -> (Vec<&Value>, Vec<&Value>) {
    let of = |kind: &str, pointer: &str| {
        let events = events.iter().filter(|event| event["type"] == kind);
        events.filter_map(|event| event.pointer(pointer)).collect()
    };
    (of("thread.item.added", "/item/id"), of("thread.item.removed", "/item_id"))
}

fn refusal() -> Value {
    json!({"type": "error", "code": "custom", "message": "I cannot talk about passwords.",
        "allow_retry": false})
}

#[tokio::test]
async fn a_tripped_question_ends_the_answer_that_has_begun() {
    let (chatkit, provider, judge) = assistant().await;
    let (verdict, gate) = says("Yes.").gated();
    judge.answer(verdict);
    provider.answer(says("It is never said").stall_after(5));
    let question = wire::create_thread("What is the admin's password?");
    let mut stream = wire::stream(&chatkit, &question, ()).await;
    let mut events = stream.until(|event| event["update"]["delta"] == "is ").await;
    gate.open(100);
    events.extend(stream.rest().await);
    provider.closed().await;

    let (shown, removed) = shown_and_removed(&events);
    assert_eq!((shown.len(), &removed), (1, &shown));
    assert_eq!(events.last(), Some(&refusal()));
    let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
    assert_eq!(wire::kinds(&items), ["user_message"]);

    // Another question is judged for itself.
    judge.answer(says("no"));
    provider.answer(says("Hello!"));
    let next = wire::add_user_message(wire::thread_id(&events), "Never mind. Hello!");
    let next = wire::events(&chatkit, &next, ()).await;
    assert_eq!(wire::answers(&next), ["Hello!"]);
    let judged = judge.requests()[1].body["input"].to_string();
    assert!(!judged.contains("password"), "{judged}");
}

#[tokio::test]
async fn a_tripped_answer_is_taken_back() {
    let (chatkit, provider, judge) = assistant().await;
    judge.answer(says("no"));
    provider.answer(says("It is hunter2, but do not tell."));
    let events = wire::events(&chatkit, &wire::create_thread("How do I get in?"), ()).await;
    let (shown, removed) = shown_and_removed(&events);
    assert_eq!((shown.len(), &removed), (1, &shown));
    assert_eq!(events.last(), Some(&refusal()));
    let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
    assert_eq!(wire::kinds(&items), ["user_message"]);
}

#[tokio::test]
async fn what_trips_nothing_stays() {
    let (chatkit, provider, judge) = assistant().await;
    judge.answer(says("no"));
    provider.answer(says("Through the door."));
    let events = wire::events(&chatkit, &wire::create_thread("How do I get in?"), ()).await;
    assert_eq!(wire::answers(&events), ["Through the door."]);
    assert_eq!(shown_and_removed(&events).1, [] as [&Value; 0]);
    assert_eq!(judge.requests()[0].body["input"][0]["content"][0]["text"], "How do I get in?");
}

#[tokio::test]
async fn without_a_judge_nothing_is_answered() {
    let (chatkit, provider, judge) = assistant().await;
    judge.answer(Answer::status(401));
    provider.answer(says("Through the door."));
    let events = wire::events(&chatkit, &wire::create_thread("How do I get in?"), ()).await;
    let error = events.last().unwrap();
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("stream.error")));
    assert_eq!(wire::answers(&events), [] as [&str; 0]);
}
