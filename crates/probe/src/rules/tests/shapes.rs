use serde_json::{Value, json};

use super::{Error, Exchange, Found, Note, streams::*};

#[track_caller]
fn is_bad(exchange: &Exchange, frame: usize, seen: &str) {
    exchange.finds(&[("bad-shape", Error, Some(frame))]);
    assert_eq!(exchange.found()[0].seen, seen);
}

#[test]
fn a_missing_field_is_named_with_its_place() {
    is_bad(
        &create().unset(6, "/update/delta"),
        6,
        "thread.item.updated: update: missing field `delta`",
    );
    is_bad(
        &create().unset(4, "/update/content/text"),
        4,
        "thread.item.updated: update.content: missing field `text`",
    );
    is_bad(
        &create().unset(3, "/item/content"),
        3,
        "thread.item.added: item: missing field `content`",
    );
    is_bad(&create().unset(9, "/item/id"), 9, "thread.item.done: item: missing field `id`");
    is_bad(&create().unset(3, "/item/type"), 3, "thread.item.added: item: missing field `type`");
    is_bad(&create().unset(5, "/item_id"), 5, "thread.item.updated: missing field `item_id`");
    is_bad(&create().unset(5, "/type"), 5, "missing field `type`");
    is_bad(&create().unset(0, "/thread/items"), 0, "thread.created: thread: missing field `items`");
    is_bad(&create().unset(10, "/thread/id"), 10, "thread.updated: thread: missing field `id`");
    is_bad(
        &create().unset(2, "/stream_options/allow_cancel"),
        2,
        "stream_options: stream_options: missing field `allow_cancel`",
    );
    is_bad(&progress().unset(3, "/text"), 3, "progress_update: missing field `text`");
    is_bad(
        &workflow().unset(4, "/update/task/type"),
        4,
        "thread.item.updated: update.task: missing field `type`",
    );
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    is_bad(
        &create().set(6, "/update/content_index", json!("0")),
        6,
        "thread.item.updated: update.content_index: invalid type: string \"0\", expected usize",
    );
    is_bad(
        &create().set(9, "/item/content/0/text", json!(5)),
        9,
        "thread.item.done: item.content[0].text: invalid type: integer `5`, expected a string",
    );
    is_bad(
        &create().set(9, "/item/content/0/type", json!("text")),
        9,
        "thread.item.done: item.content[0].type: expected \"output_text\", found \"text\"",
    );
    is_bad(
        &widget().set(6, "/update/widget/type", json!("Carb")),
        6,
        "thread.item.updated: update.widget: type: expected a widget root `Card`, `ListView` or \
         `Basic`, found \"Carb\"",
    );
    is_bad(
        &create().set(9, "/item", json!([])),
        9,
        "thread.item.done: item: expected an object, found []",
    );
}

#[test]
fn an_event_is_an_object() {
    for (wrong, shown) in
        [(json!("hello"), "\"hello\""), (json!([1]), "[1]"), (Value::Null, "null")]
    {
        let exchange = create().with(|events| events.insert(4, wrong));
        is_bad(&exchange, 4, &format!("expected an object, found {shown}"));
    }
}

/// Whatever is wrong with the shape of one event, it is said once, and nothing else is.
#[test]
fn one_wrong_event_is_one_finding() {
    for (name, exchange) in all() {
        for at in 0..exchange.events.len() {
            let event = exchange.events[at].as_object().expect("an object");
            let required =
                ["item", "item_id", "update", "thread", "stream_options", "text", "name"];
            for field in required.into_iter().filter(|field| event.contains_key(*field)) {
                let broken = exchange.clone().unset(at, &format!("/{field}"));
                let found = broken.found();
                let short: Vec<_> = found.iter().map(|finding| finding.code).collect();
                assert_eq!(short, ["bad-shape"], "{name}, event {at}, {field}: {found:#?}");
            }
        }
    }
}

#[test]
fn what_clients_ignore_is_noted() {
    let unknown = |code: &'static str, frame| -> [Found; 1] { [(code, Note, Some(frame))] };
    create()
        .with(|events| events.insert(4, json!({"type": "thread.item.delta", "delta": "x"})))
        .finds(&unknown("unknown-event", 4));
    create()
        .with(|events| events.insert(10, done(item("new_1", "hologram"))))
        .finds(&unknown("unknown-item", 10));
    create()
        .with(|events| events.insert(4, updated("msg_2", "assistant_message.shout", json!({}))))
        .finds(&unknown("unknown-update", 4));
    create().set(10, "/thread/title", Value::Null).finds(&unknown("null-field", 10));
    create().unset(1, "/item/attachments").finds(&unknown("default-left-out", 1));
    create().unset(10, "/thread/status").finds(&unknown("default-left-out", 10));
}

#[test]
fn a_servers_text_is_cut() {
    let long = "x".repeat(1000);
    let exchange =
        create().with(|events| events.insert(4, json!({"type": format!("\u{1b}[2J{long}")})));
    let found = exchange.found();
    assert!(found[0].seen.chars().count() < 120, "{}", found[0].seen);
    assert!(!found[0].seen.contains('\u{1b}'), "{}", found[0].seen);
}
