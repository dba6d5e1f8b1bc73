//! Answers, and what the model is asked.

use serde_json::{Value, json};

use crate::{
    agent, agent_with,
    common::{create, kinds, shown_text, string},
    created,
    provider::{Provider, chats, says},
    story,
};

/// A message of the Responses API.
fn message(role: &str, text: &str) -> Value {
    let content = match role {
        "assistant" => json!({"type": "output_text", "text": text, "annotations": []}),
        _ => json!({"type": "input_text", "text": text}),
    };
    json!({"type": "message", "role": role, "content": [content]})
}

#[test]
fn the_responses_api_is_asked_with_the_whole_conversation() {
    let provider = Provider::saying(&["Hello, how are you?", "I am fine too."]);
    let server = agent_with(&provider, &["--model", "small-model", "--model-api", "responses"]);
    let events = server.events(&create("Hi"));
    let thread = created(&events);
    assert_eq!(shown_text(&events), "Hello, how are you?");
    server.say(&thread, "Fine. And you?");
    assert_eq!(
        story(&server, &thread),
        [
            "user: Hi",
            "assistant: Hello, how are you?",
            "user: Fine. And you?",
            "assistant: I am fine too.",
        ]
    );

    let [first, second] = &provider.requests()[..] else { panic!("{:?}", provider.requests()) };
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/v1/responses"));
    assert_eq!(first.header("authorization"), None, "there is no key");
    assert_eq!(
        first.body,
        json!({
            "model": "small-model",
            "instructions": "You are a helpful assistant.",
            "input": [message("user", "Hi")],
            "stream": true,
        })
    );
    assert_eq!(
        second.body["input"],
        json!([
            message("user", "Hi"),
            message("assistant", "Hello, how are you?"),
            message("user", "Fine. And you?"),
        ])
    );
}

#[test]
fn chat_completions_are_asked_with_the_whole_conversation() {
    let provider = Provider::start();
    provider.answer(chats("Hello, how are you?"));
    provider.answer(chats("I am fine too."));
    let api = ["--model", "small-model", "--model-api", "chat-completions"];
    let server = agent_with(&provider, &api);
    let events = server.events(&create("Hi"));
    let thread = created(&events);
    assert_eq!(shown_text(&events), "Hello, how are you?");
    server.say(&thread, "Fine. And you?");
    assert_eq!(story(&server, &thread)[3], "assistant: I am fine too.");

    let [first, second] = &provider.requests()[..] else { panic!("{:?}", provider.requests()) };
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/v1/chat/completions"));
    let instructions = json!({"role": "system", "content": "You are a helpful assistant."});
    assert_eq!(
        first.body,
        json!({
            "model": "small-model",
            "messages": [instructions, {"role": "user", "content": "Hi"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
    assert_eq!(
        second.body["messages"],
        json!([
            instructions,
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello, how are you?"},
            {"role": "user", "content": "Fine. And you?"},
        ])
    );
}

#[test]
fn the_user_sees_that_the_model_thinks_until_it_speaks() {
    let provider = Provider::saying(&["Here I am."]);
    let server = agent(&provider);
    let events = server.events(&create("Are you there?"));
    assert_eq!(
        kinds(&events)[..6],
        [
            "thread.created",
            "thread.item.done",
            "stream_options",
            "progress_update",
            "progress_update",
            "thread.item.added",
        ]
    );
    let progress = |at: usize| (string(&events[at], "text"), events[at]["icon"].is_string());
    assert_eq!((progress(3), progress(4)), (("Thinking…", true), ("", true)));
    let updates = kinds(&events).into_iter().filter(|kind| *kind == "progress_update").count();
    assert_eq!(updates, 2, "{events:?}");
}

#[test]
fn the_user_sees_at_once_that_the_model_thinks() {
    let provider = Provider::start();
    let (answer, gate) = says("At last.").gated();
    provider.answer(answer);
    let server = agent(&provider);
    let mut stream = server.stream(&create("Well?"));
    let before = stream.until("progress_update");
    assert_eq!(before.last().unwrap()["text"], "Thinking…");
    provider.request(1);
    gate.open(100);
    assert_eq!(shown_text(&stream.rest()), "At last.");
}

#[test]
fn the_first_answer_gives_the_thread_a_title() {
    let provider = Provider::saying(&["Rainy.", "Still rainy."]);
    let server = agent(&provider);
    let events = server.events(&create("How is the weather in Bergen?"));
    let last = events.last().unwrap();
    assert_eq!(last["type"], "thread.updated", "{events:?}");
    assert_eq!(last["thread"]["title"], "How is the weather in Bergen?");
    assert_eq!(events[events.len() - 2]["type"], "thread.item.done");
    let thread = created(&events);
    let stored = server.json("threads.get_by_id", json!({"thread_id": thread}));
    assert_eq!(stored["title"], last["thread"]["title"]);

    let events = server.say(&thread, "And in Oslo?");
    assert!(!kinds(&events).contains(&"thread.updated"), "{events:?}");
    assert_eq!(provider.requests().len(), 2, "a title costs no request");
}

#[test]
fn the_oldest_turns_go_when_the_conversation_is_too_long() {
    let provider = Provider::saying(&["First answer.", "Second answer.", "Third answer."]);
    let server = agent_with(&provider, &["--max-input-tokens", "400"]);
    let long = |name: &str| format!("{name} {}", "word ".repeat(200));
    let thread = server.thread(&long("first"));
    server.say(&thread, &long("second"));
    server.say(&thread, "third");
    let input = provider.request(3).body["input"].to_string();
    assert!(input.contains("second") && input.contains("Second answer."), "{input}");
    assert!(!input.contains("first") && !input.contains("First answer."), "{input}");
}
