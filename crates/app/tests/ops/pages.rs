//! Limits, cursors and orders of lists.

use serde_json::{Value, json};

use crate::common::{Server, list_items, message_item, op, script, string};

/// A thread with a user message and `count` messages `msg_0`, `msg_1`, …
fn long_thread(server: &Server, count: usize) -> String {
    let steps: Vec<Value> = (0..count)
        .map(|n| {
            let item = message_item(&format!("msg_{n}"), "x");
            json!({"event": {"type": "thread.item.done", "item": item}})
        })
        .collect();
    server.thread(&script(json!(steps)))
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|item| string(item, "id")).collect()
}

#[test]
fn the_limit_is_heeded_has_a_default_and_is_capped() {
    let server = Server::playback();
    let thread = long_thread(&server, 1100);
    for (limit, expected) in [
        (Value::Null, 20),
        (json!(0), 20),
        (json!(1), 1),
        (json!(999), 999),
        (json!(9999), 1000),
        (json!(u64::MAX), 1000),
    ] {
        let page = server.json("items.list", json!({"thread_id": thread, "limit": limit}));
        assert_eq!(ids(&page).len(), expected, "{limit}");
        assert_eq!(page["has_more"], true, "{limit}");
        assert_eq!(page["after"], *ids(&page).last().unwrap(), "{limit}");
    }
    assert_eq!(server.items(&thread).len(), 1101);
}

#[test]
fn a_wrong_limit_is_refused_by_name() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    for limit in [json!(-1), json!(1.5), json!(1e30), json!("20"), json!([]), json!(true)] {
        for request in [
            list_items(&thread, json!({"limit": limit})),
            op("threads.list", json!({"limit": limit})),
        ] {
            let answer = server.post(&request);
            assert_eq!(answer.status(), 422, "{limit}: {}", answer.text());
            assert!(answer.message().starts_with("params.limit: "), "{}", answer.message());
        }
    }
}

#[test]
fn pages_follow_each_other_in_both_orders() {
    let server = Server::playback();
    let thread = long_thread(&server, 9);
    let all = server.items(&thread);
    let all: Vec<&str> = all.iter().map(|item| string(item, "id")).collect();
    for order in ["asc", "desc"] {
        for limit in 1..=11 {
            let mut collected: Vec<String> = Vec::new();
            loop {
                let page = server.json(
                    "items.list",
                    json!({"thread_id": thread, "order": order, "limit": limit,
                           "after": collected.last()}),
                );
                assert!(!ids(&page).is_empty(), "an empty page");
                collected.extend(ids(&page).iter().map(ToString::to_string));
                if page["has_more"] == false {
                    break;
                }
                assert_eq!(ids(&page).len(), limit, "a page that is not full");
            }
            if order == "desc" {
                collected.reverse();
            }
            assert_eq!(collected, all, "{order} {limit}");
        }
    }
}

#[test]
fn the_page_after_the_last_record_is_empty() {
    let server = Server::playback();
    let thread = long_thread(&server, 1);
    let page =
        server.json("items.list", json!({"thread_id": thread, "order": "asc", "after": "msg_0"}));
    assert_eq!(page, json!({"data": [], "has_more": false}));
}

#[test]
fn an_unknown_cursor_is_refused() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let other = server.thread(r#"{"steps": []}"#);
    let item_of_other = string(&server.items(&other)[0], "id").to_owned();
    for after in ["msg_unknown", "", &item_of_other] {
        let answer = server.post(&list_items(&thread, json!({"after": after})));
        assert_eq!(answer.status(), 404, "{after}: {}", answer.text());
        assert!(answer.message().contains(&format!("`{after}`")), "{}", answer.message());
    }
    let answer = server.post(&op("threads.list", json!({"after": "thr_unknown"})));
    assert_eq!(answer.status(), 404);
}

#[test]
fn a_wrong_order_is_refused_by_name() {
    let server = Server::playback();
    for order in [json!("newest"), json!("ASC"), json!(1), json!({"asc": null})] {
        let answer = server.post(&op("threads.list", json!({"order": order})));
        assert_eq!(answer.status(), 422, "{order}");
        assert!(answer.message().starts_with("params.order: "), "{}", answer.message());
    }
    for order in [json!("asc"), json!("desc"), Value::Null] {
        assert_eq!(server.post(&op("threads.list", json!({"order": order}))).status(), 200);
    }
}

#[test]
fn threads_are_paged_like_items() {
    let server = Server::playback();
    let mut all: Vec<String> = (0..5).map(|_| server.thread(r#"{"steps": []}"#)).collect();
    all.reverse();
    let first = server.json("threads.list", json!({"limit": 3}));
    assert_eq!(
        (ids(&first), &first["has_more"]),
        (all[..3].iter().map(String::as_str).collect(), &json!(true))
    );
    let second = server.json("threads.list", json!({"limit": 3, "after": all[2]}));
    assert_eq!(
        (ids(&second), &second["has_more"]),
        (all[3..].iter().map(String::as_str).collect(), &json!(false))
    );
}
