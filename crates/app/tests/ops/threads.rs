//! `threads.get_by_id`, `threads.list`, `threads.update`, `threads.delete`.

use serde_json::json;

use crate::common::{Server, by_id, create, op, script, string};

#[test]
fn a_thread_comes_with_its_first_items_oldest_first() {
    let server = Server::playback();
    let thread = server.thread(&script(json!([{"text": {"deltas": 1, "delta": "a"}}])));
    let answer = server.json("threads.get_by_id", json!({"thread_id": thread}));
    let items = server.items(&thread);
    assert_eq!(
        answer,
        json!({
            "id": thread, "created_at": answer["created_at"], "status": {"type": "active"},
            "metadata": {}, "items": {"data": items, "has_more": false},
        }),
    );
    assert_eq!(items.len(), 2);
}

#[test]
fn a_long_thread_comes_with_a_page_and_where_to_go_on() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    for _ in 0..24 {
        server.say(&thread, r#"{"steps": []}"#);
    }
    let items = server.items(&thread);
    assert_eq!(items.len(), 25);
    let page = &server.json("threads.get_by_id", json!({"thread_id": thread}))["items"];
    assert_eq!(page["data"], json!(items[..20]));
    assert_eq!(page["has_more"], true);
    let rest = server
        .json("items.list", json!({"thread_id": thread, "order": "asc", "after": page["after"]}));
    assert_eq!(rest, json!({"data": items[20..], "has_more": false}));
}

#[test]
fn threads_are_listed_newest_first_without_items() {
    let server = Server::playback();
    let ids: Vec<String> = (0..3).map(|_| server.thread(r#"{"steps": []}"#)).collect();
    let page = server.json("threads.list", json!({"limit": 9999, "order": "desc"}));
    assert_eq!(page["has_more"], false);
    let data = page["data"].as_array().unwrap();
    let listed: Vec<&str> = data.iter().map(|thread| string(thread, "id")).collect();
    assert_eq!(listed, [&*ids[2], &ids[1], &ids[0]]);
    for thread in data {
        assert_eq!(thread["items"], json!({"data": [], "has_more": false}));
    }
    // The newest first is also the default; a message does not move its thread.
    server.say(&ids[0], r#"{"steps": []}"#);
    assert_eq!(server.json("threads.list", json!({}))["data"], page["data"]);
    let oldest = server.json("threads.list", json!({"order": "asc", "limit": 1}));
    assert_eq!(oldest["data"][0]["id"], json!(ids[0]));
    assert_eq!(oldest["has_more"], true);
}

#[test]
fn a_thread_is_renamed() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": [{"thread": {"metadata": {"k": 1}}}]}"#);
    let answer = server.json("threads.update", json!({"thread_id": thread, "title": "Ω \u{0}"}));
    assert_eq!(
        answer,
        json!({
            "id": thread, "created_at": answer["created_at"], "title": "Ω \u{0}",
            "status": {"type": "active"}, "metadata": {}, "items": {"data": [], "has_more": false},
        }),
    );
    let stored = server.json("threads.get_by_id", json!({"thread_id": thread}));
    assert_eq!(stored["title"], "Ω \u{0}");
}

#[test]
fn renaming_does_not_undo_what_a_turn_changes() {
    let server = Server::playback();
    let text = script(json!([
        {"event": {"type": "progress_update", "text": "started"}},
        {"sleep_ms": 600_000},
    ]));
    let mut stream = server.stream(&create(&text));
    let thread = stream.until("progress_update")[0]["thread"]["id"].clone();
    let thread = thread.as_str().unwrap();
    server.json("threads.update", json!({"thread_id": thread, "title": "mine"}));
    // The turn saves another field of the same thread.
    server.say(thread, &script(json!([{"thread": {"metadata": {"k": 1}}}])));
    assert_eq!(server.json("threads.get_by_id", json!({"thread_id": thread}))["title"], "mine");
}

#[test]
fn a_deleted_thread_is_gone_with_its_items() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let other = server.thread(r#"{"steps": []}"#);
    assert_eq!(server.json("threads.delete", json!({"thread_id": thread})), json!({}));
    for request in [
        by_id(&thread),
        op("threads.delete", json!({"thread_id": thread})),
        op("threads.update", json!({"thread_id": thread, "title": "t"})),
        op("items.list", json!({"thread_id": thread})),
    ] {
        let answer = server.post(&request);
        assert_eq!(answer.status(), 404, "{request}");
        assert_eq!(answer.message(), format!("thread `{thread}` not found"), "{request}");
    }
    let left = server.json("threads.list", json!({}));
    assert_eq!(left["data"].as_array().unwrap().len(), 1);
    assert_eq!(left["data"][0]["id"], json!(other));
}
