//! Calls of the client's tools, widgets and workflows.

use serde_json::{Value, json};

use super::{Case, ID, check, is, is_item, updated};
use crate::{
    common::script,
    faulty::Change::{After, Before, Drop, Edit, Twice},
};

const CALLS: &[Case] = &[
    (&["client-tool-call-twice"], Twice(is_call)),
    (
        &["client-tool-call-second"],
        After(is_call, |event| {
            let mut event = event.clone();
            event["item"]["id"] = "ctc_second".into();
            event["item"]["call_id"] = "call_2".into();
            event
        }),
    ),
    (
        &["client-tool-call-not-pending"],
        Edit(is_call, |event| event["item"]["status"] = "completed".into()),
    ),
    (
        &["client-tool-call-not-last"],
        After(is_call, |event| {
            let mut item = crate::common::message_item("msg_after", "Done.");
            item["thread_id"] = event["item"]["thread_id"].clone();
            json!({"type": "thread.item.done", "item": item})
        }),
    ),
];

const WIDGETS: &[Case] = &[
    (&["widget-text-differs"], Drop(is_value_delta)),
    (
        &["widget-component-unknown", "widget-text-differs"],
        Edit(is_value_delta, |event| event["update"]["component_id"] = "title".into()),
    ),
    (&["missing-done"], Drop(|event| is_item(event, "thread.item.done", "widget"))),
];

const WORKFLOWS: &[Case] = &[
    (
        &["task-updated-before-added"],
        Before(adds_task, |event| {
            let mut event = event.clone();
            event["update"]["type"] = "workflow.task.updated".into();
            event
        }),
    ),
    (&["task-index-wrong"], Edit(adds_task, |event| event["update"]["task_index"] = 1.into())),
    (&["task-lost"], Edit(ends_workflow, |event| event["item"]["workflow"]["tasks"] = json!([]))),
];

fn is_call(event: &Value) -> bool {
    is_item(event, "thread.item.done", "client_tool_call")
}

fn is_value_delta(event: &Value) -> bool {
    event["update"]["type"] == "widget.streaming_text.value_delta"
        && event["update"]["delta"] == " two"
}

fn adds_task(event: &Value) -> bool {
    event["update"]["type"] == "workflow.task.added"
}

fn ends_workflow(event: &Value) -> bool {
    is(event, "thread.item.done") && event["item"]["type"] == "workflow"
}

#[test]
fn calls_of_the_clients_tools() {
    let item = json!({
        "type": "client_tool_call", "id": "ctc_told", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "status": "pending",
        "call_id": "call_1", "name": "look", "arguments": {},
    });
    check(&script(json!([{"event": {"type": "thread.item.done", "item": item}}])), CALLS);
}

#[test]
fn widgets() {
    let card = |text: &str| {
        json!({
            "type": "Card", "children": [{"type": "Text", "id": "text", "value": text, "streaming": true}],
        })
    };
    check(
        &script(json!([{"widget": [card("one"), card("one two"), card("one two three")]}])),
        WIDGETS,
    );
}

#[test]
fn workflows() {
    let item = |tasks: Value, more: Value| {
        json!({
            "type": "workflow", "id": ID, "thread_id": "$THREAD", "created_at": "2026-01-01T00:00:00Z",
            "workflow": {"type": "custom", "tasks": tasks, "expanded": false, "summary": more},
        })
    };
    let task = json!({"type": "custom", "title": "Reading", "status_indicator": "loading"});
    let read = json!({"type": "custom", "title": "Reading", "status_indicator": "complete"});
    let mut begun = item(json!([]), Value::Null);
    begun["workflow"].as_object_mut().unwrap().remove("summary");
    let steps = json!([
        {"event": {"type": "thread.item.added", "item": begun}},
        {"event": updated(json!({"type": "workflow.task.added", "task_index": 0, "task": task}))},
        {"event": updated(json!({"type": "workflow.task.updated", "task_index": 0, "task": read}))},
        {"event": {"type": "thread.item.done", "item": item(json!([read]), json!({"duration": 1}))}},
        {"text": {"deltas": 3, "delta": "word "}},
    ]);
    check(&script(steps), WORKFLOWS);
}
