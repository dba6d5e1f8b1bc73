//! `threads.retry_after_item`.

use serde_json::{Value, json};

use crate::common::{Server, kinds, message_item, op, script, string, text_of};

fn retry(thread: &str, item: &str) -> Value {
    op("threads.retry_after_item", json!({"thread_id": thread, "item_id": item}))
}

fn answer_once(text: &str) -> String {
    script(json!([{"text": {"deltas": 1, "delta": text}}]))
}

#[test]
fn what_follows_the_message_is_replaced_by_a_new_answer() {
    let server = Server::playback();
    let hidden = json!({"type": "hidden_context_item", "id": "h", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "content": "note"});
    let thread = server.thread(&script(json!([
        {"event": {"type": "thread.item.done", "item": hidden}},
        {"text": {"deltas": 1, "delta": "again"}},
    ])));
    server.say(&thread, &answer_once("later"));
    let before = server.items(&thread);
    assert_eq!(before.len(), 4);

    let events = server.events(&retry(&thread, string(&before[0], "id")));
    // The message is there already: it is not echoed.
    assert_eq!(events[0]["type"], "stream_options");
    assert_eq!(events.last().unwrap()["item"]["type"], "assistant_message");
    let after = server.items(&thread);
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], before[0]);
    assert_eq!(text_of(&after[1]), "again");
    assert_ne!(after[1]["id"], before[1]["id"]);
}

#[test]
fn a_retry_that_is_refused_deletes_nothing() {
    let server = Server::playback();
    let thread = server.thread(&answer_once("a"));
    let other = server.thread(&answer_once("b"));
    let before = server.items(&thread);
    let item_of_other = string(&server.items(&other)[0], "id").to_owned();
    let reply = string(&before[1], "id");
    for (item, problem) in [
        ("msg_unknown", "item `msg_unknown` not found".to_owned()),
        (&item_of_other, format!("item `{item_of_other}` not found")),
        (
            reply,
            "params.item_id: expected the id of a user message, found a assistant_message"
                .to_owned(),
        ),
    ] {
        let events = server.events(&retry(&thread, item));
        assert_eq!(kinds(&events), ["error"], "{events:?}");
        assert_eq!(events[0]["code"], "custom");
        let message = string(&events[0], "message");
        assert!(
            message == problem || message == problem.replace(" a assistant", " an assistant"),
            "{message}",
        );
        assert_eq!(server.items(&thread), before, "{item}");
    }
}

#[test]
fn a_retry_stops_the_answer_that_is_still_running() {
    let server = Server::playback();
    let text = script(json!([
        {"text": {"deltas": 1, "delta": "x"}},
        {"event": {"type": "thread.item.done", "item": message_item("msg_long", "y")}},
        {"sleep_ms": 600_000},
    ]));
    let mut running = server.stream(&crate::common::create(&text));
    let mut events = running.until("stream_options");
    let message = string(&events[1]["item"], "id").to_owned();
    let thread = string(&events[0]["thread"], "id").to_owned();
    events.extend(running.until("thread.item.done"));
    events.extend(running.until("thread.item.done"));

    let mut again = server.stream(&retry(&thread, &message));
    again.until("thread.item.done");
    again.until("thread.item.done");
    assert_eq!(running.rest(), [] as [Value; 0]);
    let items = server.items(&thread);
    let ids: Vec<&str> = items.iter().map(|item| string(item, "id")).collect();
    assert_eq!((ids.len(), ids[0], ids[2]), (3, &*message, "msg_long"));
}
