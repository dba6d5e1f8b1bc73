//! Streams that break one rule of the protocol.

use std::{sync::Mutex, thread};

use serde_json::{Value, json};

use crate::{
    common::{Server, script, words},
    faulty::{
        Change::{self, After, Before, Data, Drop, Edit, Late, Twice},
        Faults, Proxy, rewrite,
    },
    report::Report,
};

/// A change, and what is found then. The stream is `spoken` unless another is named.
type Case = (&'static [&'static str], Change);

const MESSAGES: &[Case] = &[
    // How a turn begins.
    (&["thread-created-missing"], Drop(|event| is(event, "thread.created"))),
    (&["thread-created-not-first"], Late(|event| is(event, "thread.created"))),
    (&["user-message-not-echoed"], Drop(is_echo)),
    (&["stream-options-missing"], Drop(|event| is(event, "stream_options"))),
    (&["stream-options-late"], Late(|event| is(event, "stream_options"))),
    // An item from its beginning to its end.
    (&["missing-done"], Drop(is_done)),
    (&["done-twice"], Twice(is_done)),
    (&["added-twice"], Twice(is_added)),
    (&["update-without-added"], Drop(is_added)),
    (
        &["delta-before-part", "annotation-before-part"],
        Drop(|event| updates(event, "content_part.added")),
    ),
    (&["part-added-twice"], Twice(|event| updates(event, "content_part.added"))),
    (&["part-not-done"], Drop(|event| updates(event, "content_part.done"))),
    (&["text-differs"], Drop(|event| event["update"]["delta"] == "w2 ")),
    (
        &["annotation-before-part"],
        Before(
            |event| updates(event, "content_part.added"),
            |_| {
                let at = |update| json!({"type": "thread.item.updated", "item_id": ID, "update": update});
                at(annotation())
            },
        ),
    ),
    (
        &["annotation-without-index"],
        Edit(
            |event| updates(event, "content_part.annotation_added"),
            |event| event["update"]["annotation"]["index"] = Value::Null,
        ),
    ),
    (
        &["part-without-annotations"],
        Edit(
            |event| updates(event, "content_part.added"),
            |event| {
                event["update"]["content"].as_object_mut().unwrap().remove("annotations");
            },
        ),
    ),
    // Fields.
    (
        &["date-without-offset"],
        Edit(is_echo, |event| {
            let date =
                event["item"]["created_at"].as_str().unwrap().trim_end_matches('Z').to_owned();
            event["item"]["created_at"] = date.into();
        }),
    ),
    (&["bad-date"], Edit(is_echo, |event| event["item"]["created_at"] = "today".into())),
    (&["id-clash"], Edit(is_echo, |event| event["item"]["id"] = ID.into())),
    (&["id-reserved-prefix"], Edit(is_echo, |event| event["item"]["id"] = "client_1".into())),
    (&["id-empty"], Edit(is_echo, |event| event["item"]["id"] = "".into())),
    (&["thread-id-differs"], Edit(is_done, |event| event["item"]["thread_id"] = "thr_x".into())),
    (
        &["bad-shape"],
        Edit(
            |event| event["update"]["delta"] == "w2 ",
            |event| event["update"]["content_index"] = "first".into(),
        ),
    ),
    // What no client knows or should see.
    (&["not-json"], Data(is_progress, "{\"type\": \"progress_update\", ")),
    (&["unknown-event"], Before(is_done, |_| json!({"type": "thread.item.finished"}))),
    (
        &["unknown-item"],
        Before(is_added, |event| {
            let mut done = event.clone();
            done["type"] = "thread.item.done".into();
            done["item"]["id"] = "itm_unknown".into();
            done["item"]["type"] = "poem".into();
            done
        }),
    ),
    (
        &["unknown-update"],
        After(
            |event| event["update"]["delta"] == "w2 ",
            |event| {
                let mut update = event.clone();
                update["update"]["type"] = "assistant_message.content_part.sung".into();
                update
            },
        ),
    ),
    (
        &["hidden-item-leaked"],
        Before(is_added, |event| {
            let mut item = event["item"].clone();
            item["id"] = "itm_hidden".into();
            item["type"] = "hidden_context_item".into();
            item["content"] = "what the user must not see".into();
            json!({"type": "thread.item.done", "item": item})
        }),
    ),
    // Errors.
    (&["error-event"], After(is_done, |_| error())),
    (&["error-event", "error-then-more"], Before(is_done, |_| error())),
    (
        &["progress-never-cleared"],
        After(is_done, |_| json!({"type": "progress_update", "text": "Nearly there"})),
    ),
];

