//! Items in the making, as a page that was loaded anew sees them.

use serde_json::{Value, json};

use crate::{
    FOR_EVER, REPLY,
    common::{
        Server, by_id, create, kinds, list_items, message_item, said, script, shown_text, string,
        text_of, words,
    },
    created, reply, talks_on, until_words,
};

/// A message that is done, and a message, a workflow and a widget that are not.
fn in_the_making() -> String {
    let item = |kind: &str, event: &str, more: Value| {
        let mut item = message_item(&format!("id_{kind}"), "");
        item["type"] = json!(kind);
        item.as_object_mut().unwrap().remove("content");
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"event": {"type": event, "item": item}})
    };
    let task = json!({"type": "custom", "title": "step"});
    let mut steps =
        vec![json!({"event": {"type": "thread.item.done", "item": message_item("msg_1", "one")}})];
    steps.push(item("hidden_context_item", "thread.item.added", json!({"content": "secret"})));
    steps.push(item(
        "workflow",
        "thread.item.added",
        json!({"workflow": {"type": "custom", "tasks": []}}),
    ));
    steps.push(json!({"event": {"type": "thread.item.updated", "item_id": "id_workflow",
        "update": {"type": "workflow.task.added", "task_index": 0, "task": task}}}));
    steps.push(item(
        "widget",
        "thread.item.added",
        json!({"widget": {"type": "Card", "children": []}}),
    ));
    steps.extend(words(REPLY, 10, 0));
    steps.push(json!({"sleep_ms": FOR_EVER}));
    script(json!(steps))
}

#[test]
fn a_thread_and_its_pages_show_what_is_in_the_making_behind_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let mut stream = server.stream(&create(&in_the_making()));
        let thread = created(&until_words(&mut stream, 10));
        let response = server.post(&by_id(&thread));
        let items = response.json()["items"].clone();
        assert_eq!(items["has_more"], false);
        let items = items["data"].as_array().unwrap().clone();
        assert_eq!(
            kinds(&items),
            ["user_message", "assistant_message", "workflow", "widget", "assistant_message"],
        );
        assert_eq!(items[2]["workflow"]["tasks"][0]["title"], "step");
        assert_eq!((string(&items[4], "id"), text_of(&items[4])), (REPLY, said(10)));

        let backwards: Vec<Value> = items.iter().rev().cloned().collect();
        for limit in 1..7 {
            assert_eq!(all_pages(&server, &thread, "asc", limit), items, "by {limit}");
            assert_eq!(all_pages(&server, &thread, "desc", limit), backwards, "by {limit}");
        }

        // What was in the making is what is kept.
        assert!(server.stop(&thread));
        assert_eq!(server.items(&thread), items);
        assert_eq!(all_pages(&server, &thread, "desc", 2), backwards);
    }
}

/// A thread's items as a client gets them that asks for page after page.
fn all_pages(server: &Server, thread: &str, order: &str, limit: usize) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    loop {
        let after = items.last().map(|item| item["id"].clone());
        let more = json!({"order": order, "limit": limit, "after": after});
        let page = server.post(&list_items(thread, more)).json();
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= limit, "{page}");
        items.extend(data.iter().cloned());
        if page["has_more"] != true {
            return items;
        }
        assert_eq!(data.len(), limit, "{page}");
    }
}

#[test]
fn a_look_at_a_thread_is_never_behind_what_was_read_before() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&talks_on(1)));
    let mut told = until_words(&mut stream, 1);
    let thread = created(&told);
    for _ in 0..50 {
        told.extend(until_words(&mut stream, 3));
        let shown = shown_text(&told);
        let stands = reply(&server, &thread);
        assert!(stands.starts_with(&shown), "{stands:?} lacks what was shown: {shown:?}");
    }
}

/// While the page is loaded an item may be done: it is there once, with all its text.
#[test]
fn an_item_is_in_a_page_once_while_it_is_done() {
    let server = Server::playback();
    let steps: Vec<Value> = (0..100)
        .flat_map(|number| {
            let id = format!("msg_{number}");
            let item = message_item(&id, "a b");
            let mut steps = words(&id, 0, 0);
            steps.push(json!({"sleep_ms": 2}));
            steps.push(json!({"event": {"type": "thread.item.done", "item": item}}));
            steps
        })
        .collect();
    let mut stream = server.stream(&create(&script(json!(steps))));
    let thread = created(&stream.until("thread.item.added"));
    let mut looks = 0;
    let mut count = 0;
    while count < 101 {
        let order = ["asc", "desc"][looks % 2];
        let mut items = all_pages(&server, &thread, order, 1000);
        if order == "desc" {
            items.reverse();
        }
        let ids: Vec<&str> = items[1..].iter().map(|item| string(item, "id")).collect();
        let expected: Vec<String> = (0..ids.len()).map(|number| format!("msg_{number}")).collect();
        assert_eq!(ids, expected);
        assert!(items.len() >= count, "an item vanished");
        let (last, before) = items[1..].split_last().unwrap_or((&items[0], &[]));
        assert!(before.iter().all(|item| text_of(item) == "a b"), "{before:?}");
        (looks, count) = (looks + 1, items.len());
        if text_of(last) == "a b" && count == 101 {
            break;
        }
    }
    stream.rest();
}
