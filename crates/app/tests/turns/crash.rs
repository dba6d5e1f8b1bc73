//! The process killed while turns run.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    FOR_EVER, REPLY, assert_not_running,
    common::{
        Database, Events, Server, attach, create, kinds, message_item, said, script, text_of,
        until, words,
    },
    completes, created, done_text, until_words,
};

/// The most text that a crash may cost, in the time it took to say it.
const LOSS: Duration = Duration::from_secs(1);
const NOTE: &str = "The response was cut short because the server stopped unexpectedly.";

#[test]
fn a_crash_costs_a_second_of_text_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut server = Server::sqlite(&path);
    // A word every 10 ms for far longer than the test takes.
    let mut steps = words(REPLY, 3000, 10);
    steps.push(json!({"sleep_ms": FOR_EVER}));
    let streams: Vec<Events> =
        (0..4).map(|_| server.stream(&create(&script(json!(steps))))).collect();
    let listening: Vec<_> =
        streams.into_iter().map(|stream| thread::spawn(move || listen(stream))).collect();
    let database = Database::open(&path);
    until("checkpoints are made", || database.count_checkpoints() == 4);
    // At no moment in particular: somewhere between two checkpoints.
    thread::sleep(Duration::from_millis(1900));
    let killed = Instant::now();
    server.kill();
    let heard: Vec<Heard> = listening.into_iter().map(|heard| heard.join().unwrap()).collect();

    let server = Server::sqlite(&path);
    until("it is logged", || server.stderr().contains("closed=4"));
    database.check();
    assert_eq!(database.count_checkpoints(), 0);
    for Heard { thread, last_id, words } in heard {
        let old = words.iter().filter(|(_, at)| killed - *at > LOSS).map(|(length, _)| *length);
        let old = old.max().expect("it was heard for longer than may be lost");
        let items = server.items(&thread);
        assert_eq!(kinds(&items), ["user_message", "assistant_message"]);
        let kept = text_of(&items[1]);
        let all = said(3000);
        assert!(all.starts_with(&kept) && kept.ends_with(' '), "{kept}");
        assert!(kept.len() >= old, "{} of {old} bytes are kept", kept.len());
        assert_eq!(database.notes(&thread), [NOTE]);

        assert_not_running(&server.events(&attach(&thread, Some(&last_id))));
        assert!(!server.stop(&thread));
        let more = server.say(&thread, &completes(2, 0).replace("msg_", "n_"));
        assert_eq!(done_text(more.last().unwrap()), said(2));
        assert_eq!(server.items(&thread)[..2], items);
    }
}

/// What a client has heard until its connection broke.
struct Heard {
    thread: String,
    last_id: String,
    /// How long the text was, and when.
    words: Vec<(usize, Instant)>,
}

fn listen(mut stream: Events) -> Heard {
    let thread = created(&stream.until("thread.item.added"));
    let mut length = 0;
    let mut words = Vec::new();
    while let Ok(Some(event)) = stream.try_next() {
        length += event["update"]["delta"].as_str().map_or(0, str::len);
        words.push((length, Instant::now()));
    }
    Heard { thread, last_id: stream.last_id().unwrap(), words }
}

/// Everything in the making is kept as it was shown; what was done or taken away stays so.
#[test]
fn all_that_was_in_the_making_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut server = Server::sqlite(&path);
    let item = |kind: &str, more: Value| {
        let mut item = message_item(&format!("id_{kind}"), "");
        item["type"] = json!(kind);
        item.as_object_mut().unwrap().remove("content");
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"event": {"type": "thread.item.added", "item": item}})
    };
    let event = |event: Value| json!({"event": event});
    let card = json!({"type": "Card", "children": [{"type": "Text", "id": "t", "value": "a"}]});
    let mut steps = vec![
        event(json!({"type": "thread.item.done", "item": message_item("msg_1", "one")})),
        item("widget", json!({"widget": card})),
        event(json!({"type": "thread.item.updated", "item_id": "id_widget", "update": {
            "type": "widget.streaming_text.value_delta", "component_id": "t", "delta": "b",
            "done": false}})),
        item(
            "workflow",
            json!({"workflow": {"type": "custom", "tasks": [
            {"type": "custom", "title": "step"}]}}),
        ),
    ];
    steps.extend(words("msg_gone", 3, 0));
    steps.extend(words(REPLY, 3, 0));
    // Checkpoints have what is taken away here.
    steps.push(json!({"sleep_ms": 1500}));
    steps.push(event(json!({"type": "thread.item.removed", "item_id": "msg_gone"})));
    steps.push(event(json!({"type": "progress_update", "text": "taken away"})));
    steps.push(json!({"sleep_ms": FOR_EVER}));
    let mut stream = server.stream(&create(&script(json!(steps))));
    let thread = created(&stream.until("progress_update"));
    server.kill();

    let server = Server::sqlite(&path);
    let items = server.items(&thread);
    assert_eq!(
        kinds(&items),
        ["user_message", "assistant_message", "widget", "workflow", "assistant_message"],
    );
    assert_eq!(items[2]["widget"]["children"][0]["value"], "ab");
    assert_eq!(items[3]["workflow"]["tasks"][0]["title"], "step");
    assert_eq!(text_of(&items[4]), said(3));
    assert_eq!(Database::open(&path).notes(&thread), [NOTE]);
}

/// Turns that had ended are none of the recovery's business.
#[test]
fn turns_that_were_over_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut server = Server::sqlite(&path);
    let done = server.thread(&completes(100, 10));
    let mut stream = server.stream(&create(&crate::talks_on(10)));
    let stopped = created(&until_words(&mut stream, 150));
    assert!(server.stop(&stopped));
    let database = Database::open(&path);
    until("checkpoints are forgotten", || database.count_checkpoints() == 0);
    let before = [&done, &stopped].map(|thread| database.items(thread));
    server.kill();
    let server = Server::sqlite(&path);
    until("the start is logged", || server.stderr().contains("threads are kept"));
    assert!(!server.stderr().contains("closed"), "{}", server.stderr());
    assert_eq!([&done, &stopped].map(|thread| database.items(thread)), before);
}
