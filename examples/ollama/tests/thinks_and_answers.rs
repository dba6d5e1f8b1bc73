//! A stream as Ollama sends it: thoughts, then the answer.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use chatkit_agents::model::{ChatCompletionsModel, ProviderOptions};
use chatkit_server::{ChatKit, MemoryStore};
use chatkit_testkit::{
    provider::{Answer, FakeProvider, chat},
    wire,
};
use ollama::Assistant;
use serde_json::{Value, json};

async fn assistant() -> (ChatKit<Assistant>, FakeProvider) {
    let provider = FakeProvider::start().await;
    let options = ProviderOptions::new().base_url(provider.url());
    let model = ChatCompletionsModel::new("qwen3", options);
    (ChatKit::new(Assistant::new(model), MemoryStore::new()), provider)
}

/// Deltas of thoughts and of the answer, as the API of a local model has them.
fn thinks_and_says(thoughts: &[&str], words: &[&str]) -> Answer {
    let thoughts = thoughts.iter().map(|text| json!({"content": "", "reasoning": text}));
    let words = words.iter().map(|text| json!({"content": text}));
    Answer::events(chat::chunks(thoughts.chain(words), "stop")).with_done_marker()
}

fn progress(events: &[Value]) -> Vec<&str> {
    let updates = events.iter().filter(|event| event["type"] == "progress_update");
    updates.filter_map(|event| event["text"].as_str()).collect()
}

#[tokio::test]
async fn thoughts_are_a_workflow_that_ends_when_the_answer_begins() {
    let (chatkit, provider) = assistant().await;
    provider.answer(thinks_and_says(&["Four ", "legs, ", "barks."], &["A ", "dog."]));
    let events = wire::events(&chatkit, &wire::create_thread("What barks?"), ()).await;
    assert_eq!(progress(&events), ["Waking the model…", ""]);
    let workflow = |kind: &str| {
        let is_it = |event: &&Value| event["type"] == kind && event["item"]["type"] == "workflow";
        events.iter().position(|event| is_it(&event)).unwrap()
    };
    let (added, done) = (workflow("thread.item.added"), workflow("thread.item.done"));
    let words = |event: &Value| event["update"]["delta"].is_string();
    let spoken = events.iter().position(words).unwrap();
    assert!(added < done && done < spoken, "{events:?}");
    let thought = &events[done]["item"]["workflow"]["tasks"][0];
    assert_eq!(
        (&thought["type"], &thought["content"]),
        (&json!("thought"), &json!("Four legs, barks."))
    );
    assert_eq!(wire::answers(&events), ["A dog."]);
    let items = wire::items(&chatkit, wire::thread_id(&events), ()).await;
    assert_eq!(wire::kinds(&items), ["user_message", "workflow", "assistant_message"]);
}

#[tokio::test]
async fn no_key_is_sent_and_thoughts_are_not_told_again() {
    let (chatkit, provider) = assistant().await;
    provider.answer(thinks_and_says(&["Hm."], &["A dog."]));
    provider.answer(thinks_and_says(&[], &["Yes."]));
    let events = wire::events(&chatkit, &wire::create_thread("What barks?"), ()).await;
    let next = wire::add_user_message(wire::thread_id(&events), "Really?");
    let events = wire::events(&chatkit, &next, ()).await;
    assert_eq!(wire::answers(&events), ["Yes."]);
    let request = &provider.requests()[1];
    assert_eq!(request.path, "/v1/chat/completions");
    assert_eq!(request.header("authorization"), None);
    assert_eq!(
        request.body["messages"],
        json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What barks?"},
            {"role": "assistant", "content": "A dog."},
            {"role": "user", "content": "Really?"},
        ])
    );
}

#[tokio::test]
async fn a_model_that_is_not_there_is_told_in_plain_words() {
    let (chatkit, provider) = assistant().await;
    provider.answer(Answer::status(404).json(&json!({"error": "model 'qwen3' not found"})));
    let events = wire::events(&chatkit, &wire::create_thread("What barks?"), ()).await;
    assert_eq!(events.last().unwrap()["message"], "The model does not exist.");
    assert_eq!(progress(&events), ["Waking the model…", ""]);
}
