//! A message that comes while a turn runs.

use std::thread;

use serde_json::json;

use crate::{
    REPLY,
    common::{Database, Server, add_message, create, kinds, said, script, string, text_of, until},
    completes, created, done_text, says_and_waits, talks_on, until_words,
};

/// How many messages may wait for a thread.
const QUEUE: usize = 8;

#[test]
fn by_default_the_running_turn_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite(&path);
    let mut first = server.stream(&create(&talks_on(5)));
    let thread = created(&until_words(&mut first, 5));
    let second = server.say(&thread, &completes(3, 0));
    assert_eq!(done_text(second.last().unwrap()), said(3));
    let rest = first.rest();
    let items = server.items(&thread);
    assert_eq!(
        kinds(&items),
        ["user_message", "assistant_message", "user_message", "assistant_message"],
    );
    assert_eq!(rest.last().unwrap()["item"], items[1]);
    let notes = Database::open(&path).notes(&thread);
    assert!(notes[0].starts_with("The user sent something new"), "{notes:?}");
    assert_eq!(notes.len(), 1);
    let all = Database::open(&path).items(&thread).unwrap();
    assert_eq!(kinds(&all)[2], "sdk_hidden_context", "the note is behind the reply: {all:?}");
}

#[test]
fn a_message_can_be_refused() {
    let server = Server::playback_with(&["--while-running", "reject"]);
    let mut first = server.stream(&create(&completes(60, 10)));
    let mut told = until_words(&mut first, 5);
    let thread = created(&told);
    let refused = server.say(&thread, &completes(3, 0));
    let [error] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("custom")));
    assert_eq!(error["allow_retry"], false);
    assert!(string(error, "message").contains("a response is being written"), "{error}");

    told.extend(first.rest());
    assert_eq!(done_text(told.last().unwrap()), said(60));
    assert_eq!(kinds(&server.items(&thread)), ["user_message", "assistant_message"]);
    let answered = server.say(&thread, &completes(3, 0).replace("msg_", "n_"));
    assert_eq!(done_text(answered.last().unwrap()), said(3));
}

/// The end of a stream means that its turn has let go of the thread.
#[test]
fn whoever_has_read_a_reply_to_its_end_is_not_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite_with(&path, &["--while-running", "reject"]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let thread = server.thread(&completes(1, 0));
                // Long enough for a checkpoint, which is forgotten at the end.
                let reply = script(json!([{"text": {"deltas": 2, "delta": "a ", "gap_ms": 1000}}]));
                let stream = server.stream(&add_message(&thread, &reply));
                let next = stream.skip_to_end().stream(&add_message(&thread, &completes(0, 0)));
                assert_ne!(kinds(&next.rest()), ["error"]);
            });
        }
    });
}

#[test]
fn messages_can_wait_for_their_turn() {
    let server = Server::playback_with(&["--while-running", "enqueue"]);
    let mut first = server.stream(&create(&says_and_waits(5)));
    let thread = created(&until_words(&mut first, 5));
    let mut waiting = Vec::new();
    for number in 0..QUEUE {
        let text = completes(number, 0).replace(REPLY, &format!("msg_{number}"));
        let mut stream = server.stream(&add_message(&thread, &text));
        let told = stream.until("progress_update");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(!string(&told[0], "text").is_empty());
        waiting.push(stream);
    }
    let refused = server.say(&thread, &completes(1, 0));
    assert_eq!(kinds(&refused), ["error"]);
    assert!(string(&refused[0], "message").contains("too many"), "{refused:?}");
    assert_eq!(server.items(&thread).len(), 2, "who waits is not in the thread yet");

    assert!(server.stop(&thread));
    assert_eq!(done_text(first.rest().last().unwrap()), said(5));
    for (number, stream) in waiting.into_iter().enumerate() {
        let told = stream.rest();
        assert_eq!(
            told[0],
            json!({"type": "progress_update", "text": ""}),
            "it does not wait any more"
        );
        assert_eq!(told[1]["item"]["type"], "user_message");
        assert_eq!(done_text(told.last().unwrap()), said(number));
    }
    let items = server.items(&thread);
    let replies: Vec<String> = items.iter().skip(3).step_by(2).map(text_of).collect();
    assert_eq!(replies, (0..QUEUE).map(said).collect::<Vec<_>>(), "in the order they came");
    assert_eq!(items.len(), 2 + 2 * QUEUE);
}

/// Who waits and leaves does not hold up those behind.
#[test]
fn a_client_that_waits_may_leave() {
    let server = Server::playback_with(&["--while-running", "enqueue"]);
    let mut first = server.stream(&create(&says_and_waits(5)));
    let thread = created(&until_words(&mut first, 5));
    let mut leaves = server.stream(&add_message(&thread, &says_and_waits(1).replace("msg_", "n_")));
    leaves.until("progress_update");
    let mut stays = server.stream(&add_message(&thread, &completes(2, 0).replace("msg_", "m_")));
    stays.until("progress_update");
    drop(leaves);
    assert!(server.stop(&thread));
    assert_eq!(done_text(stays.rest().last().unwrap()), said(2));
    until("all turns have ended", || server.ended().len() == 3);
    let mut ends: Vec<String> = server.ended().into_iter().map(|ended| ended.end).collect();
    ends.sort();
    assert_eq!(ends, ["completed", "disconnect", "stop"]);
}

#[test]
fn the_running_turn_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite_with(&path, &["--while-running", "rollback"]);
    let thread = server.thread(&completes(2, 0).replace("msg_", "before_"));
    let before = server.items(&thread);
    let mut first = server.stream(&add_message(&thread, &talks_on(5)));
    let told = until_words(&mut first, 5);
    let ids: Vec<String> = told
        .iter()
        .filter(|event| event["item"].is_object())
        .map(|event| string(&event["item"], "id").to_owned())
        .collect();
    assert_eq!(ids.len(), 2, "the message and its reply: {told:?}");

    let second = server.say(&thread, &completes(3, 0));
    let removed = |events: &[serde_json::Value]| -> Vec<String> {
        let removed = events.iter().filter(|event| event["type"] == "thread.item.removed");
        removed.map(|event| string(event, "item_id").to_owned()).collect()
    };
    let rest = first.rest();
    assert_eq!(removed(&rest), ids, "its own readers are told");
    assert_eq!(rest.last().unwrap()["type"], "thread.item.removed");
    assert_eq!(removed(&second), ids, "the client of the newer message is told");
    assert_eq!(kinds(&second)[..2], ["thread.item.removed"; 2]);

    let items = server.items(&thread);
    assert_eq!(items[..2], before);
    assert_eq!(kinds(&items[2..]), ["user_message", "assistant_message"]);
    assert_eq!(text_of(&items[3]), said(3));
    assert_eq!(Database::open(&path).notes(&thread), [""; 0]);
}
