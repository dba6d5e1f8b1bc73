//! `threads.create` and `threads.add_user_message`.

use serde_json::{Value, json};

use crate::common::{
    Server, add_message, create, kinds, message_item, op, script, string, text_of,
};

/// A time as the wire must have it: with an offset.
fn assert_time(value: &Value) {
    let time = value.as_str().unwrap();
    assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
}

#[test]
fn create_makes_the_thread_echoes_the_message_and_answers() {
    let server = Server::playback();
    let text = script(json!([
        {"event": {"type": "progress_update", "icon": "search", "text": "Searching"}},
        {"event": {"type": "thread.item.done", "item": message_item("msg_a", "hi")}},
    ]));
    let events = server.events(&create(&text));
    let thread_id = string(&events[0]["thread"], "id").to_owned();
    let thread_time = &events[0]["thread"]["created_at"];
    let message_id = string(&events[1]["item"], "id");
    let message_time = &events[1]["item"]["created_at"];
    assert_time(thread_time);
    assert_time(message_time);
    assert!(thread_id.starts_with("thr_") && thread_id.len() >= 30, "{thread_id}");
    assert!(message_id.starts_with("msg_") && message_id.len() >= 30, "{message_id}");

    let user_message = json!({
        "type": "user_message", "id": message_id, "thread_id": thread_id,
        "created_at": message_time,
        "content": [{"type": "input_text", "text": text}],
        "attachments": [], "inference_options": {},
    });
    let mut reply = message_item("msg_a", "hi");
    reply["thread_id"] = json!(thread_id);
    let thread = json!({
        "id": thread_id, "created_at": thread_time, "status": {"type": "active"}, "metadata": {},
        "items": {"data": [], "has_more": false},
    });
    assert_eq!(
        events,
        [
            json!({"type": "thread.created", "thread": thread}),
            json!({"type": "thread.item.done", "item": user_message}),
            json!({"type": "stream_options", "stream_options": {"allow_cancel": true}}),
            json!({"type": "progress_update", "icon": "search", "text": "Searching"}),
            json!({"type": "thread.item.done", "item": reply}),
        ],
    );
    assert_eq!(server.items(&thread_id), [user_message, reply]);
}

#[test]
fn a_further_message_is_the_same_without_the_thread() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let text = script(json!([{"text": {"deltas": 2, "delta": "ha"}}]));
    let events = server.say(&thread, &text);
    assert_eq!(
        kinds(&events),
        [
            "thread.item.done",
            "stream_options",
            "thread.item.added",
            "thread.item.updated",
            "thread.item.updated",
            "thread.item.updated",
            "thread.item.updated",
            "thread.item.done",
        ],
    );
    let item = &events[7]["item"];
    let (id, time) = (item["id"].clone(), item["created_at"].clone());
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let message = |content: Value| {
        json!({"type": "assistant_message", "id": id, "thread_id": thread, "created_at": time,
               "content": content})
    };
    let update =
        |update: Value| json!({"type": "thread.item.updated", "item_id": id, "update": update});
    let delta = json!({"type": "assistant_message.content_part.text_delta", "content_index": 0,
                       "delta": "ha"});
    assert_eq!(
        events[2..],
        [
            json!({"type": "thread.item.added", "item": message(json!([]))}),
            update(json!({"type": "assistant_message.content_part.added", "content_index": 0,
                          "content": part("")})),
            update(delta.clone()),
            update(delta),
            update(json!({"type": "assistant_message.content_part.done", "content_index": 0,
                          "content": part("haha")})),
            json!({"type": "thread.item.done", "item": message(json!([part("haha")]))}),
        ],
    );
    assert_eq!(server.items(&thread).len(), 3);
}

