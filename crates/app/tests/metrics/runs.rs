//! Runs by their ends, their readers, and what they sent.

use chatkit_testkit::exposition::Exposition;
use serde_json::{Value, json};

use crate::{
    common::{
        Events, Server, add_message, attach, create, message_item, op, said, script, string, until,
        words,
    },
    scrape, scrape_idle,
};

/// Longer than any test takes.
const FOR_EVER: u64 = 600_000;

/// A reply that says so many words, one every so often, and comes to its end.
fn completes(count: usize, pause_ms: u64) -> String {
    let mut steps = words("msg_reply", count, pause_ms);
    let item = message_item("msg_reply", &said(count));
    steps.push(json!({"event": {"type": "thread.item.done", "item": item}}));
    script(json!(steps))
}

/// A reply that says a few words and then nothing any more.
fn waits() -> String {
    let mut steps = words("msg_reply", 3, 0);
    steps.push(json!({"sleep_ms": FOR_EVER}));
    script(json!(steps))
}

fn started(server: &Server) -> (Events, String) {
    let mut stream = server.stream(&create(&waits()));
    let events = stream.until_text();
    let thread = string(&events[0]["thread"], "id").to_owned();
    (stream, thread)
}

fn value(found: &Exposition, name: &str) -> f64 {
    found.value(name, &[]).unwrap_or_else(|| panic!("no {name}"))
}

fn runs(found: &Exposition, end: &str) -> f64 {
    let labels = [("op", "threads.create"), ("end", end)];
    found.value("chatkit_runs_total", &labels).unwrap_or_else(|| panic!("no runs {end}"))
}

fn trips(found: &Exposition, limit: &str) -> f64 {
    found.value("chatkit_watchdog_trips_total", &[("limit", limit)]).unwrap()
}

/// How many of a histogram are at most so long.
fn at_most(found: &Exposition, name: &str, bound: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = [labels, &[("le", bound)]].concat();
    found
        .value(&format!("{name}_bucket"), &labels)
        .unwrap_or_else(|| panic!("no {name} {labels:?}"))
}

#[test]
fn runs_are_counted_by_how_they_end() {
    let server = Server::playback();
    server.events(&create(&completes(2, 0)));
    server.events(&create(&completes(2, 0)));
    server.events(&create(&script(json!([{"fail": {"message": "no"}}]))));
    let (stopped, thread) = started(&server);
    assert!(server.stop(&thread));
    stopped.rest();
    let (disconnected, _) = started(&server);
    drop(disconnected);
    until("the turn has noticed", || server.ended().len() == 5);

    let found = scrape_idle(&server);
    let expected =
        [("completed", 2.0), ("failed", 1.0), ("stop", 1.0), ("disconnect", 1.0), ("stalled", 0.0)];
    for (end, count) in expected {
        assert_eq!(runs(&found, end), count, "{end}");
    }
    assert_eq!(found.sum("chatkit_runs_total"), 5.0);
    assert_eq!(found.sum("chatkit_watchdog_trips_total"), 0.0);
    assert_eq!(value(&found, "chatkit_blocked_polls_total"), 0.0);
    let create = [("op", "threads.create")];
    let count = |name: &str| found.value(&format!("{name}_count"), &create).unwrap();
    assert_eq!(count("chatkit_run_duration_seconds"), 5.0);
    assert_eq!(count("chatkit_run_first_event_seconds"), 4.0, "one failed before it");
    assert_eq!(count("chatkit_run_first_text_seconds"), 4.0);
    assert_eq!(value(&found, "chatkit_run_longest_gap_seconds_count"), 5.0);
}

