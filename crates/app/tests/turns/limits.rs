//! Turns that stall or take too long.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    FOR_EVER, REPLY,
    common::{
        Database, Events, Frame, LONG, Server, create, kinds, said, script, shown_text, string,
        words,
    },
    completes, created, done_text, end_of, reply, says_and_waits, talks_on, until_words,
};

/// An error of the server's own words that the user may answer with another attempt.
fn assert_can_be_retried(event: &Value) {
    assert_eq!(event["type"], "error", "{event}");
    assert_eq!(event["code"], "custom", "{event}");
    assert_eq!(event["allow_retry"], true, "{event}");
    assert!(string(event, "message").contains("too long"), "{event}");
}

/// What is still to come of a stream: events, and how many heartbeats.
fn rest_with_heartbeats(mut stream: Events) -> (Vec<Value>, usize) {
    let (mut events, mut heartbeats) = (Vec::new(), 0);
    let deadline = Instant::now() + LONG;
    while let Some(frame) = stream.next_frame() {
        match frame {
            Frame::Event(event) => events.push(event),
            Frame::Comment(_) => heartbeats += 1,
        }
        assert!(Instant::now() < deadline, "the turn does not end: {events:?}");
    }
    (events, heartbeats)
}

#[test]
fn a_reply_that_stalls_ends_with_an_error_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let server = Server::sqlite_with(&path, &["--gap-timeout", "0.5", "--heartbeat", "0.05"]);
    let begun = Instant::now();
    let mut stream = server.stream(&create(&says_and_waits(5)));
    let thread = created(&until_words(&mut stream, 5));
    let (rest, heartbeats) = rest_with_heartbeats(stream);
    assert!(begun.elapsed() >= Duration::from_millis(500));
    assert!(heartbeats >= 2, "the stream was silent: {heartbeats}");
    assert_eq!(kinds(&rest), ["thread.item.done", "error"]);
    assert_eq!(done_text(&rest[0]), said(5));
    assert_can_be_retried(&rest[1]);
    assert_eq!(end_of(&server, &thread), "stalled");
    assert_eq!(reply(&server, &thread), said(5));
    let notes = Database::open(&path).notes(&thread);
    assert!(notes[0].contains("nothing more came for too long"), "{notes:?}");

    let message = server.items(&thread)[0]["id"].clone();
    let retry = json!({"type": "threads.retry_after_item",
        "params": {"thread_id": thread, "item_id": message}});
    assert_eq!(server.events(&retry).last().unwrap()["type"], "error", "the script is the same");
    assert_eq!(server.items(&thread)[0]["id"], message);
}

#[test]
fn a_reply_that_does_not_begin_ends_with_an_error() {
    let server = Server::playback_with(&["--first-event-timeout", "0.3", "--heartbeat", "0.05"]);
    let stream = server.stream(&create(&script(json!([{"sleep_ms": FOR_EVER}]))));
    let (events, heartbeats) = rest_with_heartbeats(stream);
    assert!(heartbeats >= 1);
    assert_eq!(kinds(&events), ["thread.created", "thread.item.done", "stream_options", "error"],);
    assert_can_be_retried(&events[3]);
    let thread = created(&events);
    assert_eq!(end_of(&server, &thread), "stalled");
    assert_eq!(kinds(&server.items(&thread)), ["user_message"]);
}

/// Once it has begun, another limit counts.
#[test]
fn a_reply_that_has_begun_may_take_longer_than_to_begin() {
    let server = Server::playback_with(&["--first-event-timeout", "0.2"]);
    let mut steps = words(REPLY, 1, 0);
    steps.push(json!({"sleep_ms": 800}));
    steps.push(crate::done(1));
    let events = server.events(&create(&script(json!(steps))));
    assert_eq!(done_text(events.last().unwrap()), said(1));
}

#[test]
fn a_turn_that_takes_too_long_ends_with_an_error_and_is_kept() {
    let server = Server::playback_with(&["--turn-timeout", "0.5", "--gap-timeout", "0.4"]);
    let events = server.events(&create(&talks_on(10)));
    let thread = created(&events);
    let [.., done, error] = &events[..] else { panic!("{events:?}") };
    assert_can_be_retried(error);
    assert_eq!(done_text(done), shown_text(&events));
    assert_eq!(end_of(&server, &thread), "deadline");
    assert_eq!(reply(&server, &thread), shown_text(&events));
}

#[test]
fn zero_means_no_limit_at_all() {
    let server = Server::playback_with(&[
        "--turn-timeout",
        "0",
        "--gap-timeout",
        "0",
        "--first-event-timeout",
        "0",
    ]);
    let events = server.events(&create(&completes(3, 200)));
    assert_eq!(done_text(events.last().unwrap()), said(3));
}
