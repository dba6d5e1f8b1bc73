//! Streams whose events come at the wrong times, and who is to blame for it.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    common::{Server, script},
    faulty::{
        Blocking, Busy, Faults, Proxy, flush_each, gzip, hold_bytes, hold_to_end, nagle,
        without_heartbeats,
    },
    report::Report,
};

/// A text as a model writes it: so many deltas, with so many milliseconds between.
fn text(deltas: usize, gap_ms: u64) -> String {
    said(deltas, "a few words ", gap_ms)
}

fn said(deltas: usize, delta: &str, gap_ms: u64) -> String {
    script(json!([{"text": {"deltas": deltas, "delta": delta, "gap_ms": gap_ms}}]))
}

/// What the probe says of a stream that goes through a proxy.
fn through(faults: Faults, script: &str) -> Report {
    let server = Server::playback();
    let proxy = Proxy::start(server.address(), faults);
    Report::of_script(&proxy.url(), script, &["--stream-only"])
}

/// What is wrong with a server, not with what stands before it.
const SERVER: [&str; 7] = [
    "slow-producer",
    "one-big-delta",
    "blocked-server",
    "stall",
    "long-gap",
    "slow-first-text",
    "nothing-but-heartbeats",
];

#[test]
fn a_stream_without_a_fault_is_fine_at_any_pace() {
    thread::scope(|scope| {
        for gap_ms in [0, 10, 40, 200] {
            scope.spawn(move || {
                let report = through(Faults::none(), &text(20, gap_ms));
                report.is_only(&[]);
                report.ended_with(0);
            });
        }
    });
}

#[test]
fn a_proxy_that_holds_everything_is_found() {
    let report = through(Faults::stream(hold_to_end), &text(40, 50));
    report.is_only(&["buffered-whole"]);
    report.ended_with(1);
}

/// When it is not known from the script how long the answer took.
#[test]
fn a_proxy_that_holds_everything_is_found_by_the_dates_of_items() {
    let part = |deltas| json!({"text": {"deltas": deltas, "delta": "word ", "gap_ms": 50}});
    let report = through(Faults::stream(hold_to_end), &script(json!([part(15), part(15)])));
    report.is_only(&["buffered-whole"]);
    report.ended_with(1);
}

#[test]
fn a_proxy_that_holds_some_bytes_is_found() {
    // So that a buffer is full after a few deltas.
    let delta = "word ".repeat(36);
    thread::scope(|scope| {
        for (size, deltas, gap_ms) in [(4096, 70, 30), (8192, 115, 30), (16384, 230, 20)] {
            let script = said(deltas, &delta, gap_ms);
            scope.spawn(move || {
                let report = through(Faults::stream(hold_bytes(size)), &script);
                report.has("bursts");
                report.lacks(&SERVER);
                report.lacks(&["buffered-whole", "nagle"]);
            });
        }
    });
}

#[test]
fn a_proxy_that_flushes_now_and_then_is_found() {
    let report = through(Faults::stream(flush_each(Duration::from_millis(500))), &text(60, 50));
    report.is_only(&["bursts"]);
}

#[test]
fn a_compressor_that_keeps_things_is_found() {
    let report = through(Faults::stream(gzip(false)), &text(40, 50));
    report.is_only(&["compressed-stream", "buffered-whole"]);
}

#[test]
fn a_compressor_that_flushes_is_only_warned_about() {
    through(Faults::stream(gzip(true)), &text(20, 30)).is_only(&["compressed-stream"]);
}

#[test]
fn small_writes_that_wait_for_acknowledgements_are_found() {
    // Frames that are written in one, and in two.
    thread::scope(|scope| {
        for (first, gap_ms) in [(usize::MAX, 10), (8, 10), (8, 100)] {
            scope.spawn(move || {
                let report = through(Faults::stream(nagle(first)), &text(60, gap_ms));
                report.is_only(&["nagle"]);
            });
        }
    });
}

#[test]
fn a_slow_producer_is_no_proxy() {
    through(Faults::none(), &text(6, 450)).is_only(&["slow-producer"]);
}

#[test]
fn a_text_in_one_piece_is_no_buffer() {
    let report = through(Faults::none(), &said(1, &"word ".repeat(400), 0));
    report.is_only(&["one-big-delta"]);
}

/// What a server that asks its model without streaming looks like.
#[test]
fn a_text_that_is_late_and_whole_is_no_buffer() {
    let late = script(json!([
        {"sleep_ms": 1500}, {"text": {"deltas": 1, "delta": "word ".repeat(400)}},
    ]));
    through(Faults::none(), &late).is_only(&["one-big-delta"]);
}

/// What the connection takes is no part of the other times.
#[cfg(target_os = "linux")]
#[test]
fn a_slow_connection_is_no_slow_server() {
    let server = Server::playback();
    let proxy = crate::faulty::crowded(server.address());
    let args = ["--stream-only", "--repeat", "2"];
    let report = Report::of_script(&proxy.url(), &text(8, 30), &args);
    report.is_only(&["slow-connect"]);
    report.ended_with(0);
    let times = report.times("connect_ms");
    // The proxy closes each connection after its stream. The second is taken at once.
    assert!(
        matches!(times[..], [Some(first), Some(next)] if first >= 1000.0 && next < 1000.0),
        "{times:?}"
    );
    for name in ["headers_ms", "first_event_ms", "total_ms"] {
        let times = report.times(name);
        assert!(times.iter().all(|ms| ms.is_some_and(|ms| ms < 1000.0)), "{name}: {times:?}");
    }
}

#[test]
fn long_waits_are_told_apart() {
    let quick = text(8, 30);
    let after = |before_ms: u64| {
        let text = json!({"text": {"deltas": 8, "delta": "word ", "gap_ms": 30}});
        script(json!([{"sleep_ms": before_ms}, text]))
    };
    let broken_off = || {
        let mut steps = crate::common::words("msg_told", 10, 30);
        steps.insert(12, json!({"sleep_ms": 5000}));
        let done = crate::common::message_item("msg_told", &crate::common::said(10));
        steps.push(
            json!({"event": {"type": "thread.item.updated", "item_id": "msg_told", "update": {
                "type": "assistant_message.content_part.done", "content_index": 0,
                "content": done["content"][0],
            }}}),
        );
        steps.push(json!({"event": {"type": "thread.item.done", "item": done}}));
        script(steps.into())
    };
    thread::scope(|scope| {
        let check = |faults: Faults, script: String, codes: &'static [&'static str]| {
            scope.spawn(move || through(faults, &script).is_only(codes));
        };
        check(Faults::delay(Duration::from_millis(1500)), quick, &["slow-headers"]);
        check(Faults::none(), after(6000), &["slow-first-text"]);
        check(Faults::none(), broken_off(), &["long-gap"]);
        // The server's heartbeats come each 15 s.
        check(Faults::none(), after(21_000), &["slow-first-text"]);
        check(
            Faults::stream(without_heartbeats),
            after(21_000),
            &["slow-first-text", "no-heartbeat"],
        );
    });
}

#[test]
fn streams_that_wait_for_each_other_are_found() {
    let server = Server::playback();
    let step = Duration::from_millis(30);
    for (busy, codes) in [
        (Busy::Blocks(step), &["blocked-server"][..]),
        (Busy::BlocksForAll(step), &["blocked-server"]),
        (Busy::Waits(step), &[]),
    ] {
        let faulty = Blocking::start(server.address(), busy);
        let crowd = ["--concurrency", "6", "--stream-only"];
        Report::of_script(&faulty.url(), &text(12, 0), &crowd).is_only(codes);
    }
}
