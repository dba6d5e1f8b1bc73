//! `threads.add_client_tool_output`.

use serde_json::{Value, json};

use crate::common::{Server, create, kinds, message_item, op, script, string, text_of};

fn call(id: &str) -> Value {
    json!({
        "type": "client_tool_call", "id": id, "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "status": "pending", "call_id": format!("call_{id}"),
        "name": "read_page", "arguments": {"selector": "#a"},
    })
}

fn done(item: Value) -> Value {
    json!({"event": {"type": "thread.item.done", "item": item}})
}

fn output(thread: &str, params: Value) -> Value {
    let mut request = op("threads.add_client_tool_output", params);
    request["params"]["thread_id"] = json!(thread);
    request
}

/// A thread that calls a tool and says `thanks` when it goes on.
fn calling(server: &Server, before: Vec<Value>) -> String {
    let resume = json!({"steps": [done(message_item("msg_thanks", "thanks"))]});
    let mut steps = vec![json!({"thread": {"metadata": {"on_resume": resume}}})];
    steps.extend(before);
    steps.push(done(call("tc_1")));
    server.thread(&script(json!(steps)))
}

#[test]
fn the_output_completes_the_call_and_the_assistant_goes_on() {
    let server = Server::playback();
    for result in
        [json!({"title": "Home"}), json!("text"), json!([1, null]), json!(0), json!(false)]
    {
        let thread = calling(&server, vec![]);
        let mut expected = call("tc_1");
        expected["thread_id"] = json!(thread);
        assert_eq!(server.items(&thread)[1], expected);

        let events = server.events(&output(&thread, json!({"result": result})));
        assert_eq!(kinds(&events), ["stream_options", "thread.item.done"]);
        expected["status"] = json!("completed");
        expected["output"] = result;
        let items = server.items(&thread);
        assert_eq!(items[1], expected);
        assert_eq!(text_of(&items[2]), "thanks");
    }
}

#[test]
fn a_tool_may_return_nothing() {
    let server = Server::playback();
    for params in [json!({}), json!({"result": null})] {
        let thread = calling(&server, vec![]);
        assert!(!kinds(&server.events(&output(&thread, params))).contains(&"error"));
        let call = &server.items(&thread)[1];
        assert_eq!(call["status"], "completed");
        assert_eq!(call.get("output"), None);
    }
}

#[test]
fn an_output_that_nothing_waits_for_is_refused() {
    let server = Server::playback();
    let thread = calling(&server, vec![]);
    server.events(&output(&thread, json!({"result": 1})));
    let before = server.items(&thread);
    let never_called = server.thread(r#"{"steps": []}"#);
    for thread in [&thread, &never_called] {
        let events = server.events(&output(thread, json!({"result": 2})));
        assert_eq!(kinds(&events), ["error"], "{events:?}");
        assert_eq!(events[0]["code"], "custom");
        assert!(string(&events[0], "message").contains(thread.as_str()), "{events:?}");
    }
    assert_eq!(server.items(&thread), before);
    let unknown = server.events(&output("thr_unknown", json!({"result": 2})));
    assert_eq!(unknown[0]["message"], "thread `thr_unknown` not found");
}

#[test]
fn a_hidden_note_after_the_call_does_not_hide_it() {
    let server = Server::playback();
    let note = json!({"type": "hidden_context_item", "id": "h", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z", "content": 1});
    let thread = server.thread(&script(json!([done(call("tc_1")), done(note)])));
    let events = server.events(&output(&thread, json!({"result": 1})));
    assert_eq!(kinds(&events), ["stream_options"]);
    assert_eq!(server.items(&thread)[1]["output"], 1);
}

#[test]
fn calls_that_were_never_answered_are_removed() {
    let server = Server::playback();
    let thread = server.thread(&script(json!([done(call("tc_lost"))])));
    // More than a page between the lost call and the next one.
    let between: Vec<Value> =
        (0..30).map(|n| done(message_item(&format!("msg_{n}"), "x"))).collect();
    server.say(&thread, &script(json!(between)));
    server.say(&thread, &script(json!([done(call("tc_2"))])));
    server.events(&output(&thread, json!({"result": 1})));
    let items = server.items(&thread);
    let calls: Vec<&str> = items
        .iter()
        .filter(|item| item["type"] == "client_tool_call")
        .map(|item| string(item, "id"))
        .collect();
    assert_eq!(calls, ["tc_2"]);
}

#[test]
fn a_call_that_is_not_the_last_item_is_not_waited_for() {
    let server = Server::playback();
    let thread = calling(&server, vec![]);
    server.say(&thread, r#"{"steps": []}"#);
    let events = server.events(&output(&thread, json!({"result": 1})));
    assert_eq!(kinds(&events), ["error"], "{events:?}");
    assert_eq!(server.items(&thread)[1]["status"], "pending");
}

/// The output carries no call id: two calls at once could not be told apart.
#[test]
fn a_second_call_in_one_turn_is_an_error() {
    let server = Server::playback();
    let events = server.events(&create(&script(json!([done(call("tc_1")), done(call("tc_2"))]))));
    assert_eq!(kinds(&events)[3..], ["thread.item.done", "error"]);
    let items = server.items(string(&events[0]["thread"], "id"));
    assert_eq!(items.len(), 2);
}