#[test]
fn what_is_refused_is_no_failed_run() {
    let server = Server::playback();
    let thread = server.thread(&completes(1, 0));
    let refused = |id: &str| server.events(&add_message(id, "hi")).last().unwrap()["type"].clone();
    assert_eq!(refused("thr_none"), "error");
    let retry = json!({"thread_id": thread, "item_id": "msg_none"});
    server.events(&op("threads.retry_after_item", retry));
    let found = scrape_idle(&server);
    assert_eq!(found.sum("chatkit_runs_total"), 1.0);
    assert_eq!(found.sum("chatkit_run_duration_seconds_count"), 1.0);
    assert_eq!(value(&found, "chatkit_run_longest_gap_seconds_count"), 1.0);
    for op in ["threads.add_user_message", "threads.retry_after_item"] {
        let answered = found.value("chatkit_ops_total", &[("op", op), ("status", "404")]);
        assert_eq!(answered, Some(1.0), "{op}");
        let failed = found.value("chatkit_runs_total", &[("op", op), ("end", "failed")]);
        assert_eq!(failed, Some(0.0), "{op}");
    }
    // The log tells of them all the same.
    let ends: Vec<String> = server.ended().into_iter().map(|ended| ended.end).collect();
    assert_eq!(ends, ["completed", "refused", "refused"]);
}

#[test]
fn what_tripped_the_watchdog_is_told() {
    let server = Server::playback_with(&["--gap-timeout", "0.3", "--first-event-timeout", "0.6"]);
    server.events(&create(&waits()));
    server.events(&create(&script(json!([{"sleep_ms": FOR_EVER}]))));
    let found = scrape_idle(&server);
    assert_eq!(runs(&found, "stalled"), 2.0);
    assert_eq!(trips(&found, "gap"), 1.0);
    assert_eq!(trips(&found, "first_event"), 1.0);
    assert_eq!(trips(&found, "turn"), 0.0);
    let longest = "chatkit_run_longest_gap_seconds";
    assert_eq!(at_most(&found, longest, "0.25", &[]), 0.0);
    assert_eq!(value(&found, &format!("{longest}_count")), 2.0);

    let server = Server::playback_with(&["--turn-timeout", "0.3"]);
    server.events(&create(&waits()));
    let found = scrape_idle(&server);
    assert_eq!(runs(&found, "deadline"), 1.0);
    assert_eq!(trips(&found, "turn"), 1.0);
}

#[test]
fn what_is_under_way_is_shown_as_it_is() {
    let server = Server::playback();
    let active = |found: &Exposition| {
        (value(found, "chatkit_runs_active"), value(found, "chatkit_subscribers_active"))
    };
    assert_eq!(active(&scrape(&server)), (0.0, 0.0));
    let (first, thread) = started(&server);
    assert_eq!(active(&scrape(&server)), (1.0, 1.0));
    let mut second = server.stream(&attach(&thread, None));
    second.until_text();
    assert_eq!(active(&scrape(&server)), (1.0, 2.0));
    drop(second);
    until("a reader is gone", || active(&scrape(&server)) == (1.0, 1.0));
    assert!(server.stop(&thread));
    first.rest();
    scrape_idle(&server);
}

#[test]
fn events_bytes_and_gaps_are_those_of_the_stream() {
    let server = Server::playback();
    let pause = 30;
    let answer = server.post(&create(&completes(4, pause)));
    let body = answer.text();
    let frames: Vec<&str> = body.split_terminator("\n\n").collect();
    assert!(frames.iter().all(|frame| frame.starts_with("id: ")), "{body}");
    let found = scrape_idle(&server);
    assert_eq!(value(&found, "chatkit_events_total"), frames.len() as f64);
    assert_eq!(value(&found, "chatkit_event_bytes_total"), answer.body.len() as f64);

    // Added, part, four words, done: six gaps, four of which are pauses.
    let kinds: Vec<Value> = frames
        .iter()
        .map(|frame| serde_json::from_str(frame.split_once("data: ").unwrap().1).unwrap())
        .collect();
    let gap = "chatkit_run_gap_seconds";
    assert_eq!(value(&found, &format!("{gap}_count")), 6.0, "{kinds:?}");
    assert_eq!(at_most(&found, gap, "+Inf", &[]), 6.0);
    assert!(at_most(&found, gap, "0.025", &[]) <= 2.0);
    assert!(value(&found, &format!("{gap}_sum")) >= 0.12);
    let text = [("op", "threads.create")];
    let first_text = "chatkit_run_first_text_seconds";
    assert_eq!(at_most(&found, first_text, "0.025", &text), 0.0, "the first pause is in it");
    assert_eq!(found.value(&format!("{first_text}_count"), &text), Some(1.0));
}
