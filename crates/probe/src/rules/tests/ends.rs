use serde_json::{Value, json};

use super::{Error, Note, Warning, check, of_frames, streams::*};
use crate::{FrameKind, Recording};

fn failure() -> Value {
    json!({"type": "error", "code": "custom", "message": "No more credit", "allow_retry": true})
}

#[test]
fn error_event() {
    let failed = create().with(|events| events.push(failure()));
    failed.finds(&[("error-event", Error, Some(11))]);
    assert_eq!(
        failed.found()[0].seen,
        "code custom, message \"No more credit\", can be tried again"
    );
}

#[test]
fn a_refused_request_misses_nothing() {
    create().with(|events| *events = vec![failure()]).finds(&[("error-event", Error, Some(0))]);
}

#[test]
fn error_then_more() {
    create()
        .with(|events| events.insert(9, failure()))
        .finds(&[("error-event", Error, Some(9)), ("error-then-more", Warning, Some(10))]);
    // What the thread became is told last, as in the reference.
    create().with(|events| events.insert(10, failure())).finds(&[("error-event", Error, Some(10))]);
}

#[test]
fn error_without_message() {
    let bare = json!({"type": "error", "allow_retry": false});
    create()
        .with(|events| events.push(bare))
        .finds(&[("error-event", Error, Some(11)), ("error-without-message", Warning, Some(11))]);
}

#[test]
fn no_answer() {
    create().with(|events| events.truncate(3)).finds(&[("no-answer", Warning, None)]);
    retry().with(|events| events.truncate(1)).finds(&[("no-answer", Warning, None)]);
}

#[test]
fn empty_message() {
    whole().set(3, "/item/content", json!([content(" \n")])).finds(&[(
        "empty-message",
        Note,
        Some(3),
    )]);
}

#[test]
fn progress_never_cleared() {
    progress().with(|events| drop(events.pop())).finds(&[(
        "progress-never-cleared",
        Warning,
        Some(6),
    )]);
    progress()
        .with(|events| {
            events.remove(5);
            events.truncate(6);
            events.push(json!({"type": "thread.updated", "thread": thread("Title")}));
        })
        .finds(&[("progress-never-cleared", Warning, Some(5))]);
}

#[test]
fn not_json() {
    let exchange = create();
    for broken in 1..10 {
        let mut recording = exchange.recording();
        recording.frames[broken].kind = FrameKind::NotJson("{\"type\": \"thread".to_owned());
        super::assert_found(&check(&recording), &[("not-json", Error, Some(broken))]);
    }
}

#[test]
fn done_marker() {
    let exchange = create();
    let mut kinds: Vec<_> = exchange.events.iter().cloned().map(FrameKind::Event).collect();
    kinds.push(FrameKind::NotJson("[DONE]".to_owned()));
    let recording = Recording { request: exchange.request, ..of_frames(kinds) };
    super::assert_found(&check(&recording), &[("done-marker", Note, Some(11))]);
}
