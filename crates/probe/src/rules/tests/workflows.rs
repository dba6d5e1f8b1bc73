use serde_json::json;

use super::{Error, Note, Warning, streams::*};

#[test]
fn task_index_wrong() {
    let gap = workflow().set(4, "/update/task_index", json!(5));
    gap.finds(&[("task-index-wrong", Warning, Some(4))]);
    assert_eq!(gap.found()[0].seen, "task 5 of workflow `wf_1`, which has 1");
    workflow().set(3, "/item/workflow/tasks", json!([task("Look"), task("Find")])).finds(&[(
        "task-index-wrong",
        Note,
        Some(4),
    )]);
}

#[test]
fn task_updated_before_added() {
    workflow().with(|events| events.swap(4, 5)).finds(&[(
        "task-updated-before-added",
        Error,
        Some(4),
    )]);
}

#[test]
fn task_lost() {
    workflow().set(6, "/item/workflow/tasks", json!([task("Look")])).finds(&[(
        "task-lost",
        Warning,
        Some(6),
    )]);
}

#[test]
fn question_id_clash() {
    form().set(3, "/item/inputs/1/id", json!("q1")).finds(&[("question-id-clash", Error, Some(3))]);
}

#[test]
fn form_not_replaced() {
    answered().with(|events| drop(events.remove(1))).finds(&[("form-not-replaced", Warning, None)]);
}

#[test]
fn form_still_pending() {
    answered().set(1, "/item/status", json!("pending")).finds(&[(
        "form-still-pending",
        Warning,
        Some(1),
    )]);
}
