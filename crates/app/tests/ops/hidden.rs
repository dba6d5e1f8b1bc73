//! What only the model may see never reaches a client.

use serde_json::{Value, json};

use crate::common::{Server, add_message, create, kinds, message_item, op, script, string};

const SECRET: &str = "for the model only";

fn hidden(id: &str) -> Value {
    json!({"type": "hidden_context_item", "id": id, "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "content": {"note": SECRET}})
}

fn sdk_hidden(id: &str) -> Value {
    json!({"type": "sdk_hidden_context", "id": id, "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "content": SECRET})
}

/// The script, as an action so that no message holds the secret.
fn play(server: &Server, thread: &str, steps: Value) -> Vec<Value> {
    let events = server.events(&op(
        "threads.custom_action",
        json!({"thread_id": thread, "action": {"type": "play", "payload": {"steps": steps}}}),
    ));
    assert!(!kinds(&events).contains(&"error"), "{events:?}");
    events
}

fn event(kind: &str, item: Value) -> Value {
    json!({"event": {"type": kind, "item": item}})
}

#[test]
fn hidden_items_are_in_no_stream() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let mut steps = Vec::new();
    for item in [hidden("h"), sdk_hidden("s")] {
        steps.push(event("thread.item.added", item.clone()));
        let update = json!({"type": "assistant_message.content_part.text_delta", "content_index": 0,
                            "delta": SECRET});
        steps.push(json!({"event": {"type": "thread.item.updated", "item_id": item["id"], "update": update}}));
        steps.push(event("thread.item.done", item.clone()));
        steps.push(event("thread.item.replaced", item));
    }
    // A responder may also show a whole thread.
    let shown = json!({"id": thread, "created_at": "2026-01-01T00:00:00Z", "metadata": {"m": SECRET},
        "items": {"data": [hidden("h"), message_item("msg_seen", "seen"), sdk_hidden("s")], "has_more": false}});
    steps.push(json!({"event": {"type": "thread.updated", "thread": shown}}));
    steps.push(json!({"event": {"type": "thread.created", "thread": shown}}));
    steps.push(json!({"thread": {"title": "t", "metadata": {"m": SECRET}}}));
    steps.push(event("thread.item.done", message_item("msg_a", "a")));

    let events = play(&server, &thread, json!(steps));
    assert_eq!(
        kinds(&events),
        [
            "stream_options",
            "thread.updated",
            "thread.created",
            "thread.item.done",
            "thread.updated"
        ],
    );
    assert!(!json!(events).to_string().contains(SECRET), "{events:?}");
    assert_eq!(events[1]["thread"]["items"]["data"].as_array().unwrap().len(), 1);
}

#[test]
fn hidden_items_are_in_no_answer_and_pages_are_full() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let mut steps = vec![json!({"thread": {"metadata": {"m": SECRET}}})];
    for n in 0..30 {
        // More hidden ones than fit on a page, in front, between and behind.
        for k in 0..3 {
            steps.push(event("thread.item.done", hidden(&format!("h_{n}_{k}"))));
        }
        if n > 3 && n < 27 {
            steps.push(event("thread.item.done", message_item(&format!("msg_{n}"), "x")));
        }
        steps.push(event("thread.item.done", sdk_hidden(&format!("s_{n}"))));
    }
    play(&server, &thread, json!(steps));

    for order in ["asc", "desc"] {
        for limit in [1, 2, 7, 20, 24, 25] {
            let mut after = Value::Null;
            let mut seen = 0;
            loop {
                let page = server.json(
                    "items.list",
                    json!({"thread_id": thread, "limit": limit, "order": order, "after": after}),
                );
                assert!(!page.to_string().contains(SECRET));
                let data = page["data"].as_array().unwrap();
                seen += data.len();
                if page["has_more"] == false {
                    break;
                }
                assert_eq!(data.len(), limit, "{order} {limit}");
                after = data.last().unwrap()["id"].clone();
            }
            assert_eq!(seen, 24, "{order} {limit}");
        }
    }
    let whole = server.json("threads.get_by_id", json!({"thread_id": thread}));
    assert!(!whole.to_string().contains(SECRET));
    assert_eq!(whole["items"]["data"].as_array().unwrap().len(), 20);
    let listed = server.json("threads.list", json!({}));
    assert!(!listed.to_string().contains(SECRET));
    let renamed = server.json("threads.update", json!({"thread_id": thread, "title": "t"}));
    assert!(!renamed.to_string().contains(SECRET));
    // A client that somehow knows the id of a hidden item may page on from it.
    let page =
        server.json("items.list", json!({"thread_id": thread, "order": "asc", "after": "h_29_2"}));
    assert_eq!(page, json!({"data": [], "has_more": false}));
}

#[test]
fn a_hidden_item_cannot_be_reached_by_its_id() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    play(&server, &thread, json!([event("thread.item.done", hidden("h"))]));
    for request in [
        op("threads.retry_after_item", json!({"thread_id": thread, "item_id": "h"})),
        op(
            "threads.add_structured_input",
            json!({"thread_id": thread, "item_id": "h", "input": {}}),
        ),
        op(
            "threads.custom_action",
            json!({"thread_id": thread, "item_id": "h", "action": {"type": "a"}}),
        ),
        op(
            "threads.sync_custom_action",
            json!({"thread_id": thread, "item_id": "h", "action": {"type": "a"}}),
        ),
    ] {
        let answer = server.post(&request);
        assert!(!answer.text().contains(SECRET), "{}", answer.text());
    }
}

#[test]
fn the_note_about_a_stop_is_in_no_answer() {
    let server = Server::playback();
    let text = script(json!([{"text": {"deltas": 1_000_000, "delta": "x", "gap_ms": 2}}]));
    let mut stream = server.stream(&create(&text));
    let events = stream.until_text();
    let thread = string(&events[0]["thread"], "id").to_owned();
    drop(stream);
    let answer = server.events(&add_message(&thread, r#"{"steps": []}"#));
    let items = server.items(&thread);
    let kinds = kinds(&items);
    assert_eq!(kinds, ["user_message", "assistant_message", "user_message"]);
    assert!(!json!(answer).to_string().contains("hidden"), "{answer:?}");
}
