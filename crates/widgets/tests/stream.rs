//! The events of a streamed and of a static widget.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chatkit_protocol::{Timestamp, WidgetItem, WidgetRoot};
use chatkit_widgets::{WidgetStream, static_widget};
use serde_json::{Value, json};

const CREATED_AT: &str = "2026-02-03T04:05:06Z";

fn widget(value: &str) -> WidgetRoot {
    let text = json!({ "type": "Text", "id": "greeting", "value": value });
    WidgetRoot::new(json!({ "type": "Card", "children": [text] })).unwrap()
}

fn item(widget: WidgetRoot) -> WidgetItem {
    let created_at = CREATED_AT.parse::<Timestamp>().unwrap();
    let copy_text = Some("Good morning".to_owned());
    WidgetItem { id: "msg_1".into(), thread_id: "thr_1".into(), created_at, widget, copy_text }
}

fn item_event(kind: &str, value: &str) -> Value {
    json!({
        "type": kind,
        "item": {
            "type": "widget",
            "id": "msg_1",
            "thread_id": "thr_1",
            "created_at": CREATED_AT,
            "widget": widget(value),
            "copy_text": "Good morning",
        },
    })
}

fn update(update: &Value) -> Value {
    json!({ "type": "thread.item.updated", "item_id": "msg_1", "update": update })
}

fn delta(delta: &str) -> Value {
    update(&json!({
        "type": "widget.streaming_text.value_delta",
        "component_id": "greeting",
        "delta": delta,
        "done": true,
    }))
}

fn stream(states: &[&str]) -> Value {
    let mut stream = WidgetStream::new(item(widget(states[0])));
    let mut events = vec![stream.added()];
    for state in &states[1..] {
        events.extend(stream.next(widget(state)));
    }
    events.push(stream.finish());
    serde_json::to_value(events).unwrap()
}

#[test]
fn a_growing_text_is_added_then_appended_to_then_done() {
    assert_eq!(
        stream(&["", "Good", "Good", "Good morn", "Good morning"]),
        json!([
            item_event("thread.item.added", ""),
            delta("Good"),
            delta(" morn"),
            delta("ing"),
            item_event("thread.item.done", "Good morning"),
        ]),
    );
}

#[test]
fn a_rewritten_text_is_replaced() {
    assert_eq!(
        stream(&["Good morning", "Good night"]),
        json!([
            item_event("thread.item.added", "Good morning"),
            update(&json!({
                "type": "widget.component.updated",
                "component_id": "greeting",
                "component": { "type": "Text", "id": "greeting", "value": "Good night" },
            })),
            item_event("thread.item.done", "Good night"),
        ]),
    );
}

#[test]
fn one_state_is_added_and_done() {
    assert_eq!(
        stream(&["Hi"]),
        json!([item_event("thread.item.added", "Hi"), item_event("thread.item.done", "Hi")]),
    );
}

#[test]
fn the_item_is_always_the_current_one() {
    let mut stream = WidgetStream::new(item(widget("a")));
    stream.next(widget("ab"));
    assert_eq!(*stream.item(), item(widget("ab")));
}

#[test]
fn a_static_widget_is_done_at_once() {
    let event = serde_json::to_value(static_widget(item(widget("Hi")))).unwrap();
    assert_eq!(event, item_event("thread.item.done", "Hi"));
}
