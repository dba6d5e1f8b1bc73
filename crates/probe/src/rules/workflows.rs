//! The tasks of a workflow: added in order, updated, kept.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    event::{Update, What, index, list},
    fault::{Fault, Findings},
    stream::Stream,
    text::brief,
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    if stream.blind {
        return;
    }
    // How many tasks a client has of each workflow that began in this stream.
    let mut workflows: HashMap<&str, usize> = HashMap::new();
    for event in &stream.events {
        if event.item_id().is_some_and(|id| stream.is_tainted(id)) {
            continue;
        }
        match event.what {
            What::Added(item) if item.kind == "workflow" => {
                workflows.insert(item.id, tasks(item.value));
            }
            What::Updated(update) => {
                if let Some(shown) = workflows.get_mut(update.id) {
                    apply(shown, update, event.frame, found);
                }
            }
            What::Done(item) => {
                let shown = workflows.remove(item.id).unwrap_or_default();
                let kept = tasks(item.value);
                if kept < shown {
                    found.add(&TASK_LOST, Some(event.frame), || {
                        format!("workflow `{}`: {shown} tasks, {kept} are left", brief(item.id))
                    });
                }
            }
            What::Removed(id) => drop(workflows.remove(id)),
            What::Replaced(item) => drop(workflows.remove(item.id)),
            _ => {}
        }
    }
}

fn apply(shown: &mut usize, update: Update<'_>, frame: usize, found: &mut Findings) {
    let Some(at) = index(update.value, "task_index") else { return };
    let have = *shown;
    let seen = || format!("task {at} of workflow `{}`, which has {have}", brief(update.id));
    match update.kind {
        "workflow.task.added" => {
            if at > have {
                found.add(&TASK_INDEX_WRONG, Some(frame), seen);
            } else if at < have {
                found.add(&TASK_INDEX_WRONG.as_note(), Some(frame), seen);
            }
            *shown = have.max(at.saturating_add(1).min(have.saturating_add(1)));
        }
        "workflow.task.updated" if at >= have => {
            found.add(&TASK_UPDATED_BEFORE_ADDED, Some(frame), seen);
        }
        _ => {}
    }
}

fn tasks(item: &Value) -> usize {
    item.get("workflow").map_or(0, |workflow| list(workflow, "tasks").len())
}

const TASK_INDEX_WRONG: Fault = Fault::warning(
    "task-index-wrong",
    "The client appends the task or overwrites another: later updates change the wrong one.",
    "Give a task that is added the number of tasks before it as `task_index`.",
);

const TASK_UPDATED_BEFORE_ADDED: Fault = Fault::error(
    "task-updated-before-added",
    "The client has no such task and ignores the update, or fails.",
    "Send `workflow.task.added` first, or begin the workflow with the task in it.",
);

const TASK_LOST: Fault = Fault::warning(
    "task-lost",
    "Steps that the reader saw vanish.",
    "Finish the workflow with all of its tasks.",
);
