//! Requests and calls of the store.

use serde_json::json;

use crate::{
    common::{Server, create, script},
    scrape_idle,
};

#[test]
fn requests_are_counted_by_op_and_status() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    server.json("threads.list", json!({}));
    server.json("threads.get_by_id", json!({"thread_id": thread}));
    server.connect().post(&json!({"type": "threads.get_by_id", "params": {"thread_id": "none"}}));
    server.connect().post(&json!({"type": "threads.update", "params": {"thread_id": 1}}));
    server.connect().post(&json!({"type": "threads.dance", "params": {}}));
    server.connect().post_bytes(b"no json");
    server.connect().post_bytes(&vec![b' '; 17 * 1024 * 1024]);
    server.get("/chatkit");
    // A stream that is refused is answered 200.
    server.events(&json!({"type": "threads.create", "params": {}}));
    server.events(&json!({"type": "threads.attach", "params": {"thread_id": thread}}));
    for other in ["/", "/healthz", "/readyz", "/nowhere", "/attachments/atc_none"] {
        server.get(other);
    }

    let found = scrape_idle(&server);
    let expected = [
        ("threads.create", "200", 2.0),
        ("threads.attach", "200", 1.0),
        ("threads.list", "200", 1.0),
        ("threads.get_by_id", "200", 1.0),
        ("threads.get_by_id", "404", 1.0),
        ("threads.update", "422", 1.0),
        ("unknown", "400", 2.0),
        ("unknown", "413", 1.0),
        ("unknown", "405", 1.0),
    ];
    for (op, status, count) in expected {
        let labels = [("op", op), ("status", status)];
        let value = found.value("chatkit_http_requests_total", &labels);
        assert_eq!(value, Some(count), "{labels:?}");
    }
    let all = expected.iter().map(|(_, _, count)| count).sum::<f64>();
    assert_eq!(found.sum("chatkit_http_requests_total"), all);
    assert_eq!(found.sum("chatkit_http_request_seconds_count"), all);
    let op = |op, status| found.value("chatkit_ops_total", &[("op", op), ("status", status)]);
    assert_eq!(op("threads.create", "200"), Some(1.0));
    assert_eq!(op("threads.create", "422"), Some(1.0), "here it is told");
    assert_eq!(op("threads.attach", "409"), Some(1.0));
    assert_eq!(found.sum("chatkit_runs_total"), 1.0, "what was refused was no run");
}

#[test]
fn calls_of_the_store_are_timed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::sqlite(&folder.path().join("chat.db"));
    let item = crate::common::message_item("msg_1", "hello");
    let done = json!({"event": {"type": "thread.item.done", "item": item}});
    let thread = server.thread(&script(json!([done])));
    server.events(&create(r#"{"steps": []}"#));
    server.json("threads.list", json!({}));
    server.json("threads.delete", json!({"thread_id": thread}));
    server.connect().post(&json!({"type": "threads.get_by_id", "params": {"thread_id": thread}}));
    let attachment = json!({"name": "a.txt", "size": 1, "mime_type": "text/plain"});
    let id = server.json("attachments.create", attachment)["id"].clone();
    // The app's own uses of the store are seen too.
    server.get(&format!("/attachments/{}", id.as_str().unwrap()));

    let found = scrape_idle(&server);
    let count = |operation, outcome| {
        let labels = [("operation", operation), ("outcome", outcome)];
        found.value("chatkit_store_operation_seconds_count", &labels)
    };
    assert_eq!(count("add_user_message", "ok"), Some(2.0), "the store's own, in one step");
    assert_eq!(count("save_item", "ok"), Some(1.0));
    assert_eq!(count("load_threads", "ok"), Some(1.0));
    assert_eq!(count("delete_thread", "ok"), Some(1.0));
    assert_eq!(count("load_thread", "not_found"), Some(1.0));
    assert_eq!(count("save_attachment", "ok"), Some(1.0));
    assert_eq!(count("load_attachment", "ok"), Some(1.0));
    assert_eq!(count("load_checkpoints", "ok"), Some(1.0));
    assert_eq!(count("save_thread", "ok"), None);
    let errors = found
        .samples()
        .filter(|(_, labels, _)| labels.get("outcome").is_some_and(|outcome| outcome == "error"));
    assert_eq!(errors.count(), 0);
}