#[test]
fn everything_a_user_can_put_into_a_message_is_kept() {
    let server = Server::playback();
    let input = json!({
        "content": [
            {"type": "input_text", "text": "ask "},
            {"type": "input_tag", "id": "u1", "text": "@Ann", "data": {"k": [1, null]}, "group": "people",
             "interactive": true},
            {"type": "input_tag", "id": "u2", "text": "@Bob"},
        ],
        "quoted_text": "",
        "inference_options": {"model": "m-1", "tool_choice": {"id": "search"}},
        "attachments": [],
    });
    let events = server.events(&op("threads.create", json!({"input": input})));
    let item = &events[1]["item"];
    assert_eq!(
        item["content"],
        json!([
            {"type": "input_text", "text": "ask "},
            {"type": "input_tag", "id": "u1", "text": "@Ann", "data": {"k": [1, null]}, "group": "people",
             "interactive": true},
            {"type": "input_tag", "id": "u2", "text": "@Bob", "data": {}, "interactive": false},
        ]),
    );
    assert_eq!(item["quoted_text"], "");
    assert_eq!(item["inference_options"], json!({"model": "m-1", "tool_choice": {"id": "search"}}));
    assert_eq!(server.items(string(&events[0]["thread"], "id"))[0], *item);
}

#[test]
fn what_the_stock_client_leaves_out_may_be_left_out() {
    let server = Server::playback();
    for input in [
        json!({"content": []}),
        json!({"content": [], "attachments": null, "inference_options": null, "quoted_text": null}),
        json!({"content": [], "attachments": [], "inference_options": {}, "unknown": {"a": 1}}),
    ] {
        let events = server.events(&op("threads.create", json!({"input": input, "more": 1})));
        assert_eq!(events[1]["item"]["content"], json!([]), "{input}");
        assert!(!kinds(&events).contains(&"error"), "{input}: {events:?}");
    }
}

#[test]
fn text_comes_back_letter_for_letter() {
    let server = Server::playback();
    let odd =
        "\u{0} \u{1f600} \u{2028}\u{2029} \u{feff} \"\\/ </script> \r\n\t \u{10ffff} e\u{301}";
    let text =
        script(json!([{"event": {"type": "thread.item.done", "item": message_item("m", odd)}}]));
    let events = server.events(&create(&text));
    let items = server.items(string(&events[0]["thread"], "id"));
    assert_eq!(text_of(&items[0]), text);
    assert_eq!(text_of(&items[1]), odd);
    assert_eq!(events.last().unwrap()["item"], items[1]);
}

#[test]
fn a_text_that_is_no_script_gets_a_message() {
    let server = Server::playback();
    for text in ["hello", "", "{", "[]", r#"{"steps": 1}"#, r#"{"steps": [{"sleep_ms": -1}]}"#] {
        let events = server.events(&create(text));
        let last = events.last().unwrap();
        assert_eq!(last["item"]["type"], "assistant_message", "{text}: {last}");
    }
}

#[test]
fn an_error_of_the_responder_is_an_event_and_what_was_done_stays() {
    let server = Server::playback();
    for (fail, error) in [
        (
            json!({"message": "boom", "allow_retry": true}),
            json!({"type": "error", "code": "custom", "message": "boom", "allow_retry": true}),
        ),
        (
            json!({"message": "boom"}),
            json!({"type": "error", "code": "custom", "message": "boom", "allow_retry": false}),
        ),
        (
            json!({"code": "stream.error"}),
            json!({"type": "error", "code": "stream.error", "allow_retry": true}),
        ),
        (
            json!({"code": "stream.error", "allow_retry": false}),
            json!({"type": "error", "code": "stream.error", "allow_retry": false}),
        ),
        (json!({}), json!({"type": "error", "code": "stream.error", "allow_retry": true})),
    ] {
        let done = json!({"type": "thread.item.done", "item": message_item("msg_done", "done")});
        let text = script(json!([{"event": done}, {"fail": fail}, {"event": done}]));
        let events = server.events(&create(&text));
        assert_eq!(*events.last().unwrap(), error, "{fail}");
        assert_eq!(kinds(&events)[3..], ["thread.item.done", "error"], "{fail}");
        let items = server.items(string(&events[0]["thread"], "id"));
        assert_eq!(items.len(), 2, "{items:?}");
    }
}

