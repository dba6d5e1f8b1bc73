use serde_json::json;

use super::{Error, Note, Warning, streams::*};

#[test]
fn client_tool_call_twice() {
    client_tool().with(|events| events.insert(3, added(tool_call("tc_1")))).finds(&[(
        "client-tool-call-twice",
        Error,
        Some(4),
    )]);
    client_tool().with(|events| events.push(done(tool_call("tc_1")))).finds(&[(
        "client-tool-call-twice",
        Error,
        Some(4),
    )]);
}

#[test]
fn client_tool_call_second() {
    client_tool().with(|events| events.push(done(tool_call("tc_2")))).finds(&[(
        "client-tool-call-second",
        Error,
        Some(4),
    )]);
}

#[test]
fn client_tool_call_not_last() {
    client_tool().with(|events| events.push(done(message("msg_3", &["Wait"])))).finds(&[(
        "client-tool-call-not-last",
        Error,
        Some(4),
    )]);
    let effect = json!({"type": "client_effect", "name": "flash", "data": {}});
    client_tool().with(|events| events.push(effect)).finds(&[(
        "client-tool-call-not-last",
        Warning,
        Some(4),
    )]);
}

#[test]
fn a_thread_may_change_after_the_call() {
    let updated = json!({"type": "thread.updated", "thread": thread("Title")});
    client_tool().with(|events| events.push(updated)).finds(&[]);
}

#[test]
fn client_tool_call_not_pending() {
    client_tool().set(3, "/item/status", json!("completed")).finds(&[(
        "client-tool-call-not-pending",
        Error,
        Some(3),
    )]);
    client_tool().unset(3, "/item/status").finds(&[(
        "client-tool-call-not-pending",
        Error,
        Some(3),
    )]);
}

#[test]
fn the_call_that_was_answered_may_be_shown_again() {
    let mut call = tool_call("tc_1");
    call["status"] = json!("completed");
    let again = json!({"type": "thread.item.replaced", "item": call});
    tool_output().with(|events| events.insert(1, again)).finds(&[]);
}

#[test]
fn arguments_as_text() {
    let wrong = client_tool().set(3, "/item/arguments", json!("{\"page\": 1}"));
    wrong.finds(&[("bad-shape", Error, Some(3))]);
    assert_eq!(
        wrong.found()[0].seen,
        "thread.item.done: item.arguments: invalid type: string \"{\\\"page\\\": 1}\", expected a map"
    );
}

#[test]
fn null_output() {
    client_tool().set(3, "/item/output", json!(null)).finds(&[("null-field", Note, Some(3))]);
}
