//! Streams whose events come at the wrong times, and who is to blame for it.

use std::time::Duration;

use serde_json::json;

use crate::{
    common::{Server, script},
    faulty::{Blocking, Busy, Faults, Proxy, flush_each, gzip, hold_bytes, hold_to_end, nagle},
    report::Report,
};

/// A text as a model writes it: so many deltas, with so many milliseconds between.
fn text(deltas: usize, gap_ms: u64) -> String {
    said(deltas, "a few words ", gap_ms)
}

fn said(deltas: usize, delta: &str, gap_ms: u64) -> String {
    script(json!([{"text": {"deltas": deltas, "delta": delta, "gap_ms": gap_ms}}]))
}

/// What the probe says of a stream that goes through a proxy, and what it says of the server.
fn through(faults: Faults, script: &str) -> Report {
    let server = Server::playback();
    let proxy = Proxy::start(server.address(), faults);
    Report::of_script(&proxy.url(), script, &["--stream-only"])
}

/// Blames of the server that are wrong when a proxy is at fault.
const SERVER: [&str; 5] =
    ["slow-producer", "one-big-delta", "blocked-server", "stall", "nothing-but-heartbeats"];

#[test]
fn a_paced_stream_is_fine() {
    for gap_ms in [0, 10, 30, 100] {
        let report = through(Faults::none(), &text(20, gap_ms));
        report.is_only(&[]);
        report.ended_with(0);
    }
}

#[test]
fn a_proxy_that_holds_everything_is_found() {
    let report = through(Faults::stream(hold_to_end), &text(40, 50));
    report.has("buffered-whole");
    report.lacks(&SERVER);
    report.lacks(&["bursts", "nagle"]);
    report.ended_with(1);
}

#[test]
fn a_proxy_that_holds_some_bytes_is_found() {
    // As many bytes in a few deltas as a model needs many for.
    let delta = "word ".repeat(80);
    for (size, deltas) in [(4096, 40), (8192, 60), (16384, 100)] {
        let report = through(Faults::stream(hold_bytes(size)), &said(deltas, &delta, 30));
        report.has("bursts");
        report.lacks(&SERVER);
        report.lacks(&["buffered-whole", "nagle"]);
    }
}

#[test]
fn a_proxy_that_flushes_now_and_then_is_found() {
    let report = through(Faults::stream(flush_each(Duration::from_millis(500))), &text(50, 50));
    report.has("bursts");
    report.lacks(&SERVER);
    report.lacks(&["buffered-whole", "nagle"]);
}

#[test]
fn a_compressor_that_keeps_things_is_found() {
    let report = through(Faults::stream(gzip(false)), &text(40, 50));
    report.has("compressed-stream");
    report.has("buffered-whole");
    report.lacks(&SERVER);
}

#[test]
fn a_compressor_that_flushes_is_only_warned_about() {
    through(Faults::stream(gzip(true)), &text(20, 30)).is_only(&["compressed-stream"]);
}

#[test]
fn small_writes_that_wait_for_acknowledgements_are_found() {
    // Written in one, and in two.
    for (first, gap_ms) in [(usize::MAX, 10), (8, 10), (8, 100)] {
        let report = through(Faults::stream(nagle(first)), &text(30, gap_ms));
        report.has("nagle");
        report.lacks(&SERVER);
        report.lacks(&["buffered-whole", "bursts"]);
    }
}

#[test]
fn a_slow_producer_is_no_proxy() {
    let report = through(Faults::none(), &text(6, 700));
    report.has("slow-producer");
    report.lacks(&["buffered-whole", "bursts", "nagle", "one-big-delta"]);
}

#[test]
fn a_message_in_one_piece_is_no_buffer() {
    let text = said(1, &"word ".repeat(400), 0);
    let report = through(Faults::none(), &text);
    report.has("one-big-delta");
    report.lacks(&["buffered-whole", "bursts", "nagle", "slow-producer"]);
}

#[test]
fn streams_that_wait_for_each_other_are_found() {
    let server = Server::playback();
    let at_once = ["--concurrency", "6", "--stream-only"];
    for (busy, blocked) in [
        (Busy::Blocks(Duration::from_millis(40)), true),
        (Busy::BlocksForAll(Duration::from_millis(40)), true),
        (Busy::Waits(Duration::from_millis(40)), false),
    ] {
        let faulty = Blocking::start(server.address(), busy);
        let report = Report::of_script(&faulty.url(), &text(15, 0), &at_once);
        if blocked {
            report.has("blocked-server");
            report.lacks(&["buffered-whole", "bursts", "nagle"]);
        } else {
            report.is_only(&[]);
        }
    }
}
