//! How the server ends.

use std::time::{Duration, Instant};

use crate::common::{Server, create, script, shown_text, text_of, until};
use serde_json::json;

/// What the server gives open connections to end, with room to spare.
const GRACE: Duration = Duration::from_secs(20);
/// Far less than the grace period.
const AT_ONCE: Duration = Duration::from_secs(5);

fn endless_text() -> String {
    script(json!([{"text": {"deltas": 1_000_000, "delta": "word ", "gap_ms": 5}}]))
}

#[test]
fn a_signal_ends_running_turns_cleanly() {
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let mut server = Server::sqlite(&path);
        let mut streams: Vec<_> = (0..3).map(|_| server.stream(&create(&endless_text()))).collect();
        let mut shown: Vec<_> = streams.iter_mut().map(crate::common::Events::until_text).collect();

        let asked = Instant::now();
        server.signal(signal);
        for (stream, shown) in streams.into_iter().zip(&mut shown) {
            // Ends with the last chunk, not with a broken connection.
            shown.extend(stream.rest());
        }
        let (status, _) = server.wait();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(asked.elapsed() < GRACE, "{signal}: {:?}", asked.elapsed());

        let server = Server::sqlite(&path);
        for shown in shown {
            let thread = shown[0]["thread"]["id"].as_str().unwrap();
            let items = server.items(thread);
            assert_eq!(items.len(), 2, "{signal}: {items:?}");
            assert_eq!(text_of(&items[1]), shown_text(&shown), "{signal}");
            assert_eq!(server.say(thread, r#"{"steps": []}"#).len(), 2);
        }
    }
}

#[test]
fn idle_connections_do_not_hold_it_up() {
    let mut server = Server::playback();
    let mut used = server.connect();
    assert_eq!(used.request("GET", "/healthz", &[], b"").status(), 200);
    let _silent = server.connect();
    // The connection that says nothing was accepted before this one.
    assert_eq!(server.get("/healthz").status(), 200);
    let asked = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
}

/// A reader that stands still keeps its connection open for the whole grace period.
#[test]
fn a_reader_that_stands_still_holds_it_up_for_the_grace_period_at_most() {
    let mut server = Server::playback();
    let _stuck = stuck_reader(&server);
    let asked = Instant::now();
    server.signal("TERM");
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (first, second) in [("TERM", "TERM"), ("INT", "TERM"), ("TERM", "INT")] {
        let mut server = Server::playback();
        let _stuck = stuck_reader(&server);
        server.signal(first);
        until("the signal was heard", || server.stderr().contains("second signal"));
        assert!(server.is_running(), "nothing is left for the second signal");
        let asked = Instant::now();
        server.signal(second);
        let (status, _) = server.wait();
        assert!(asked.elapsed() < AT_ONCE, "{first}, {second}: {:?}", asked.elapsed());
        assert_ne!(status.code(), Some(0), "{first}, {second}");
    }
}

/// A client that asked for more than fits into the buffers between, and does not read it.
fn stuck_reader(server: &Server) -> crate::common::Events {
    let wide = "x".repeat(16 * 1024);
    let text = script(json!([{"text": {"deltas": 2000, "delta": wide}}, {"sleep_ms": 600_000}]));
    let mut stream = server.stream(&create(&text));
    stream.until_text();
    let thread_of_other = server.thread(r#"{"steps": []}"#);
    assert_eq!(server.items(&thread_of_other).len(), 1);
    stream
}
