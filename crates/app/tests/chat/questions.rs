//! What a thread waits for: answers, and tools.

use serde_json::{Value, json};

use crate::{
    Chat,
    common::{Server, message_item, script},
    done,
    process::url,
};

fn asks() -> String {
    script(json!([
        {"thread": {"metadata": {"on_resume": {"steps": [done(&message_item("msg_t", "thanks"))]}}}},
        {"event": {"type": "thread.item.done", "item": {
            "type": "structured_input", "id": "si", "thread_id": "$THREAD",
            "created_at": "2026-01-01T00:00:00Z",
            "inputs": [
                {"type": "multiple_choice", "id": "one", "question": "Which?",
                 "options": [{"value": "tea"}, {"value": "juice"}]},
                {"type": "multiple_choice", "id": "many", "question": "With?", "multiple": true,
                 "options": [{"value": "milk"}, {"value": "sugar"}]},
                {"type": "freeform", "id": "free", "question": "Why?"},
            ],
        }}},
    ]))
}

fn only_item(server: &Server, at: usize) -> Value {
    let threads = server.json("threads.list", json!({}));
    server.items(threads["data"][0]["id"].as_str().unwrap()).swap_remove(at)
}

#[test]
fn questions_are_answered_line_by_line() {
    let server = Server::playback();
    let lines = [&*asks(), "coffee", "2", "1, sugar", "because"];
    let ended = Chat::tell(&url(&server), &[], &lines);
    assert_eq!(ended.code, Some(0), "{}", ended.notes);
    assert!(ended.out.starts_with("Which?\n  1  tea\n  2  juice\n"), "{}", ended.out);
    assert!(
        ended.out.ends_with("· Which? juice\n· With? milk, sugar\n· Why? because\nthanks\n"),
        "{}",
        ended.out
    );
    let says = "expected a number from 1 to 2, found `coffee`";
    assert!(ended.notes.contains(says), "{}", ended.notes);
    let item = only_item(&server, 1);
    assert_eq!(item["status"], "answered");
    assert_eq!(item["inputs"][1]["answer"]["values"], json!(["milk", "sugar"]));
}

#[test]
fn questions_may_be_skipped_or_left_for_later() {
    let server = Server::playback();
    let left = Chat::tell(&url(&server), &[], &[&asks(), "1"]);
    assert!(left.notes.contains("the questions stay unanswered"), "{}", left.notes);
    assert_eq!(only_item(&server, 1)["status"], "pending");
    let skipped = Chat::tell(&url(&server), &["--resume"], &["", "/skip"]);
    assert_eq!(only_item(&server, 1)["status"], "skipped", "{}", skipped.notes);
    assert!(skipped.out.ends_with("thanks\n"), "{}", skipped.out);
}

#[test]
fn a_tool_of_the_page_is_answered_with_an_error() {
    let server = Server::playback();
    let resume = json!({"steps": [done(&message_item("msg_t", "never mind"))]});
    let calls = script(json!([
        {"thread": {"metadata": {"on_resume": resume}}},
        {"event": {"type": "thread.item.done", "item": {
            "type": "client_tool_call", "id": "ctc", "thread_id": "$THREAD",
            "created_at": "2026-01-01T00:00:00Z", "call_id": "c", "name": "look",
            "arguments": {"at": "map"}}}},
    ]));
    let ended = Chat::tell(&url(&server), &[], &[&calls]);
    assert_eq!(ended.out, "· tool of the page: look {\"at\":\"map\"}\nnever mind\n");
    assert!(ended.notes.contains("this client has no tools"), "{}", ended.notes);
    let item = only_item(&server, 1);
    assert_eq!(item["output"], json!({"error": "not available in a terminal"}));
}
