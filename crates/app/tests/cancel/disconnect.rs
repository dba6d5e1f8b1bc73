//! Stop in the stock client is an abort of the fetch: the connection just closes.

use serde_json::json;

use crate::{
    common::{
        Rng, Server, action, add_message, create, kinds, message_item, script, seed, shown_text,
        string, text_of, until,
    },
    long_reply, short_reply, story,
};

#[test]
fn what_the_user_saw_is_kept_and_the_thread_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let mut stream = server.stream(&create(&long_reply("half a rep")));
        let thread = string(&stream.until_text()[0]["thread"], "id").to_owned();
        drop(stream);
        until("the partial reply is stored", || story(&server, &thread).len() == 2);
        assert_eq!(story(&server, &thread), ["user", "assistant: half a rep"]);
        let partial = &server.items(&thread)[1];
        assert_eq!(partial["id"], "msg_long");

        let events = server.say(&thread, &short_reply("next"));
        assert_eq!(events.last().unwrap()["type"], "thread.item.done");
        assert_eq!(
            story(&server, &thread),
            ["user", "assistant: half a rep", "user", "assistant: next"],
        );
    }
}

/// A request that was sent as a whole counts, though its client is gone before it is looked at.
#[test]
fn a_message_whose_client_leaves_at_once_is_not_lost() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let count = 100;
    for n in 0..count {
        let mut connection = server.connect();
        connection.send_op(&add_message(&thread, &format!(r#"{{"steps": [], "n": {n}}}"#)));
        drop(connection);
    }
    let page = json!({"thread_id": thread, "limit": 1000, "order": "asc"});
    until("all messages are stored", || {
        let items = server.json("items.list", page.clone());
        items["data"].as_array().unwrap().len() == count + 1
    });
}

/// Proxies and simple clients ask so.
#[test]
fn a_client_that_wants_its_connection_closed_is_noticed_when_it_leaves() {
    for (version, header) in [("1.1", "Connection: close\r\n"), ("1.0", "")] {
        let server = Server::playback();
        let body = create(&long_reply("half")).to_string();
        let mut connection = server.connect();
        let head = format!("POST /chatkit HTTP/{version}\r\nHost: x\r\n{header}");
        connection.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let mut stream = connection.into_events();
        assert_eq!(stream.head().header("connection"), Some("close"));
        let thread = string(&stream.until_text()[0]["thread"], "id").to_owned();
        drop(stream);
        until("the partial reply is stored", || story(&server, &thread).len() == 2);
        until("the turn has ended", || server.stderr().contains("end=disconnect"));
    }
}

/// The stored text is what was sent, and at least what the client had read when it left.
#[test]
fn a_stream_left_anywhere_keeps_all_that_was_read() {
    let server = Server::playback();
    let text = script(json!([{"text": {"deltas": 1_000_000, "delta": "ab", "gap_ms": 1}}]));
    let mut rng = Rng::new(seed());
    for _ in 0..20 {
        let mut stream = server.stream(&create(&text));
        let mut events = stream.until_text();
        for _ in 0..rng.below(60) {
            events.push(stream.next().unwrap());
        }
        drop(stream);
        let thread = string(&events[0]["thread"], "id");
        // The next message waits for the clean-up of the turn before.
        assert_eq!(server.say(thread, r#"{"steps": []}"#).len(), 2);
        let items = server.items(thread);
        assert_eq!(kinds(&items), ["user_message", "assistant_message", "user_message"]);
        let stored = text_of(&items[1]);
        assert!(stored.starts_with(&shown_text(&events)), "{stored} lacks what was read");
        assert!(stored.as_bytes().chunks(2).all(|delta| delta == b"ab"), "{stored}");
    }
}

#[test]
fn a_turn_that_nobody_reads_is_stopped() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&script(json!([
        {"event": {"type": "progress_update", "text": "on it"}},
        {"sleep_ms": 600_000},
    ]))));
    let thread = string(&stream.until("progress_update")[0]["thread"], "id").to_owned();
    drop(stream);
    // Waits for the turn before: for ten minutes, if it were not stopped.
    assert_eq!(server.say(&thread, &short_reply("a")).len(), 7);
    assert_eq!(story(&server, &thread), ["user", "user", "assistant: a"]);
}

#[test]
fn nothing_is_kept_of_a_reply_that_showed_nothing() {
    let server = Server::playback();
    for shown in ["", " \n\t "] {
        let mut stream = server.stream(&create(&long_reply(shown)));
        let mut events = stream.until("thread.item.added");
        events.extend(stream.until("thread.item.updated"));
        events.extend(stream.until("thread.item.updated"));
        let thread = string(&events[0]["thread"], "id").to_owned();
        drop(stream);
        server.say(&thread, r#"{"steps": []}"#);
        assert_eq!(story(&server, &thread), ["user", "user"]);
    }
}

#[test]
fn what_was_done_before_stays_as_it_was() {
    let server = Server::playback();
    let text = script(json!([
        {"event": {"type": "thread.item.done", "item": message_item("msg_1", "one")}},
        {"widget": [{"type": "Card", "children": []}]},
        {"thread": {"title": "kept"}},
        {"event": {"type": "progress_update", "text": "x"}},
        {"sleep_ms": 600_000},
    ]));
    let mut stream = server.stream(&create(&text));
    let events = stream.until("thread.updated");
    let thread = string(&events[0]["thread"], "id").to_owned();
    drop(stream);
    server.say(&thread, r#"{"steps": []}"#);
    assert_eq!(story(&server, &thread), ["user", "assistant: one", "widget", "user"]);
    assert_eq!(server.json("threads.get_by_id", json!({"thread_id": thread}))["title"], "kept");
}

#[test]
fn widgets_and_workflows_in_the_making_are_kept() {
    let server = Server::playback();
    let item = |kind: &str, id: &str, more: serde_json::Value| {
        let mut item = json!({"type": kind, "id": id, "thread_id": "$THREAD",
            "created_at": "2026-01-01T00:00:00Z"});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"event": {"type": "thread.item.added", "item": item}})
    };
    let update = |id: &str, update: serde_json::Value| json!({"event": {"type": "thread.item.updated", "item_id": id, "update": update}});
    let card = |text: &str| json!({"type": "Card", "children": [{"type": "Text", "id": "t", "value": text}]});
    let text = script(json!([
        item("widget", "w", json!({"widget": card("a")})),
        update("w", json!({"type": "widget.streaming_text.value_delta", "component_id": "t",
            "delta": "b", "done": false})),
        item("workflow", "wf", json!({"workflow": {"type": "custom", "tasks": []}})),
        update("wf", json!({"type": "workflow.task.added", "task_index": 0,
            "task": {"type": "custom", "title": "step"}})),
        {"event": {"type": "progress_update", "text": "x"}},
        {"sleep_ms": 600_000},
    ]));
    let mut stream = server.stream(&create(&text));
    let thread = string(&stream.until("progress_update")[0]["thread"], "id").to_owned();
    drop(stream);
    server.say(&thread, r#"{"steps": []}"#);
    let items = server.items(&thread);
    assert_eq!(kinds(&items), ["user_message", "widget", "workflow", "user_message"]);
    assert_eq!(items[1]["widget"], card("ab"));
    assert_eq!(items[2]["workflow"]["tasks"][0]["title"], "step");
}

#[test]
fn a_client_may_leave_before_the_first_event() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let thread = server.thread(r#"{"steps": []}"#);
        let request = add_message(&thread, &long_reply("never read")).to_string();
        let request = format!(
            "POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{request}",
            request.len()
        );
        let mut rng = Rng::new(seed());
        for round in 0..100 {
            let mut connection = server.connect();
            // Every second client sends its request as a whole, the others a part of it.
            let end = if round % 2 == 0 { request.len() } else { rng.below(request.len()) };
            connection.send(&request.as_bytes()[..end]);
            drop(connection);
        }
        // A request that is taken late supersedes what came before it.
        let answered = (0..100).any(|_| {
            let events = server.say(&thread, &short_reply("here"));
            events.last().is_some_and(|event| event["type"] == "thread.item.done")
        });
        assert!(answered);
        let last = story(&server, &thread);
        assert!(last.contains(&"assistant: here".to_owned()), "{last:?}");
        assert!(last.iter().all(|line| line != "assistant_message"), "{last:?}");
        assert_eq!(server.get("/readyz").status(), 200);
    }
}

/// Bytes behind the request keep the server from seeing that the client is gone; a heartbeat does.
#[test]
fn a_client_that_sent_more_before_it_left_is_noticed() {
    let server =
        Server::serve(&["--database", "memory:", "--responder", "playback", "--heartbeat", "0.2"]);
    let mut connection = server.connect();
    let create = create(&long_reply("half")).to_string();
    let list = r#"{"type": "threads.list", "params": {}}"#;
    let together = [&*create, list].map(|body| {
        format!("POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    connection.send(together.concat().as_bytes());
    let mut stream = connection.into_events();
    let thread = string(&stream.until_text()[0]["thread"], "id").to_owned();
    drop(stream);
    until("the partial reply is stored", || story(&server, &thread).len() == 2);
}

#[test]
fn an_action_whose_client_leaves_is_stopped_as_well() {
    let server = Server::playback();
    let thread = server.thread(r#"{"steps": []}"#);
    let mut stream = server.stream(&action(&thread, &long_reply("half")));
    stream.until_text();
    drop(stream);
    until("the partial reply is stored", || story(&server, &thread).len() == 2);
    assert_eq!(story(&server, &thread), ["user", "assistant: half"]);
}
