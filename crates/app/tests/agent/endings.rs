//! Turns that end before the model has finished: its provider is told at once, and what the user
//! saw is kept.

use std::path::Path;

use crate::{
    agent, agent_with,
    common::{
        Database, Server, add_message, by_id, create, kinds, shown_text, string, text_of, until,
    },
    created,
    provider::{Provider, says, says_and_waits},
    story, until_shown,
};

/// A provider whose model begins an answer that never ends.
fn endless() -> Provider {
    let provider = Provider::start();
    provider.answer(says_and_waits("It was a dark "));
    provider
}

fn end_of(server: &Server, thread: &str) -> String {
    let ended = || server.ended().into_iter().find(|ended| ended.thread == thread);
    until("the turn has ended", || ended().is_some());
    ended().unwrap().end
}

#[test]
fn a_client_that_goes_away_ends_the_model_s_answer() {
    let provider = endless();
    let server = agent(&provider);
    let mut stream = server.stream(&create("Tell me a story."));
    let thread = created(&until_shown(&mut stream, "It was a dark "));
    drop(stream);
    provider.closed();
    assert_eq!(end_of(&server, &thread), "disconnect");
    assert_eq!(story(&server, &thread), ["user: Tell me a story.", "assistant: It was a dark "]);
}

#[test]
fn stop_ends_the_model_s_answer() {
    let provider = endless();
    let server = agent(&provider);
    let mut stream = server.stream(&create("Tell me a story."));
    let thread = created(&until_shown(&mut stream, "It was a dark "));
    assert!(server.stop(&thread));
    provider.closed();
    let rest = stream.rest();
    assert_eq!(kinds(&rest), ["thread.item.done"]);
    assert_eq!(text_of(&rest[0]["item"]), "It was a dark ");
    assert_eq!(story(&server, &thread), ["user: Tell me a story.", "assistant: It was a dark "]);
    assert_eq!(end_of(&server, &thread), "stop");
}

#[test]
fn a_model_that_has_not_spoken_is_stopped_too() {
    let provider = Provider::start();
    provider.answer(says("Never.").stall_after(0));
    let server = agent(&provider);
    let mut stream = server.stream(&create("Well?"));
    let thread = created(&stream.until("progress_update"));
    provider.request(1);
    assert!(server.stop(&thread));
    provider.closed();
    assert_eq!(story(&server, &thread), ["user: Well?"]);
}

#[test]
fn a_newer_message_ends_the_model_s_answer_and_is_answered() {
    let provider = endless();
    provider.answer(says("Good night."));
    let server = agent(&provider);
    let mut stream = server.stream(&create("Tell me a story."));
    let thread = created(&until_shown(&mut stream, "It was a dark "));
    let newer = server.events(&add_message(&thread, "I am tired."));
    provider.closed();
    assert_eq!(shown_text(&newer), "Good night.");
    assert_eq!(text_of(&stream.rest()[0]["item"]), "It was a dark ");
    assert_eq!(
        story(&server, &thread),
        [
            "user: Tell me a story.",
            "assistant: It was a dark ",
            "user: I am tired.",
            "assistant: Good night.",
        ]
    );
    let input = provider.request(2).body["input"].to_string();
    assert!(input.contains("It was a dark "), "the model knows what it has said: {input}");
}

#[test]
fn a_signal_ends_the_model_s_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let provider = endless();
    let mut server = on_disk(&provider, &path);
    let mut stream = server.stream(&create("Tell me a story."));
    let thread = created(&until_shown(&mut stream, "It was a dark "));
    server.signal("TERM");
    provider.closed();
    let rest = stream.rest();
    assert_eq!(kinds(&rest), ["thread.item.done", "error"]);
    assert_eq!(rest[1]["allow_retry"], true);
    assert_eq!(server.wait().0.code(), Some(0));
    let items = Database::open(&path).items(&thread).unwrap();
    assert_eq!(text_of(&items[1]), "It was a dark ");
}

/// A server that gives running turns a moment at its end.
fn on_disk(provider: &Provider, path: &Path) -> Server {
    let database = format!("sqlite:{}", path.display());
    let args = ["--database", &database, "--shutdown-grace", "0.2"];
    Server::serve(&[&args[..], &["--model-url", &provider.url()]].concat())
}

#[test]
fn a_page_that_is_loaded_anew_shows_the_answer_so_far() {
    let provider = Provider::start();
    let (answer, gate) = says("It was a dark and stormy night.").gated();
    provider.answer(answer);
    let server = agent(&provider);
    let mut stream = server.stream(&create("Tell me a story."));
    // The response, the item, the part, and four words.
    gate.open(7);
    let told = until_shown(&mut stream, "It was a dark ");
    let thread = created(&told);
    let loaded = server.post(&by_id(&thread)).json();
    let shown = loaded["items"]["data"].as_array().unwrap();
    let reply = shown.iter().find(|item| item["type"] == "assistant_message").unwrap();
    assert_eq!(text_of(reply), "It was a dark ");
    let added = told.iter().find(|event| event["type"] == "thread.item.added").unwrap();
    assert_eq!(string(reply, "id"), string(&added["item"], "id"));
    gate.open(100);
    stream.until("thread.item.done");
    assert_eq!(story(&server, &thread)[1], "assistant: It was a dark and stormy night.");
}

#[test]
fn a_model_that_stalls_is_given_up() {
    let provider = endless();
    provider.answer(says("I am back."));
    let server = agent_with(&provider, &["--gap-timeout", "0.3"]);
    let events = server.events(&create("Tell me a story."));
    provider.closed();
    let error = crate::error(&events);
    assert_eq!((&error["code"], &error["allow_retry"]), (&"custom".into(), &true.into()));
    assert!(string(error, "message").contains("too long"), "{error}");
    let thread = created(&events);
    assert_eq!(end_of(&server, &thread), "stalled");
    assert_eq!(shown_text(&server.say(&thread, "Hello?")), "I am back.");
    assert_eq!(story(&server, &thread)[1], "assistant: It was a dark ");
}
