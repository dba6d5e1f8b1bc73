use serde_json::json;

use super::{Error, Note, Warning, streams::*};

#[test]
fn missing_done() {
    let missing = create().with(|events| drop(events.remove(9)));
    missing.finds(&[("missing-done", Error, Some(3))]);
    assert_eq!(
        missing.found()[0].seen,
        "assistant_message `msg_2` was added and neither done nor removed"
    );
}

#[test]
fn missing_done_is_the_errors_doing() {
    create()
        .with(|events| {
            events.truncate(6);
            events.push(json!({"type": "error", "code": "stream.error", "allow_retry": true}));
        })
        .finds(&[("error-event", Error, Some(6))]);
}

#[test]
fn done_twice() {
    create().with(|events| events.insert(10, events[9].clone())).finds(&[(
        "done-twice",
        Warning,
        Some(10),
    )]);
}

#[test]
fn added_twice() {
    create().with(|events| events.insert(4, events[3].clone())).finds(&[(
        "added-twice",
        Warning,
        Some(4),
    )]);
}

#[test]
fn a_workflow_that_is_continued_is_added_twice() {
    workflow()
        .with(|events| {
            let (again, end) = (events[3].clone(), events[6].clone());
            events.splice(7..7, [again, end]);
        })
        .finds(&[("added-twice", Warning, Some(7))]);
}

#[test]
fn update_without_added() {
    let without = create().with(|events| drop(events.remove(3)));
    without.finds(&[("update-without-added", Error, Some(3))]);
    assert_eq!(without.found()[0].count, 5);
    add().with(|events| drop(events.remove(2))).finds(&[("update-without-added", Note, Some(2))]);
}

#[test]
fn update_after_done() {
    create().with(|events| events.insert(10, delta("msg_2", 0, "!"))).finds(&[(
        "update-after-done",
        Warning,
        Some(10),
    )]);
    create()
        .with(|events| {
            events[9] = json!({"type": "thread.item.removed", "item_id": "msg_2"});
            events.insert(10, delta("msg_2", 0, "!"));
        })
        .finds(&[("update-after-done", Warning, Some(10))]);
}

#[test]
fn update_does_not_fit() {
    let fields = json!({"task_index": 0, "task": task("Look")});
    create()
        .with(|events| events.insert(5, updated("msg_2", "workflow.task.added", fields)))
        .finds(&[("update-does-not-fit", Error, Some(5))]);
}

#[test]
fn replaced_unknown() {
    whole().set(3, "/type", json!("thread.item.replaced")).finds(&[(
        "replaced-unknown",
        Warning,
        Some(3),
    )]);
}

#[test]
fn removed_unknown() {
    create()
        .with(|events| {
            events.push(json!({"type": "thread.item.removed", "item_id": "msg_7"}));
        })
        .finds(&[("removed-unknown", Note, Some(11))]);
}

#[test]
fn an_item_that_is_replaced_is_done() {
    create().set(9, "/type", json!("thread.item.replaced")).finds(&[]);
}

#[test]
fn the_same_fault_is_said_once() {
    let fault = create().with(|events| {
        for place in [6, 7, 8] {
            events.insert(place, events[3].clone());
            // The message begins anew each time.
            events[place]["item"]["id"] = json!("msg_9");
        }
        events.push(done(message("msg_9", &["x"])));
    });
    fault.finds(&[("added-twice", Warning, Some(7))]);
    assert_eq!(fault.found()[0].count, 2);
}
