use serde_json::json;

use super::{Error, Note, Warning, streams::*};

#[test]
fn thread_created_missing() {
    create()
        .with(|events| drop(events.remove(0)))
        .set(9, "/type", json!("notice"))
        .set(9, "/level", json!("info"))
        .set(9, "/message", json!("x"))
        .finds(&[("thread-created-missing", Error, None)]);
}

#[test]
fn thread_created_not_first() {
    create().with(|events| events.swap(0, 1)).finds(&[(
        "thread-created-not-first",
        Error,
        Some(1),
    )]);
}

#[test]
fn thread_created_twice() {
    create().set(10, "/type", json!("thread.created")).finds(&[(
        "thread-created-twice",
        Warning,
        Some(10),
    )]);
}

#[test]
fn thread_created_unasked() {
    add().with(|events| events.insert(0, opening()[0].clone())).finds(&[(
        "thread-created-unasked",
        Warning,
        Some(0),
    )]);
}

#[test]
fn user_message_not_echoed() {
    create().with(|events| drop(events.remove(1))).finds(&[(
        "user-message-not-echoed",
        Error,
        None,
    )]);
    add().with(|events| drop(events.remove(0))).finds(&[("user-message-not-echoed", Error, None)]);
}

#[test]
fn user_message_late() {
    whole()
        .with(|events| {
            let echo = events.remove(1);
            events.push(echo);
        })
        .finds(&[("user-message-late", Warning, Some(3))]);
}

#[test]
fn user_message_twice() {
    add()
        .with(|events| {
            let mut again = echo();
            again["item"]["id"] = json!("msg_9");
            events.insert(1, again);
        })
        .finds(&[("user-message-twice", Warning, Some(1))]);
    retry()
        .with(|events| {
            let mut again = echo();
            again["item"]["id"] = json!("msg_9");
            events.insert(1, again);
        })
        .finds(&[("user-message-twice", Warning, Some(1))]);
}

#[test]
fn a_message_may_be_added_and_done_and_shown_again_on_retry() {
    add().with(|events| events.insert(0, added(echo()["item"].clone()))).finds(&[]);
    retry().with(|events| events.insert(1, echo())).finds(&[]);
}

#[test]
fn user_message_differs() {
    let differs = create().set(1, "/item/content/0/text", json!("Hi there"));
    differs.finds(&[("user-message-differs", Note, Some(1))]);
    let seen = &differs.found()[0].seen;
    assert_eq!(
        seen,
        "user_message `msg_1`: 2 characters were shown, 8 are in the end; from character 2 on they \
         are \"\" and \" there\""
    );
}

#[test]
fn stream_options_missing() {
    create().with(|events| drop(events.remove(2))).finds(&[(
        "stream-options-missing",
        Warning,
        None,
    )]);
    tool_output().with(|events| drop(events.remove(0))).finds(&[(
        "stream-options-missing",
        Warning,
        None,
    )]);
}

#[test]
fn stream_options_late() {
    create().with(|events| events.swap(2, 3)).finds(&[("stream-options-late", Warning, Some(3))]);
    answered().with(|events| events.swap(0, 1)).finds(&[("stream-options-late", Warning, Some(1))]);
}
