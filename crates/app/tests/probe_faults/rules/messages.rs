//! A message from its beginning to its end.

use serde_json::{Value, json};

use super::{Case, ID, annotation, check, delta, is_added, is_delta, is_done, spoken, updated};
use crate::faulty::Change::{After, Before, Drop, Edit, Twice};

const LIFE: &[Case] = &[
    (&["missing-done"], Drop(is_done)),
    (&["done-twice"], Twice(is_done)),
    (&["added-twice"], Twice(is_added)),
    (&["update-without-added"], Drop(is_added)),
    (&["update-after-done"], After(is_done, |_| delta("more"))),
    (
        &["update-does-not-fit"],
        After(is_delta, |_| {
            updated(json!({
                "type": "widget.streaming_text.value_delta",
                "component_id": "text", "delta": "more", "done": false,
            }))
        }),
    ),
    (
        &["removed-unknown"],
        Before(is_added, |_| json!({"type": "thread.item.removed", "item_id": "msg_unknown"})),
    ),
    (
        &["replaced-unknown"],
        After(is_done, |event| {
            let mut event = event.clone();
            event["type"] = "thread.item.replaced".into();
            event["item"]["id"] = "msg_unknown".into();
            event
        }),
    ),
];

const PARTS: &[Case] = &[
    (&["delta-before-part", "annotation-before-part"], Drop(adds_part)),
    (&["delta-before-part"], Before(adds_part, |_| delta(""))),
    (&["annotation-before-part"], Before(adds_part, |_| updated(annotation()))),
    (&["part-added-twice"], Twice(adds_part)),
    (&["part-not-done"], Drop(ends_part)),
    (&["delta-after-part-done"], After(ends_part, |_| delta(""))),
    (&["part-index-gap", "part-not-done"], After(ends_part, |_| part(2))),
    (&["text-differs"], Drop(is_delta)),
    (&["text-differs"], Twice(is_delta)),
    (
        &["annotation-lost"],
        Edit(is_done, |event| event["item"]["content"][0]["annotations"] = json!([])),
    ),
    (
        &["annotation-without-index"],
        Edit(adds_annotation, |event| {
            event["update"]["annotation"].as_object_mut().unwrap().remove("index");
        }),
    ),
    (
        &["part-without-annotations"],
        Edit(adds_part, |event| {
            event["update"]["content"].as_object_mut().unwrap().remove("annotations");
        }),
    ),
];

fn updates(event: &Value, kind: &str) -> bool {
    event["update"]["type"] == format!("assistant_message.content_part.{kind}")
}

fn adds_part(event: &Value) -> bool {
    updates(event, "added")
}

fn ends_part(event: &Value) -> bool {
    updates(event, "done")
}

fn adds_annotation(event: &Value) -> bool {
    updates(event, "annotation_added")
}

fn part(index: usize) -> Value {
    updated(json!({
        "type": "assistant_message.content_part.added", "content_index": index,
        "content": {"type": "output_text", "text": "", "annotations": []},
    }))
}

#[test]
fn the_life_of_a_message() {
    check(&spoken(), LIFE);
}

#[test]
fn the_parts_of_a_message() {
    check(&spoken(), PARTS);
}

#[test]
fn the_text_of_a_message() {
    let empty = crate::common::script(json!([
        {"event": {"type": "thread.item.done", "item": crate::common::message_item(ID, "Hello")}},
    ]));
    check(
        &empty,
        &[
            (
                &["empty-message"],
                Edit(is_done, |event| event["item"]["content"][0]["text"] = "".into()),
            ),
            (&["no-answer"], Drop(is_done)),
        ],
    );
}
