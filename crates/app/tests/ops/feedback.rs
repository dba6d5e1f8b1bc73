//! `items.feedback`.

use serde_json::json;

use crate::common::{Server, op, string};

#[test]
fn feedback_is_taken() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let item = string(&server.items(&thread)[0], "id").to_owned();
    for kind in ["positive", "negative"] {
        for items in [json!([item]), json!([item, "msg_unknown"]), json!([])] {
            let params = json!({"thread_id": thread, "item_ids": items, "kind": kind});
            assert_eq!(server.json("items.feedback", params), json!({}));
        }
    }
}

#[test]
fn wrong_feedback_is_refused_by_name() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    for (params, status, problem) in [
        (json!({"thread_id": thread, "item_ids": [], "kind": "so-so"}), 422, "params.kind: "),
        (
            json!({"thread_id": thread, "item_ids": [1], "kind": "positive"}),
            422,
            "params.item_ids[0]: ",
        ),
        (json!({"thread_id": thread, "kind": "positive"}), 422, "params.item_ids: missing field"),
        (
            json!({"thread_id": "thr_unknown", "item_ids": [], "kind": "positive"}),
            404,
            "thread `thr_unknown` not found",
        ),
    ] {
        let answer = server.post(&op("items.feedback", params));
        assert_eq!(answer.status(), status, "{problem}");
        assert!(answer.message().starts_with(problem), "{}", answer.message());
    }
}
