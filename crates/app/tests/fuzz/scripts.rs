//! Scripts for the playback responder: events in any order, about items that are there or not,
//! with indices out of range.

use serde_json::{Value, json};

use super::values;
use crate::common::Rng;

const TIME: &str = "2026-01-01T00:00:00Z";

/// A script that may wait a little.
pub(crate) fn patient(rng: &mut Rng) -> Value {
    let mut script = quick(rng);
    let steps = script["steps"].as_array_mut().unwrap();
    for _ in 0..rng.below(3) {
        let step = match rng.below(2) {
            0 => json!({"sleep_ms": rng.below(4)}),
            _ => {
                json!({"text": {"deltas": rng.below(30), "delta": values::string(rng).get(..1).unwrap_or("é"),
                        "gap_ms": rng.below(2)}})
            }
        };
        steps.insert(rng.below(steps.len() + 1), step);
    }
    script
}

/// A script that never waits, whatever is changed in it.
pub(crate) fn quick(rng: &mut Rng) -> Value {
    let steps: Vec<Value> = (0..rng.below(10)).map(|_| step(rng)).collect();
    json!({"steps": steps})
}

fn step(rng: &mut Rng) -> Value {
    match rng.below(20) {
        0 | 1 => json!({"thread": thread_change(rng)}),
        2 | 3 => {
            let roots: Vec<Value> = (0..1 + rng.below(4)).map(|_| widget(rng)).collect();
            json!({"widget": roots})
        }
        4 => json!({"fail": rng.pick(&[
            json!({}), json!({"message": "m"}), json!({"code": "c", "allow_retry": true}),
            json!({"message": "m", "allow_retry": false}),
        ])}),
        _ => json!({"event": event(rng)}),
    }
}

fn thread_change(rng: &mut Rng) -> Value {
    let on_resume =
        if rng.one_in(2) { json!({"steps": [{"event": event(rng)}]}) } else { values::value(rng) };
    match rng.below(6) {
        0 => json!({"title": values::string(rng)}),
        1 => json!({"title": null, "allowed_image_domains": null}),
        2 if rng.one_in(8) => json!({"status": {"type": "locked", "reason": "r"}}),
        2 | 3 => json!({"status": {"type": "active"}}),
        4 => json!({"metadata": {"on_resume": on_resume}}),
        _ => {
            json!({"metadata": {values::name(rng): values::value(rng)}, "allowed_image_domains": ["a"]})
        }
    }
}

fn event(rng: &mut Rng) -> Value {
    match rng.below(16) {
        0..=2 => json!({"type": "thread.item.added", "item": item(rng)}),
        3..=5 => json!({"type": "thread.item.done", "item": item(rng)}),
        6 => json!({"type": "thread.item.replaced", "item": item(rng)}),
        7 => json!({"type": "thread.item.removed", "item_id": id(rng)}),
        8..=11 => json!({"type": "thread.item.updated", "item_id": id(rng), "update": update(rng)}),
        12 => {
            json!({"type": "progress_update", "icon": values::string(rng), "text": values::string(rng)})
        }
        13 => json!({"type": "client_effect", "name": "n", "data": {"v": values::value(rng)}}),
        14 => (*rng.pick(&[
            json!({"type": "error", "code": "custom", "message": "m"}),
            json!({"type": "notice", "level": "info", "message": "m", "title": "t"}),
            json!({"type": "stream_options", "stream_options": {"allow_cancel": false}}),
        ]))
        .clone(),
        _ => {
            let thread = json!({"id": "$THREAD", "created_at": TIME, "title": "t", "status": {"type": "active"},
                "items": {"data": [item(rng), item(rng)], "has_more": true}, "metadata": {"k": 1}});
            json!({"type": rng.pick(&["thread.created", "thread.updated"]), "thread": thread})
        }
    }
}

fn id(rng: &mut Rng) -> String {
    match rng.below(20) {
        0 => values::string(rng),
        _ => format!("i{}", rng.below(8)),
    }
}

fn index(rng: &mut Rng) -> Value {
    const FAR: [u64; 7] = [5, 63, 64, 65, 1_000_000, u32::MAX as u64, u64::MAX];
    match rng.below(60) {
        0 => json!(-1),
        1..=20 => json!(rng.pick(&FAR)),
        _ => json!(rng.below(3)),
    }
}

fn part(rng: &mut Rng) -> Value {
    json!({"type": "output_text", "text": values::string(rng), "annotations": if rng.one_in(3) { json!([annotation(rng)]) } else { json!([]) }})
}

fn annotation(rng: &mut Rng) -> Value {
    let sources = [
        json!({"type": "url", "title": "t", "url": "https://a.example"}),
        json!({"type": "file", "title": "t", "filename": "f"}),
        json!({"type": "entity", "id": "e", "title": "t", "data": {"k": [1]}}),
    ];
    json!({"type": "annotation", "source": rng.pick(&sources), "index": index(rng)})
}

