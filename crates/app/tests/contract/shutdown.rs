//! How the server ends.

use std::time::{Duration, Instant};

use crate::common::{Events, Server, create, message_item, script, shown_text, text_of, until};
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
        let mut shown: Vec<_> = streams.iter_mut().map(Events::until_text).collect();

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
        let mut command = Server::command();
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("CHATKIT_LOG", "debug");
        command.args(["--database", "memory:", "--responder", "playback"]);
        command.args(["--shutdown-grace", "0"]);
        let mut server = Server::spawn(command);
        let _stuck = stuck_reader(&server);
        server.signal(first);
        // Only the connection is left now.
        until("the turn has ended", || server.stderr().contains("the turn ended"));
        assert!(server.is_running(), "nothing is left for the second signal");
        let asked = Instant::now();
        server.signal(second);
        let (status, _) = server.wait();
        assert!(asked.elapsed() < AT_ONCE, "{first}, {second}: {:?}", asked.elapsed());
        assert_ne!(status.code(), Some(0), "{first}, {second}");
    }
}

/// Ctrl-C in a terminal also ends the program that the log is piped to.
#[test]
fn a_log_that_nobody_reads_does_not_disturb() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut command = Server::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--responder", "playback", "--database"]);
    command.arg(format!("sqlite:{}", path.display()));
    let mut server = Server::spawn_unheard(command);

    // Each failure is logged, after some text was shown.
    let failing = script(json!([
        {"event": {"type": "thread.item.added", "item": message_item("msg_a", "")}},
        {"event": {"type": "thread.item.updated", "item_id": "msg_a", "update": {
            "type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": "kept"}}},
        {"fail": {}},
    ]));
    let failed = server.events(&create(&failing));
    assert_eq!(failed.last().unwrap()["type"], "error");
    let failed = failed[0]["thread"]["id"].as_str().unwrap();
    assert_eq!(text_of(&server.items(failed)[1]), "kept");

    let mut stream = server.stream(&create(&endless_text()));
    let mut shown = stream.until_text();
    server.signal("INT");
    shown.extend(stream.rest());
    assert_eq!(server.wait().0.code(), Some(0));
    let server = Server::sqlite(&path);
    let items = server.items(shown[0]["thread"]["id"].as_str().unwrap());
    assert_eq!(text_of(&items[1]), shown_text(&shown));
}

/// A client that asked for more than fits into the buffers between, and does not read it.
fn stuck_reader(server: &Server) -> Events {
    let wide = "x".repeat(64 * 1024);
    // Slow enough for the connection to take all it can, and more than it can take.
    let text = script(json!([
        {"text": {"deltas": 500, "delta": wide, "gap_ms": 1}},
        {"thread": {"title": "sent"}},
        {"event": {"type": "progress_update", "text": "x"}},
        {"sleep_ms": 600_000},
    ]));
    let mut stream = server.stream(&create(&text));
    let thread = stream.until_text()[0]["thread"]["id"].clone();
    until("all was sent", || {
        server.json("threads.get_by_id", json!({"thread_id": thread}))["title"] == "sent"
    });
    stream
}