const CALLS: &[Case] = &[
    (&["client-tool-call-twice"], Twice(is_call)),
    (
        &["client-tool-call-not-pending"],
        Edit(is_call, |event| event["item"]["status"] = "completed".into()),
    ),
    (
        &["client-tool-call-not-last"],
        After(is_call, |event| {
            let mut item = event["item"].clone();
            item["id"] = "msg_after".into();
            item["type"] = "assistant_message".into();
            item["content"] = json!([{"type": "output_text", "text": "Done.", "annotations": []}]);
            json!({"type": "thread.item.done", "item": item})
        }),
    ),
];

/// The id of the answer's message.
const ID: &str = "msg_told";

/// A message with progress, several deltas and an annotation.
fn spoken() -> String {
    let update = |update: Value| json!({"event": {"type": "thread.item.updated", "item_id": ID, "update": update}});
    let mut steps = vec![
        json!({"event": {"type": "progress_update", "icon": "search", "text": "Searching"}}),
        json!({"sleep_ms": 30}),
    ];
    steps.extend(words(ID, 6, 30));
    let annotation = annotation();
    let part = json!({"type": "output_text", "text": crate::common::said(6), "annotations": [annotation["annotation"]]});
    steps.push(update(annotation));
    steps.push(update(
        json!({"type": "assistant_message.content_part.done", "content_index": 0, "content": part}),
    ));
    let mut item = crate::common::message_item(ID, "");
    item["content"] = json!([part]);
    steps.push(json!({"event": {"type": "thread.item.done", "item": item}}));
    script(steps.into())
}

fn annotation() -> Value {
    json!({
        "type": "assistant_message.content_part.annotation_added",
        "content_index": 0, "annotation_index": 0,
        "annotation": {
            "type": "annotation",
            "source": {"type": "url", "title": "A page", "url": "https://example.com/"},
            "index": 4,
        },
    })
}

/// A call of a tool of the client's.
fn calling() -> String {
    script(json!([{"event": {"type": "thread.item.done", "item": {
        "type": "client_tool_call", "id": "ctc_told", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "status": "pending",
        "call_id": "call_1", "name": "look", "arguments": {},
    }}}]))
}

fn error() -> Value {
    json!({"type": "error", "code": "custom", "message": "no more", "allow_retry": true})
}

fn is(event: &Value, kind: &str) -> bool {
    event["type"] == kind
}

fn is_item(event: &Value, kind: &str, item: &str) -> bool {
    is(event, kind) && event["item"]["type"] == item
}

fn is_echo(event: &Value) -> bool {
    is_item(event, "thread.item.done", "user_message")
}

fn is_added(event: &Value) -> bool {
    is_item(event, "thread.item.added", "assistant_message")
}

fn is_done(event: &Value) -> bool {
    is_item(event, "thread.item.done", "assistant_message")
}

fn is_call(event: &Value) -> bool {
    is_item(event, "thread.item.done", "client_tool_call")
}

fn is_progress(event: &Value) -> bool {
    is(event, "progress_update")
}

fn updates(event: &Value, kind: &str) -> bool {
    event["update"]["type"] == format!("assistant_message.{kind}")
}

#[test]
fn a_message_without_a_fault_is_fine() {
    let server = Server::playback();
    let proxy = Proxy::start(server.address(), Faults::stream(rewrite(Drop(|_| false))));
    let report = Report::of_script(&proxy.url(), &spoken(), &[]);
    report.is_only(&[]);
    report.ended_with(0);
}

#[test]
fn a_call_without_a_fault_is_fine() {
    let server = Server::playback();
    Report::of_script(&Proxy::start(server.address(), Faults::none()).url(), &calling(), &[])
        .is_only(&[]);
}

#[test]
fn each_fault_of_a_message_is_found_and_nothing_else() {
    check(MESSAGES, &spoken());
}

#[test]
fn each_fault_of_a_client_tool_call_is_found_and_nothing_else() {
    check(CALLS, &calling());
}

/// Runs the cases, a few at a time.
fn check(cases: &[Case], script: &str) {
    let server = Server::playback();
    let wrong = Mutex::new(Vec::new());
    for cases in cases.chunks(4) {
        thread::scope(|scope| {
            for (codes, change) in cases {
                let (server, wrong) = (&server, &wrong);
                scope.spawn(move || {
                    let proxy = Proxy::start(server.address(), Faults::stream(rewrite(*change)));
                    let report = Report::of_script(&proxy.url(), script, &["--stream-only"]);
                    if report.codes() != codes.iter().copied().collect() {
                        wrong.lock().unwrap().push(format!("{codes:?}: {report}"));
                    }
                });
            }
        });
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
