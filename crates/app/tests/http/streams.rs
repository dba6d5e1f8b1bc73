//! The answer to a streaming op: its headers, heartbeats, and that nothing holds frames back.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::{Frame, Server, create, script};

#[test]
fn proxies_are_told_to_pass_it_on_as_it_is() {
    let server = Server::playback();
    let served = server.stream(&create(r#"{"steps": []}"#));
    let refused = server.stream(&json!({"type": "threads.create", "params": {}}));
    for stream in [served, refused] {
        let head = stream.head();
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("cache-control"), Some("no-cache, no-transform"));
        assert_eq!(head.header("x-accel-buffering"), Some("no"));
        assert_eq!(head.header("transfer-encoding"), Some("chunked"));
        assert_eq!(head.header("content-length"), None);
        stream.rest();
    }
}

#[test]
fn a_silent_stream_has_heartbeats() {
    let server =
        Server::serve(&["--database", "memory:", "--responder", "playback", "--heartbeat", "0.2"]);
    let mut stream = server.stream(&create(&script(json!([{"sleep_ms": 600_000}]))));
    stream.until("stream_options");
    for _ in 0..4 {
        assert_eq!(stream.next_frame(), Some(Frame::Comment("ping".to_owned())));
    }
}

/// The interval is counted from the last event: a stream that is not silent has no use for them.
#[test]
fn a_heartbeat_comes_after_a_silence_and_events_go_on_behind_it() {
    let server =
        Server::serve(&["--database", "memory:", "--responder", "playback", "--heartbeat", "0.2"]);
    let progress = |text: &str| json!({"event": {"type": "progress_update", "text": text}});
    let text = script(json!([progress("a"), {"sleep_ms": 1000}, progress("b")]));
    let mut stream = server.stream(&create(&text));
    let mut pings = 0;
    let mut events = Vec::new();
    while let Some(frame) = stream.next_frame() {
        match frame {
            Frame::Event(event) => events.push(event),
            Frame::Comment(_) => pings += 1,
        }
    }
    assert_eq!(events.len(), 5);
    assert!((1..=5).contains(&pings), "{pings} heartbeats in a second");
}

#[test]
fn without_heartbeats_a_stream_may_be_silent() {
    let server =
        Server::serve(&["--database", "memory:", "--responder", "playback", "--heartbeat", "0"]);
    let mut stream = server.stream(&create(&script(json!([{"sleep_ms": 1000}]))));
    let mut frames = Vec::new();
    while let Some(frame) = stream.next_frame() {
        frames.push(frame);
    }
    assert!(frames.iter().all(|frame| matches!(frame, Frame::Event(_))), "{frames:?}");
}

/// With Nagle's algorithm the second small frame waits for the acknowledgement of the first, which
/// the client's system delays by 40 ms on a connection that is used for questions and answers.
#[test]
fn small_frames_are_sent_at_once() {
    let server = Server::playback();
    let text = script(json!([{"text": {"deltas": 3, "delta": "x", "gap_ms": 2}}]));
    let mut connection = server.connect();
    let mut fastest = Duration::MAX;
    // On a busy machine a stream may take long for other reasons: one that does not is enough.
    for _ in 0..20 {
        assert_eq!(connection.request("GET", "/healthz", &[], b"").status(), 200);
        let asked = Instant::now();
        let stream = connection.stream(&create(&text));
        connection = stream.skip_to_end();
        fastest = fastest.min(asked.elapsed());
    }
    assert!(fastest < Duration::from_millis(35), "the fastest stream took {fastest:?}");
}

/// A reader that falls behind gets larger deltas, and all of the text.
#[test]
fn a_long_reply_arrives_whole() {
    let server = Server::playback();
    let text = script(json!([{"text": {"deltas": 50_000, "delta": "0123456789"}}]));
    let events = server.events(&create(&text));
    let whole = crate::common::text_of(&events.last().unwrap()["item"]);
    assert_eq!(whole, "0123456789".repeat(50_000));
    assert_eq!(crate::common::shown_text(&events), whole);
}
