//! Locked and closed threads.

use serde_json::{Value, json};

use crate::common::{Server, action, add_message, kinds, op, script, string};

fn thread_with_status(server: &Server, status: &Value) -> String {
    let question = json!({"type": "structured_input", "id": "si", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "inputs": []});
    server.thread(&script(json!([
        {"event": {"type": "thread.item.done", "item": question}},
        {"thread": {"status": status}},
    ])))
}

#[test]
fn they_take_no_messages_retries_or_answers() {
    let server = Server::playback();
    for (status, message) in [
        (
            json!({"type": "locked", "reason": "over for today"}),
            "This conversation is locked: over for today",
        ),
        (json!({"type": "locked"}), "This conversation is locked."),
        (json!({"type": "closed", "reason": "solved"}), "This conversation is closed: solved"),
        (json!({"type": "closed"}), "This conversation is closed."),
    ] {
        let thread = thread_with_status(&server, &status);
        let before = server.items(&thread);
        let user_message = string(&before[0], "id");
        for request in [
            add_message(&thread, "hello"),
            op("threads.retry_after_item", json!({"thread_id": thread, "item_id": user_message})),
            op(
                "threads.add_structured_input",
                json!({"thread_id": thread, "item_id": "si", "input": {}}),
            ),
        ] {
            assert_eq!(
                server.events(&request),
                [
                    json!({"type": "error", "code": "custom", "message": message, "allow_retry": false})
                ],
                "{request}",
            );
        }
        assert_eq!(server.items(&thread), before, "{status}");
        let stored = server.json("threads.get_by_id", json!({"thread_id": thread}));
        assert_eq!(stored["status"], status);
    }
}

#[test]
fn they_are_read_renamed_and_deleted_as_any() {
    let server = Server::playback();
    for status in ["locked", "closed"] {
        let thread = thread_with_status(&server, &json!({"type": status}));
        let listed = server.json("threads.list", json!({}));
        assert_eq!(listed["data"][0]["status"], json!({"type": status}));
        let renamed = server.json("threads.update", json!({"thread_id": thread, "title": "t"}));
        assert_eq!(renamed["status"], json!({"type": status}));
        assert_eq!(server.json("threads.delete", json!({"thread_id": thread})), json!({}));
    }
}

#[test]
fn a_thread_can_be_opened_again() {
    let server = Server::playback();
    let thread = thread_with_status(&server, &json!({"type": "locked"}));
    let open = script(json!([{"thread": {"status": {"type": "active"}}}]));
    assert_eq!(
        kinds(&server.events(&action(&thread, &open))),
        ["stream_options", "thread.updated"]
    );
    assert_eq!(server.say(&thread, r#"{"steps": []}"#).len(), 2);
}
