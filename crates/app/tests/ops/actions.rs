//! `threads.custom_action` and `threads.sync_custom_action`.

use serde_json::{Value, json};

use crate::common::{Server, message_item, op, script, string, text_of};

fn action(kind: &str, thread: &str, item: Option<&str>, payload: Value) -> Value {
    op(
        kind,
        json!({"thread_id": thread, "item_id": item, "action": {"type": "do", "payload": payload}}),
    )
}

fn with_widget(server: &Server) -> (String, String) {
    let thread = server.thread(&script(json!([{"widget": [{"type": "Card", "children": []}]}])));
    let widget = string(&server.items(&thread)[1], "id").to_owned();
    (thread, widget)
}

#[test]
fn an_action_is_answered_with_a_stream() {
    let server = Server::playback();
    let (thread, widget) = with_widget(&server);
    let play = json!({"steps": [{"text": {"deltas": 1, "delta": "done"}}], "other": 1});
    for item in [Some(&*widget), None] {
        let events = server.events(&action("threads.custom_action", &thread, item, play.clone()));
        assert_eq!(events[0]["type"], "stream_options");
        assert_eq!(events.last().unwrap()["type"], "thread.item.done");
    }
    let items = server.items(&thread);
    assert_eq!(items.len(), 4);
    assert_eq!(text_of(&items[3]), "done");
}

#[test]
fn an_action_without_a_payload_is_answered_too() {
    let server = Server::playback();
    let (thread, _) = with_widget(&server);
    let request =
        op("threads.custom_action", json!({"thread_id": thread, "action": {"type": "do"}}));
    assert_eq!(server.events(&request)[0]["type"], "stream_options");
    let request =
        op("threads.sync_custom_action", json!({"thread_id": thread, "action": {"type": "do"}}));
    assert_eq!(server.post(&request).json(), json!({}));
}

#[test]
fn a_sync_action_is_answered_with_an_item_or_none() {
    let server = Server::playback();
    let (thread, widget) = with_widget(&server);
    let kind = "threads.sync_custom_action";
    let mut item = message_item("msg_new", "x");
    let payload = json!({"updated_item": item});
    item["thread_id"] = json!(thread);
    assert_eq!(
        server.post(&action(kind, &thread, Some(&widget), payload)).json(),
        json!({"updated_item": item}),
    );
    for payload in [json!({}), json!(null), json!({"updated_item": null})] {
        assert_eq!(server.post(&action(kind, &thread, None, payload)).json(), json!({}));
    }
    let hidden = json!({"updated_item": {"type": "sdk_hidden_context", "id": "h", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "content": "note"}});
    assert_eq!(server.post(&action(kind, &thread, None, hidden)).json(), json!({}));
    let wrong = server.post(&action(kind, &thread, None, json!({"updated_item": {"type": "?"}})));
    assert_eq!(wrong.status(), 422);
    assert!(wrong.message().contains("updated_item"), "{}", wrong.message());
}

#[test]
fn the_sender_must_be_a_widget_of_the_thread() {
    let server = Server::playback();
    let (thread, _) = with_widget(&server);
    let (_, widget_of_other) = with_widget(&server);
    let message = string(&server.items(&thread)[0], "id").to_owned();
    let not_found = |id: &str| {
        let message = format!("item `{id}` not found");
        json!({"type": "error", "code": "custom", "message": message, "allow_retry": false})
    };
    for (item, status, problem, event) in [
        (
            &*message,
            422,
            "params.item_id: expected the id of a widget, found a user_message",
            // As the reference has it.
            json!({"type": "error", "code": "stream.error", "allow_retry": false}),
        ),
        ("msg_unknown", 404, "item `msg_unknown` not found", not_found("msg_unknown")),
        (&widget_of_other, 404, "not found", not_found(&widget_of_other)),
    ] {
        let sync =
            server.post(&action("threads.sync_custom_action", &thread, Some(item), json!({})));
        assert_eq!(sync.status(), status, "{item}");
        assert!(sync.message().contains(problem), "{}", sync.message());

        let streamed = server.events(&action(
            "threads.custom_action",
            &thread,
            Some(item),
            json!({"steps": []}),
        ));
        assert_eq!(streamed, [event]);
    }
}
