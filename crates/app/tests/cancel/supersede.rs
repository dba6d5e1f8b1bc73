//! A new message while a turn runs, from the same tab or another.

use std::{sync::Barrier, thread};

use serde_json::{Value, json};

use crate::{
    common::{Server, add_message, create, kinds, list_items, op, script, string, text_of},
    long_reply, short_reply, story,
};

#[test]
fn the_newer_message_is_answered_and_the_older_reply_kept() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let mut first = server.stream(&create(&long_reply("half a rep")));
        let thread = string(&first.until_text()[0]["thread"], "id").to_owned();
        let second = server.say(&thread, &short_reply("second"));
        assert_eq!(second.last().unwrap()["type"], "thread.item.done");
        // The older stream shows what was kept, says nothing more and ends properly.
        assert_eq!(kept(&first.rest()), "half a rep");
        assert_eq!(
            story(&server, &thread),
            ["user", "assistant: half a rep", "user", "assistant: second"],
        );
    }
}

/// The text of the one message that is done after the turn was cancelled.
fn kept(rest: &[Value]) -> String {
    assert_eq!(kinds(rest), ["thread.item.done"]);
    text_of(&rest[0]["item"])
}

#[test]
fn a_whole_row_of_newer_messages_leaves_each_reply_in_its_place() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let mut streams = Vec::new();
    for n in 0..5 {
        let text = long_reply(&format!("reply {n}")).replace("msg_long", &format!("msg_{n}"));
        let mut stream = server.stream(&add_message(&thread, &text));
        stream.until_text();
        streams.push(stream);
    }
    let last = streams.pop().unwrap();
    for (n, stream) in streams.into_iter().enumerate() {
        assert_eq!(kept(&stream.rest()), format!("reply {n}"));
    }
    drop(last);
    assert_eq!(server.say(&thread, r#"{"steps": []}"#).len(), 2);
    let expected: Vec<String> = ["user".to_owned()]
        .into_iter()
        .chain((0..5).flat_map(|n| ["user".to_owned(), format!("assistant: reply {n}")]))
        .chain(["user".to_owned()])
        .collect();
    assert_eq!(story(&server, &thread), expected);
}

#[test]
fn another_tab_reads_and_renames_without_disturbing() {
    let server = Server::playback();
    let mut tab = server.stream(&create(&script(json!([
        {"text": {"deltas": 1, "delta": "a"}},
        {"text": {"deltas": 200, "delta": "b", "gap_ms": 2}},
    ]))));
    let mut events = tab.until("thread.item.done");
    let thread = string(&events[0]["thread"], "id").to_owned();
    events.extend(tab.until_text());
    for _ in 0..20 {
        assert_eq!(server.post(&list_items(&thread, json!({}))).status(), 200);
        server.json("threads.get_by_id", json!({"thread_id": thread}));
        server.json("threads.update", json!({"thread_id": thread, "title": "renamed"}));
        let item = server.items(&thread)[0]["id"].clone();
        server.json(
            "items.feedback",
            json!({"thread_id": thread, "item_ids": [item], "kind": "positive"}),
        );
    }
    events.extend(tab.rest());
    assert_eq!(text_of(&events.last().unwrap()["item"]), "b".repeat(200));
    let stored = server.json("threads.get_by_id", json!({"thread_id": thread}));
    assert_eq!(stored["title"], "renamed");
}

#[test]
fn turns_of_other_threads_go_on() {
    let server = Server::playback();
    let slow = script(json!([{"text": {"deltas": 100, "delta": "x", "gap_ms": 5}}]));
    let mut first = server.stream(&create(&slow));
    let mut second = server.stream(&create(&slow));
    let thread = string(&first.until_text()[0]["thread"], "id").to_owned();
    second.until_text();
    server.say(&thread, r#"{"steps": []}"#);
    let rest = second.rest();
    assert_eq!(text_of(&rest.last().unwrap()["item"]), "x".repeat(100));
}

/// Two tabs that send at the same moment: both messages are stored, each reply is whole or cut,
/// and they do not interleave.
#[test]
fn two_tabs_at_once_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        for _ in 0..20 {
            let thread = server.thread(r#"{"steps": []}"#);
            let together = Barrier::new(2);
            let streams = thread::scope(|scope| {
                let tab = |text: &'static str| {
                    let (server, thread, together) = (&server, &thread, &together);
                    scope.spawn(move || {
                        let connection = server.connect();
                        let reply =
                            script(json!([{"text": {"deltas": 20, "delta": text, "gap_ms": 1}}]));
                        together.wait();
                        connection.stream(&add_message(thread, &reply)).rest()
                    })
                };
                [tab("Q"), tab("Z")].map(|tab| tab.join().unwrap())
            });
            let items = server.items(&thread);
            for events in &streams {
                assert_eq!(kinds(events)[..2], ["thread.item.done", "stream_options"]);
                assert!(items.contains(&events[0]["item"]), "a message was lost: {items:?}");
                assert!(!kinds(events).contains(&"error"), "{events:?}");
            }
            // Each reply follows its own message.
            let mut asked = String::new();
            for item in &items[1..] {
                let text = text_of(item);
                if item["type"] == "user_message" {
                    asked = if text.contains('Q') { "Q" } else { "Z" }.to_owned();
                } else {
                    assert!(text.replace(&asked, "").is_empty(), "{text} after {asked}: {items:?}");
                }
            }
            // The later one was not disturbed.
            let whole = items.iter().filter(|item| text_of(item).len() == 20).count();
            assert!(whole >= 1, "{items:?}");
        }
    }
}

/// What is refused has no effect, on a running reply neither.
#[test]
fn a_request_that_is_refused_does_not_stop_the_reply() {
    let server = Server::playback();
    for request in [
        op("threads.retry_after_item", json!({"thread_id": "$", "item_id": "msg_unknown"})),
        op(
            "threads.add_structured_input",
            json!({"thread_id": "$", "item_id": "si_unknown", "input": {}}),
        ),
        op(
            "threads.custom_action",
            json!({"thread_id": "$", "item_id": "w_unknown", "action": {"type": "a"}}),
        ),
        op("threads.add_client_tool_output", json!({"thread_id": "$", "result": 1})),
        op(
            "threads.add_user_message",
            json!({"thread_id": "$", "input": {"content": [], "attachments": ["atc_unknown"]}}),
        ),
    ] {
        let slow = script(json!([{"text": {"deltas": 200, "delta": "x", "gap_ms": 2}}]));
        let mut stream = server.stream(&create(&slow));
        let thread = string(&stream.until_text()[0]["thread"], "id").to_owned();
        let mut request = request;
        request["params"]["thread_id"] = json!(thread);
        assert_eq!(kinds(&server.events(&request)), ["error"], "{request}");
        let rest = stream.rest();
        let last = rest.last().map(|event| event["type"].clone());
        assert_eq!(last, Some(json!("thread.item.done")), "{request}");
    }
}
