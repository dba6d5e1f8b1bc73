//! Streams that break one rule of the protocol: it is found, and nothing else.

mod items;
mod messages;
mod streams;

use std::{sync::Mutex, thread};

use serde_json::{Value, json};

use crate::{
    common::{Server, message_item, said, script, words},
    faulty::{Change, Faults, Proxy, rewrite},
    report::Report,
};

/// What is found, and the change that makes it so.
type Case = (&'static [&'static str], Change);

/// Changes what is sent of a script, a few cases at a time.
#[track_caller]
fn check(script: &str, cases: &[Case]) {
    let server = Server::playback();
    let wrong = Mutex::new(Vec::new());
    let probe = |faults: Faults, codes: &[&str]| {
        let proxy = Proxy::start(server.address(), faults);
        let report = Report::of_script(&proxy.url(), script, &["--stream-only"]);
        if report.codes() != codes.iter().copied().collect() {
            wrong.lock().unwrap().push(format!("{codes:?}: {report}"));
        }
    };
    probe(Faults::none(), &[]);
    for cases in cases.chunks(4) {
        thread::scope(|scope| {
            for (codes, change) in cases {
                scope.spawn(move || probe(Faults::stream(rewrite(*change)), codes));
            }
        });
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The id of the item that a script makes.
const ID: &str = "msg_told";

/// A message with progress before it, several deltas and an annotation.
fn spoken() -> String {
    let annotation = annotation();
    let part = json!({
        "type": "output_text", "text": said(6), "annotations": [annotation["annotation"]],
    });
    let mut item = message_item(ID, "");
    item["content"] = json!([part]);
    let mut steps = vec![
        json!({"event": {"type": "progress_update", "icon": "search", "text": "Searching"}}),
        json!({"sleep_ms": 30}),
    ];
    steps.extend(words(ID, 6, 30));
    steps.push(json!({"event": updated(annotation)}));
    steps.push(json!({"event": updated(json!({
        "type": "assistant_message.content_part.done", "content_index": 0, "content": part,
    }))}));
    steps.push(json!({"event": {"type": "thread.item.done", "item": item}}));
    script(steps.into())
}

#[expect(clippy::needless_pass_by_value, reason = "updates are written out where they are sent")]
fn updated(update: Value) -> Value {
    json!({"type": "thread.item.updated", "item_id": ID, "update": update})
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

fn delta(text: &str) -> Value {
    updated(json!({
        "type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": text,
    }))
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

/// One of the deltas in the middle.
fn is_delta(event: &Value) -> bool {
    event["update"]["delta"] == "w2 "
}
