use chatkit_protocol::{
    EndOfTurnItem, ErrorCode, ErrorEvent, Icon, NoticeEvent, NoticeLevel, Page, StreamOptions,
    Thread, ThreadItem, ThreadItemUpdate, ThreadMetadata, ThreadStreamEvent,
};
use serde_json::{Value, json};

use crate::{AT, assert_read, assert_wire, at, object};

/// Asserts the event's JSON, its kind, and that the server's way of writing it is the same.
#[track_caller]
fn assert_event(event: &ThreadStreamEvent, json: &Value) {
    assert_wire(event, json);
    assert_eq!(event.kind(), json["type"]);
    let mut bytes = b"data: ".to_vec();
    event.encode(&mut bytes).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&bytes[6..]).unwrap(), *json);
}

fn thread() -> (Thread, Value) {
    let thread = Thread::new(ThreadMetadata::new("thr_1".into(), at()), Page::default());
    let json = json!({
        "id": "thr_1",
        "created_at": AT,
        "status": { "type": "active" },
        "metadata": {},
        "items": { "data": [], "has_more": false },
    });
    (thread, json)
}

fn item() -> (ThreadItem, Value) {
    let item = EndOfTurnItem { id: "eot_1".into(), thread_id: "thr_1".into(), created_at: at() };
    let json = json!({
        "type": "end_of_turn",
        "id": "eot_1",
        "thread_id": "thr_1",
        "created_at": AT,
    });
    (ThreadItem::EndOfTurn(item), json)
}

#[test]
fn threads() {
    let (thread, json) = thread();
    assert_event(
        &ThreadStreamEvent::ThreadCreated { thread: Box::new(thread.clone()) },
        &json!({ "type": "thread.created", "thread": json }),
    );
    assert_event(
        &ThreadStreamEvent::ThreadUpdated { thread: Box::new(thread) },
        &json!({ "type": "thread.updated", "thread": json }),
    );
}

#[test]
fn items() {
    let (item, json) = item();
    assert_event(
        &ThreadStreamEvent::added(item.clone()),
        &json!({ "type": "thread.item.added", "item": json }),
    );
    assert_event(
        &ThreadStreamEvent::done(item.clone()),
        &json!({ "type": "thread.item.done", "item": json }),
    );
    assert_event(
        &ThreadStreamEvent::replaced(item),
        &json!({ "type": "thread.item.replaced", "item": json }),
    );
    assert_event(
        &ThreadStreamEvent::ThreadItemRemoved { item_id: "eot_1".into() },
        &json!({ "type": "thread.item.removed", "item_id": "eot_1" }),
    );
    assert_event(
        &ThreadStreamEvent::updated(
            "msg_1".into(),
            ThreadItemUpdate::AssistantMessageContentPartTextDelta {
                content_index: 10,
                delta: "\"ü\u{2028}\u{1}🦀\\".to_owned(),
            },
        ),
        &json!({
            "type": "thread.item.updated",
            "item_id": "msg_1",
            "update": {
                "type": "assistant_message.content_part.text_delta",
                "content_index": 10,
                "delta": "\"ü\u{2028}\u{1}🦀\\",
            },
        }),
    );
}

#[test]
fn stream_options() {
    for allow_cancel in [true, false] {
        assert_event(
            &ThreadStreamEvent::StreamOptions { stream_options: StreamOptions { allow_cancel } },
            &json!({
                "type": "stream_options",
                "stream_options": { "allow_cancel": allow_cancel },
            }),
        );
    }
    assert_eq!(StreamOptions::default(), StreamOptions { allow_cancel: true });
}

#[test]
fn progress() {
    assert_event(
        &ThreadStreamEvent::progress(None, ""),
        &json!({ "type": "progress_update", "text": "" }),
    );
    assert_event(
        &ThreadStreamEvent::progress(Icon::SEARCH, "Searching…"),
        &json!({ "type": "progress_update", "icon": "search", "text": "Searching…" }),
    );
}

#[test]
fn client_effects() {
    let effect = |data: Value| ThreadStreamEvent::ClientEffect {
        name: "highlight".to_owned(),
        data: object(data),
    };
    assert_event(
        &effect(json!({})),
        &json!({ "type": "client_effect", "name": "highlight", "data": {} }),
    );
    assert_read(&json!({ "type": "client_effect", "name": "highlight" }), &effect(json!({})));
    assert_event(
        &effect(json!({ "row": null, "columns": [null, 1.5] })),
        &json!({
            "type": "client_effect",
            "name": "highlight",
            "data": { "row": null, "columns": [null, 1.5] },
        }),
    );
}

#[test]
fn errors() {
    let error = |code, message: Option<&str>, allow_retry| {
        let message = message.map(str::to_owned);
        ThreadStreamEvent::Error(ErrorEvent { code, message, allow_retry })
    };
    let default = error(ErrorCode::CUSTOM, None, false);
    assert_event(&default, &json!({ "type": "error", "code": "custom", "allow_retry": false }));
    assert_read(&json!({ "type": "error" }), &default);
    assert_event(
        &error(ErrorCode::STREAM_ERROR, Some("The model is away."), true),
        &json!({
            "type": "error",
            "code": "stream.error",
            "message": "The model is away.",
            "allow_retry": true,
        }),
    );
    assert_event(
        &error(ErrorCode::new("new.in_2030"), None, false),
        &json!({ "type": "error", "code": "new.in_2030", "allow_retry": false }),
    );
}

#[test]
fn notices() {
    for (level, name) in [
        (NoticeLevel::Info, "info"),
        (NoticeLevel::Warning, "warning"),
        (NoticeLevel::Danger, "danger"),
    ] {
        let mut notice =
            NoticeEvent { level, message: "**10** messages left".to_owned(), title: None };
        assert_event(
            &ThreadStreamEvent::Notice(notice.clone()),
            &json!({ "type": "notice", "level": name, "message": "**10** messages left" }),
        );
        notice.title = Some("Limit".to_owned());
        assert_event(
            &ThreadStreamEvent::Notice(notice),
            &json!({
                "type": "notice",
                "level": name,
                "message": "**10** messages left",
                "title": "Limit",
            }),
        );
    }
}
