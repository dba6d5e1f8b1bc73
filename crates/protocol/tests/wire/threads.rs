use chatkit_protocol::{
    Action, ActionConfig, ActionHandler, EndOfTurnItem, LoadingBehavior, Order, Page,
    SyncCustomActionResponse, Thread, ThreadItem, ThreadMetadata, ThreadStatus, Timestamp,
    TranscriptionResult,
};
use serde_json::{Value, json};

use crate::{AT, assert_read, assert_wire, at, object};

fn thread() -> ThreadMetadata {
    ThreadMetadata {
        title: Some("Trip to Graz".to_owned()),
        status: ThreadStatus::Locked { reason: None },
        allowed_image_domains: Some(vec!["example.org".to_owned()]),
        metadata: object(json!({ "tenant": 7, "previous": null })),
        ..ThreadMetadata::new("thr_1".into(), at())
    }
}

fn end() -> (ThreadItem, Value) {
    let item = EndOfTurnItem { id: "eot_1".into(), thread_id: "thr_1".into(), created_at: at() };
    let json =
        json!({ "type": "end_of_turn", "id": "eot_1", "thread_id": "thr_1", "created_at": AT });
    (ThreadItem::EndOfTurn(item), json)
}

#[test]
fn statuses() {
    let reason = || Some("Until Monday".to_owned());
    for (status, json) in [
        (ThreadStatus::Active, json!({ "type": "active" })),
        (ThreadStatus::Locked { reason: None }, json!({ "type": "locked" })),
        (
            ThreadStatus::Locked { reason: reason() },
            json!({ "type": "locked", "reason": "Until Monday" }),
        ),
        (ThreadStatus::Closed { reason: None }, json!({ "type": "closed" })),
        (
            ThreadStatus::Closed { reason: reason() },
            json!({ "type": "closed", "reason": "Until Monday" }),
        ),
    ] {
        assert_wire(&status, &json);
    }
}

#[test]
fn threads_in_a_store() {
    let new = ThreadMetadata::new("thr_1".into(), at());
    assert_wire(
        &new,
        &json!({
            "id": "thr_1",
            "created_at": AT,
            "status": { "type": "active" },
            "metadata": {},
        }),
    );
    assert_read(&json!({ "id": "thr_1", "created_at": AT }), &new);
    assert_wire(
        &thread(),
        &json!({
            "id": "thr_1",
            "title": "Trip to Graz",
            "created_at": AT,
            "status": { "type": "locked" },
            "allowed_image_domains": ["example.org"],
            "metadata": { "tenant": 7, "previous": null },
        }),
    );
}

#[test]
fn threads_before_a_client() {
    let (item, item_json) = end();
    let items = Page { data: vec![item], has_more: true, after: Some("eot_1".to_owned()) };
    assert_wire(
        &Thread::new(thread(), items),
        &json!({
            "id": "thr_1",
            "title": "Trip to Graz",
            "created_at": AT,
            "status": { "type": "locked" },
            "allowed_image_domains": ["example.org"],
            "metadata": {},
            "items": { "data": [item_json], "has_more": true, "after": "eot_1" },
        }),
    );
}

#[test]
fn pages() {
    let empty = Page::<ThreadMetadata>::default();
    assert_wire(&empty, &json!({ "data": [], "has_more": false }));
    assert_read(&json!({}), &empty);
    let page = Page { data: vec![1], has_more: true, after: None };
    assert_eq!(page.map(|id| id + 1), Page { data: vec![2], has_more: true, after: None });
    for (order, name) in [(Order::Asc, "asc"), (Order::Desc, "desc")] {
        assert_wire(&order, &json!(name));
    }
}

#[test]
fn actions() {
    let action = |payload| Action { kind: "send".to_owned(), payload };
    assert_wire(&action(Value::Null), &json!({ "type": "send" }));
    assert_read(&json!({ "type": "send", "payload": null }), &action(Value::Null));
    assert_wire(
        &action(json!({ "to": null })),
        &json!({ "type": "send", "payload": { "to": null } }),
    );

    let default = ActionConfig {
        kind: "send".to_owned(),
        payload: Value::Null,
        handler: ActionHandler::Server,
        loading_behavior: LoadingBehavior::Auto,
        streaming: true,
    };
    assert_wire(
        &default,
        &json!({
            "type": "send",
            "handler": "server",
            "loadingBehavior": "auto",
            "streaming": true,
        }),
    );
    assert_read(&json!({ "type": "send" }), &default);
    for (loading_behavior, name) in [
        (LoadingBehavior::None, "none"),
        (LoadingBehavior::Component, "self"),
        (LoadingBehavior::Container, "container"),
    ] {
        assert_wire(
            &ActionConfig {
                payload: json!([1]),
                handler: ActionHandler::Client,
                loading_behavior,
                streaming: false,
                ..default.clone()
            },
            &json!({
                "type": "send",
                "payload": [1],
                "handler": "client",
                "loadingBehavior": name,
                "streaming": false,
            }),
        );
    }
}

#[test]
fn answers_of_json_ops() {
    let (item, json) = end();
    assert_wire(&SyncCustomActionResponse::default(), &json!({}));
    assert_wire(
        &SyncCustomActionResponse { updated_item: Some(item) },
        &json!({ "updated_item": json }),
    );
    assert_wire(&TranscriptionResult { text: "Hello".to_owned() }, &json!({ "text": "Hello" }));
}

#[test]
fn times_have_an_offset() {
    for (read, written) in [
        (json!(AT), AT),
        (json!("2026-01-02T05:04:05.250+02:00"), AT),
        (json!("2026-01-02T03:04:05.25"), AT),
        (json!(1_767_323_045.25), AT),
        (json!("1969-12-31T23:59:59Z"), "1969-12-31T23:59:59Z"),
        (json!("0001-01-01T00:00:00"), "0001-01-01T00:00:00Z"),
    ] {
        let time: Timestamp = serde_json::from_value(read).unwrap();
        assert_eq!(serde_json::to_value(time).unwrap(), written);
    }
}