#[test]
fn text_that_was_shown_before_an_error_is_kept() {
    let server = Server::playback();
    let update = |update: Value| json!({"event": {"type": "thread.item.updated", "item_id": "msg_a", "update": update}});
    let text = script(json!([
        {"event": {"type": "thread.item.added", "item": message_item("msg_a", "")}},
        update(json!({"type": "assistant_message.content_part.text_delta", "content_index": 0,
                      "delta": "half a rep"})),
        {"fail": {}},
    ]));
    let events = server.events(&create(&text));
    assert_eq!(events.last().unwrap()["type"], "error");
    let items = server.items(string(&events[0]["thread"], "id"));
    assert_eq!(text_of(&items[1]), "half a rep");
}

#[test]
fn a_changed_thread_is_saved_and_told() {
    let server = Server::playback();
    let text = script(json!([
        {"thread": {"title": "Oslo", "metadata": {"secret": 1}, "allowed_image_domains": ["a.no"]}},
        {"event": {"type": "progress_update", "text": "x"}},
    ]));
    let events = server.events(&create(&text));
    assert_eq!(kinds(&events)[3..], ["progress_update", "thread.updated"]);
    let updated = &events[4]["thread"];
    let expected = json!({
        "id": events[0]["thread"]["id"], "created_at": events[0]["thread"]["created_at"],
        "title": "Oslo", "status": {"type": "active"}, "allowed_image_domains": ["a.no"],
        "metadata": {}, "items": {"data": [], "has_more": false},
    });
    assert_eq!(*updated, expected);
    let stored = server.json("threads.get_by_id", json!({"thread_id": updated["id"]}));
    assert_eq!(stored["title"], "Oslo");
    assert_eq!(stored["metadata"], json!({}));
}

#[test]
fn widgets_are_streamed_as_their_differences() {
    let server = Server::playback();
    let card = |text: &str, streaming: bool| {
        json!({"type": "Card", "children": [
            {"type": "Text", "id": "t", "value": text, "streaming": streaming}]})
    };
    let text = script(json!([
        {"widget": [card("a", true), card("ab", true), card("abc", false)], "copy_text": "copy"},
    ]));
    let events = server.events(&create(&text));
    assert_eq!(
        kinds(&events)[3..],
        ["thread.item.added", "thread.item.updated", "thread.item.updated", "thread.item.done"],
    );
    assert_eq!(events[3]["item"]["widget"], card("a", true));
    assert_eq!(events[4]["update"]["type"], "widget.streaming_text.value_delta");
    assert_eq!(events[4]["update"]["delta"], "b");
    assert_eq!(events[6]["item"]["widget"], card("abc", false));
    let items = server.items(string(&events[0]["thread"], "id"));
    assert_eq!(items[1], events[6]["item"]);
    assert_eq!(items[1]["copy_text"], "copy");
}

#[test]
fn a_static_widget_is_one_event() {
    let server = Server::playback();
    let card = json!({"type": "Card", "children": [], "anything": {"else": [1.5, "x"]}});
    let events = server.events(&create(&script(json!([{"widget": [card]}]))));
    assert_eq!(kinds(&events)[3..], ["thread.item.done"]);
    assert_eq!(events[3]["item"]["widget"], card);
}

#[test]
fn a_message_to_an_unknown_thread_makes_none() {
    let server = Server::playback();
    let events = server.events(&add_message("thr_unknown", r#"{"steps": []}"#));
    assert_eq!(
        events,
        [json!({"type": "error", "code": "custom", "message": "thread `thr_unknown` not found",
                "allow_retry": false})],
    );
    assert_eq!(server.json("threads.list", json!({}))["data"], json!([]));
}