fn task(rng: &mut Rng) -> Value {
    match rng.below(5) {
        0 => json!({"type": "custom", "title": values::string(rng), "content": "c"}),
        1 => {
            json!({"type": "web_search", "queries": ["q"], "sources": [{"type": "url", "title": "t", "url": "u"}]})
        }
        2 => json!({"type": "thought", "content": values::string(rng)}),
        3 => json!({"type": "file", "sources": []}),
        _ => json!({"type": "image", "title": "t"}),
    }
}

fn item(rng: &mut Rng) -> Value {
    let (kind, fields) = match rng.below(12) {
        0..=2 => (
            "assistant_message",
            json!({"content": (0..rng.below(3)).map(|_| part(rng)).collect::<Vec<_>>()}),
        ),
        3 => ("widget", json!({"widget": widget(rng), "copy_text": values::string(rng)})),
        4 => (
            "workflow",
            json!({"workflow": {"type": rng.pick(&["custom", "reasoning"]),
            "tasks": (0..rng.below(3)).map(|_| task(rng)).collect::<Vec<_>>(), "expanded": false,
            "summary": rng.pick(&[json!(null), json!({"duration": 3}), json!({"title": "t", "icon": "i"})])}}),
        ),
        5 => (
            "generated_image",
            json!({"image": rng.pick(&[json!(null), json!({"id": "i", "url": "data:,"})])}),
        ),
        6 => (
            "client_tool_call",
            json!({"status": rng.pick(&["pending", "pending", "completed"]), "call_id": "c",
            "name": "n", "arguments": {"a": values::value(rng)}}),
        ),
        7 => (
            "structured_input",
            json!({"status": rng.pick(&["pending", "pending", "answered"]), "inputs": [
            {"type": "freeform", "id": "q", "question": "?"},
            {"type": "multiple_choice", "id": "c", "question": "?", "options": [{"value": "a"}]}]}),
        ),
        8 => ("task", json!({"task": task(rng)})),
        9 => ("hidden_context_item", json!({"content": values::value(rng)})),
        10 => ("sdk_hidden_context", json!({"content": values::string(rng)})),
        _ => match rng.below(9) {
            0 => ("unknown_item", json!({})),
            1..=4 => ("end_of_turn", json!({})),
            _ => (
                "user_message",
                json!({"content": [{"type": "input_text", "text": "t"}], "attachments": [],
                "inference_options": {}}),
            ),
        },
    };
    let mut item = json!({"type": kind, "id": id(rng), "thread_id": "$THREAD", "created_at": TIME});
    let fields = fields.as_object().unwrap().clone();
    item.as_object_mut().unwrap().extend(fields);
    item
}

fn update(rng: &mut Rng) -> Value {
    match rng.below(10) {
        0 => {
            json!({"type": "assistant_message.content_part.added", "content_index": index(rng), "content": part(rng)})
        }
        1 | 2 => {
            json!({"type": "assistant_message.content_part.text_delta", "content_index": index(rng),
            "delta": values::string(rng)})
        }
        3 => {
            json!({"type": "assistant_message.content_part.annotation_added", "content_index": index(rng),
            "annotation_index": index(rng), "annotation": annotation(rng)})
        }
        4 => {
            json!({"type": "assistant_message.content_part.done", "content_index": index(rng), "content": part(rng)})
        }
        5 => json!({"type": "widget.streaming_text.value_delta", "component_id": component_id(rng),
            "delta": values::string(rng), "done": rng.one_in(2)}),
        6 => {
            json!({"type": "widget.component.updated", "component_id": component_id(rng), "component": component(rng, 2)})
        }
        7 => json!({"type": "widget.root.updated", "widget": widget(rng)}),
        8 => {
            json!({"type": rng.pick(&["workflow.task.added", "workflow.task.updated"]), "task_index": index(rng),
            "task": task(rng)})
        }
        _ => json!({"type": "generated_image.updated", "image": {"id": "i", "url": "data:,"},
            "progress": rng.pick(&[json!(null), json!(0.5), json!(-1), json!(7)])}),
    }
}

fn component_id(rng: &mut Rng) -> String {
    format!("c{}", rng.below(4))
}

fn widget(rng: &mut Rng) -> Value {
    let kind = if rng.one_in(60) { "Text" } else { *rng.pick(&["Card", "ListView", "Basic"]) };
    let children: Vec<Value> = (0..rng.below(4)).map(|_| component(rng, 3)).collect();
    json!({"type": kind, "id": rng.pick(&[json!(null), json!("root"), json!("c0")]), "children": children})
}

fn component(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth > 0 { 6 } else { 3 }) {
        0 => {
            json!({"type": "Text", "id": component_id(rng), "value": values::string(rng), "streaming": rng.one_in(2)})
        }
        1 => json!({"type": "Markdown", "value": values::string(rng)}),
        2 => {
            json!({"type": "Button", "label": "l", "onClickAction": {"type": "t", "payload": values::value(rng)}})
        }
        3 => {
            json!({"type": "Transition", "id": component_id(rng), "children": component(rng, depth - 1)})
        }
        4 => {
            json!({"type": "Row", "key": component_id(rng), "children": [component(rng, depth - 1), component(rng, depth - 1)]})
        }
        _ => values::value(rng),
    }
}
