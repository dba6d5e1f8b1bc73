//! Joining a turn that runs.

use serde_json::{Value, json};

use crate::{
    assert_not_running,
    common::{Events, Server, add_message, attach, create, kinds, said, shown_text, string, until},
    completes, created, done_text, end_of, says_and_waits, talks_on, until_words,
};

#[test]
fn whoever_joins_sees_what_there_was_and_what_comes() {
    let server = Server::playback();
    let mut first = server.stream(&create(&completes(60, 10)));
    let mut told = until_words(&mut first, 20);
    let thread = created(&told);
    let mut second = server.stream(&attach(&thread, None));
    let mut joined = until_words(&mut second, 20);
    assert_eq!(created(&joined), thread);
    assert_eq!(kinds(&joined)[1..4], ["thread.item.done", "stream_options", "thread.item.added"]);

    told.extend(first.rest());
    joined.extend(second.rest());
    for events in [told, joined] {
        assert_eq!(shown_text(&events), said(60));
        assert_eq!(done_text(events.last().unwrap()), said(60));
    }
}

#[test]
fn whoever_comes_back_gets_what_was_missed_and_nothing_twice() {
    let server = Server::playback();
    let mut stream = server.resumable_stream(&create(&completes(100, 10)));
    let mut told = until_words(&mut stream, 5);
    let thread = created(&told);
    for round in 0..6 {
        let last = stream.last_id().unwrap();
        drop(stream);
        let said_until_now = |server: &Server| {
            let items = server.items(&thread);
            crate::text_of(items.last().unwrap())
        };
        let before = shown_text(&told);
        until("something is missed", || said_until_now(&server).len() > before.len());
        stream = match round % 2 {
            0 => server.stream(&attach(&thread, Some(&last))),
            _ => server.connect().stream_with(&[("Last-Event-ID", &last)], &attach(&thread, None)),
        };
        let missed = until_words(&mut stream, 1);
        assert_eq!(kinds(&missed), ["thread.item.updated"], "what was seen comes again");
        assert!(number(&stream.last_id().unwrap()) > number(&last));
        told.extend(missed);
        assert!(said(100).starts_with(&shown_text(&told)), "{}", shown_text(&told));
    }
    told.extend(stream.rest());
    assert_eq!(shown_text(&told), said(100));
    assert_eq!(end_of(&server, &thread), "completed");
}

fn number(id: &str) -> u64 {
    id.split_once('.').unwrap().1.parse().unwrap()
}

#[test]
fn three_readers_see_the_same() {
    let server = Server::playback();
    let mut first = server.stream(&create(&completes(80, 5)));
    let mut told = until_words(&mut first, 1);
    let thread = created(&told);
    let mut second = server.stream(&attach(&thread, None));
    let mut told_second = until_words(&mut second, 20);
    let third = server.stream(&attach(&thread, None));
    let (last, rest) = to_end(first);
    told.extend(rest);
    let (last_second, rest) = to_end(second);
    told_second.extend(rest);
    let (last_third, told_third) = to_end(third);

    assert_eq!([&last_second, &last_third], [&last, &last]);
    // Whoever comes late gets several words at once; everything else is the same.
    let without_words = |events: &[Value]| -> Vec<Value> {
        events.iter().filter(|event| event["update"]["delta"].is_null()).cloned().collect()
    };
    for others in [told_second, told_third] {
        assert_eq!(shown_text(&others), shown_text(&told));
        assert_eq!(without_words(&others), without_words(&told));
    }
}

/// The id of the last event, and all events.
fn to_end(mut stream: Events) -> (String, Vec<Value>) {
    let mut events = Vec::new();
    while let Some(event) = stream.next() {
        events.push(event);
    }
    (stream.last_id().unwrap(), events)
}

/// However long a turn has talked, joining it takes a few events, the last of which has the id of
/// the last word.
#[test]
fn what_was_said_before_comes_folded() {
    let server = Server::playback();
    let mut first = server.stream(&create(&says_and_waits(1000)));
    let told = until_words(&mut first, 1000);
    let mut second = server.stream(&attach(&created(&told), None));
    let joined = until_words(&mut second, 1000);
    assert!(joined.len() < 20, "{} events", joined.len());
    assert_eq!(shown_text(&joined), said(1000));
    assert_eq!(second.last_id(), first.last_id());
}

#[test]
fn a_turn_that_is_over_is_named_as_such() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&completes(3, 0)));
    let mut told = until_words(&mut stream, 1);
    let first = stream.last_id().unwrap();
    let thread = created(&told);
    while let Some(event) = stream.next() {
        told.push(event);
    }
    let last = stream.last_id().unwrap();
    end_of(&server, &thread);
    for after in [None, Some(&*first), Some(&*last), Some("000000000000.1")] {
        assert_not_running(&server.events(&attach(&thread, after)));
    }

    // A newer turn is not the one that was asked for.
    let mut newer = server.stream(&add_message(&thread, &says_and_waits(3).replace("msg_", "n_")));
    until_words(&mut newer, 3);
    for after in [&*first, &*last, "000000000000.1"] {
        assert_not_running(&server.events(&attach(&thread, Some(after))));
        let by_header =
            server.connect().stream_with(&[("Last-Event-ID", after)], &attach(&thread, None));
        assert_not_running(&by_header.rest());
    }
    assert!(server.stop(&thread), "the newer turn still runs");
}

#[test]
fn what_cannot_be_joined_is_refused_with_an_event_that_says_why() {
    let server = Server::playback();
    let mut stream = server.stream(&create(&talks_on(20)));
    let thread = created(&until_words(&mut stream, 1));
    let refused = |events: Vec<Value>, named: &str| {
        let [error] = &events[..] else { panic!("{events:?}") };
        assert_eq!(error["type"], "error");
        assert_eq!(error["allow_retry"], false, "{error}");
        assert!(string(error, "message").contains(named), "{error}");
    };
    for after in ["7", "run.7", "0123456789ab.", "0123456789ab.x", "0123456789AB.-1", "…"] {
        refused(server.events(&attach(&thread, Some(after))), "params.after");
        if after.is_ascii() {
            let headers = [("Last-Event-ID", after)];
            let by_header = server.connect().stream_with(&headers, &attach(&thread, None));
            refused(by_header.rest(), "Last-Event-ID");
        }
    }
    refused(server.events(&attach("thr_none", None)), "thr_none");
    refused(server.events(&json!({"type": "threads.attach", "params": {}})), "params.thread_id");

    // A browser that has not seen an event has an empty id; the parameter counts before it.
    let last = stream.last_id().unwrap();
    for (header, after) in [("", None), ("", Some(&*last)), ("000000000000.1", Some(&*last))] {
        let headers = [("Last-Event-ID", header)];
        let mut joined = server.connect().stream_with(&headers, &attach(&thread, after));
        until_words(&mut joined, 1);
    }
    until_words(&mut stream, 1);
}
