//! What is printed of streams.

use serde_json::{Value, json};

use super::*;
use crate::screen::tests::Printed;

fn item(id: &str, text: &str) -> Value {
    let content = match text {
        "" => json!([]),
        text => json!([{"type": "output_text", "text": text, "annotations": []}]),
    };
    json!({"type": "assistant_message", "id": id, "thread_id": "t",
        "created_at": "2026-01-01T00:00:00Z", "content": content})
}

fn added(id: &str) -> Value {
    json!({"type": "thread.item.added", "item": item(id, "")})
}

fn done(id: &str, text: &str) -> Value {
    json!({"type": "thread.item.done", "item": item(id, text)})
}

fn update(id: &str, update: &Value) -> Value {
    json!({"type": "thread.item.updated", "item_id": id, "update": update})
}

fn part(id: &str) -> Value {
    update(
        id,
        &json!({"type": "assistant_message.content_part.added", "content_index": 0,
        "content": {"type": "output_text", "text": "", "annotations": []}}),
    )
}

fn delta(id: &str, text: &str) -> Value {
    update(
        id,
        &json!({"type": "assistant_message.content_part.text_delta", "content_index": 0,
        "delta": text}),
    )
}

fn printed(events: impl IntoIterator<Item = Value>) -> String {
    let printed = Printed::default();
    let mut screen = printed.screen();
    let mut view = View::default();
    for event in events {
        let event = serde_json::from_value(event).unwrap();
        view.show(&event, &mut screen).unwrap();
    }
    printed.text()
}

#[test]
fn text_is_printed_once_however_it_comes() {
    let streamed =
        [added("a"), part("a"), delta("a", "Hel"), delta("a", "lo å"), done("a", "Hello å")];
    assert_eq!(printed(streamed.clone()), "Hello å\n");
    assert_eq!(printed([done("a", "Hello å")]), "Hello å\n");
    assert_eq!(printed([streamed.as_slice(), &streamed].concat()), "Hello å\n", "sent twice");
    let replayed = [&streamed[..4], &streamed].concat();
    assert_eq!(printed(replayed), "Hello å\n", "sent from the beginning in the middle");
    let missed = [added("a"), part("a"), delta("a", "Hel"), done("a", "Hello å")];
    assert_eq!(printed(missed), "Hello å\n", "the end comes without what was before it");
}

#[test]
fn a_text_that_became_another_is_printed_whole() {
    let events = [added("a"), delta("a", "Hello"), done("a", "Bye")];
    assert_eq!(printed(events), "Hello\nthe message became another:\nBye\n");
}

#[test]
fn two_texts_at_once_have_lines_of_their_own() {
    let events = [
        added("a"),
        delta("a", "one"),
        added("b"),
        delta("b", "two"),
        delta("a", "three"),
        done("b", "two"),
        done("a", "onethree"),
    ];
    assert_eq!(printed(events), "one\ntwo\nthree\n");
}

#[test]
fn everything_else_is_a_line() {
    let events = [
        json!({"type": "thread.created", "thread": {"id": "thr_1", "title": "Hi",
            "created_at": "2026-01-01T00:00:00Z"}}),
        json!({"type": "stream_options", "stream_options": {"allow_cancel": true}}),
        json!({"type": "progress_update", "text": "looking"}),
        json!({"type": "client_effect", "name": "glow", "data": {"a": 1}}),
        json!({"type": "notice", "level": "warning", "title": "Careful", "message": "hot"}),
        json!({"type": "thread.item.done", "item": {"type": "user_message", "id": "u",
            "thread_id": "t", "created_at": "2026-01-01T00:00:00Z",
            "content": [{"type": "input_text", "text": "hi"}]}}),
        json!({"type": "thread.item.done", "item": {"type": "widget", "id": "w",
            "thread_id": "t", "created_at": "2026-01-01T00:00:00Z",
            "widget": {"type": "Card", "children": [{"type": "Text", "value": "in"}]}}}),
        json!({"type": "error", "code": "stream.error", "allow_retry": true}),
        json!({"type": "error", "code": "custom", "message": "no"}),
    ];
    assert_eq!(
        printed(events),
        "thread thr_1\ntitle: Hi\nlooking\nthe page is asked to do `glow`: {\"a\":1}\n\
         warning: Careful: hot\nin\n\
         error: the reply failed (stream.error) (retry with /retry)\nerror: no\n"
    );
}
