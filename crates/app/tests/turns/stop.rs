//! `threads.stop`.

use std::thread;

use serde_json::json;

use crate::{
    REPLY, assert_not_running,
    common::{
        Database, Server, add_message, attach, create, kinds, said, script, stop, text_of, words,
    },
    completes, created, done_text, end_of, reply, says_and_waits, talks_on, until_words,
};

#[test]
fn the_answer_comes_when_what_was_shown_is_kept_and_all_readers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite(&path);
    let mut first = server.stream(&create(&talks_on(5)));
    let told = until_words(&mut first, 10);
    let thread = created(&told);
    let mut second = server.stream(&attach(&thread, None));
    until_words(&mut second, 10);

    assert!(server.stop(&thread));
    let kept = server.items(&thread).pop().unwrap();
    assert!(!server.stop(&thread), "it has ended");
    for stream in [first, second] {
        let rest = stream.rest();
        let (last, before) = rest.split_last().unwrap();
        assert_eq!(*last, json!({"type": "thread.item.done", "item": kept}));
        assert!(before.iter().all(|event| event["type"] == "thread.item.updated"), "{before:?}");
    }
    assert_eq!(end_of(&server, &thread), "stop");
    assert_not_running(&server.events(&attach(&thread, None)));

    let notes = Database::open(&path).notes(&thread);
    assert!(notes[0].starts_with("The user stopped"), "{notes:?}");
    assert_eq!(notes.len(), 1);
    let more = server.say(&thread, &completes(2, 0));
    assert_eq!(done_text(more.last().unwrap()), said(2));
    assert_eq!(server.items(&thread)[1], kept);
}

#[test]
fn there_may_be_nothing_to_stop() {
    let server = Server::playback();
    let thread = server.thread(&completes(1, 0));
    end_of(&server, &thread);
    assert!(!server.stop(&thread));
    let unknown = server.post(&stop("thr_none"));
    assert_eq!(unknown.status(), 404);
    assert!(unknown.message().contains("thr_none"), "{}", unknown.message());
    let wrong = server.post(&json!({"type": "threads.stop", "params": {}}));
    assert_eq!(wrong.status(), 422);
    assert!(wrong.message().contains("thread_id"), "{}", wrong.message());
}

#[test]
fn of_a_reply_that_showed_nothing_nothing_is_kept() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&says_and_waits(0)));
    let mut told = stream.until("thread.item.updated");
    assert!(server.stop(&created(&told)));
    let thread = created(&told);
    told.extend(stream.rest());
    assert_eq!(*told.last().unwrap(), json!({"type": "thread.item.removed", "item_id": REPLY}));
    assert_eq!(kinds(&server.items(&thread)), ["user_message"]);
}

#[test]
fn what_was_done_before_stays_and_what_was_to_come_does_not() {
    let server = Server::playback();
    let mut steps = vec![json!({"event": {"type": "thread.item.done",
        "item": crate::common::message_item("msg_before", "before")}})];
    steps.extend(words(REPLY, 3, 0));
    steps.push(json!({"sleep_ms": crate::FOR_EVER}));
    steps.push(json!({"event": {"type": "thread.item.done",
        "item": crate::common::message_item("msg_after", "after")}}));
    let mut stream = server.stream(&create(&script(json!(steps))));
    let thread = created(&until_words(&mut stream, 3));
    assert!(server.stop(&thread));
    let texts: Vec<String> = server.items(&thread)[1..].iter().map(text_of).collect();
    assert_eq!(texts, ["before".to_owned(), said(3)]);
}

#[test]
fn a_turn_whose_client_is_away_can_be_stopped() {
    let server = Server::playback();
    let mut stream = server.resumable_stream(&create(&says_and_waits(4)));
    let thread = created(&until_words(&mut stream, 4));
    let last = stream.last_id().unwrap();
    drop(stream);
    assert!(server.stop(&thread));
    assert_eq!(reply(&server, &thread), said(4));
    assert_not_running(&server.events(&attach(&thread, Some(&last))));
}

#[test]
fn many_may_stop_at_once() {
    let server = Server::playback();
    let thread = server.thread(&completes(1, 0));
    for _ in 0..10 {
        let mut stream = server.stream(&add_message(&thread, &talks_on(2)));
        until_words(&mut stream, 3);
        let stopped: Vec<bool> = thread::scope(|scope| {
            let stopping: Vec<_> = (0..5).map(|_| scope.spawn(|| server.stop(&thread))).collect();
            stopping.into_iter().map(|stopping| stopping.join().unwrap()).collect()
        });
        assert!(stopped.contains(&true), "nobody stopped it");
        let rest = stream.rest();
        let dones = kinds(&rest).into_iter().filter(|kind| *kind == "thread.item.done").count();
        assert_eq!(dones, 1, "{rest:?}");
        assert_eq!(server.items(&thread).last(), Some(&rest.last().unwrap()["item"]));
    }
}
