//! Answers with the wrong head, the wrong end, or none.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    common::{Server, script},
    faulty::{Faults, Proxy, break_after, cut_frame, empty, heartbeats_after, quiet_after},
    report::Report,
};

fn text() -> String {
    script(json!([{"text": {"deltas": 8, "delta": "word ", "gap_ms": 30}}]))
}

fn through(faults: Faults, args: &[&str]) -> Report {
    let server = Server::playback();
    let proxy = Proxy::start(server.address(), faults);
    Report::of_script(&proxy.url(), &text(), args)
}

const ONLY: &[&str] = &["--stream-only"];

/// A stream whose head has another header, or lacks one.
fn header(name: &'static str, value: Option<&'static str>) -> Faults {
    Faults::stream(move |exchange| {
        exchange.set_header(name, value);
        crate::faulty::pass(exchange)
    })
}

/// A streaming op that is answered with something else.
fn instead(status: u16, kind: &'static str, body: &'static str) -> Faults {
    Faults::stream(move |exchange| {
        exchange.client.respond(status, &[("content-type".into(), kind.into())], body.as_bytes())
    })
}

#[test]
fn no_server_is_no_response() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let report = Report::of(&url, ONLY);
    report.is_only(&["no-response"]);
    report.ended_with(2);
}

#[test]
fn a_server_that_never_answers_is_no_response() {
    let report =
        through(Faults::delay(Duration::from_secs(3)), &["--timeout", "1", "--stream-only"]);
    report.is_only(&["no-response"]);
}

#[test]
fn wrong_statuses_and_types_are_found() {
    for (status, code) in
        [(500, "status-5xx"), (503, "status-5xx"), (404, "status-4xx"), (401, "status-4xx")]
    {
        let report = through(instead(status, "application/json", "{\"detail\": \"no\"}"), ONLY);
        report.is_only(&[code]);
        report.ended_with(1);
    }
    through(instead(200, "application/json", "{\"type\": \"thread.created\"}"), ONLY)
        .is_only(&["wrong-content-type"]);
}

#[test]
fn odd_statuses_are_called_so() {
    for status in [101, 999] {
        let report = through(instead(status, "text/plain", ""), ONLY);
        report.is_only(&["status-odd"]);
        report.ended_with(1);
    }
}

/// One cause is one finding: where there is no ChatKit server, its other answers say nothing more.
#[test]
fn what_is_no_chatkit_server_is_found_once() {
    let server = Server::playback();
    let url = format!("http://{}/nowhere", server.address());
    Report::of(&url, &[]).is_only(&["status-4xx"]);
    through(instead(200, "text/html", "<html><title>Hi</title>"), &[])
        .is_only(&["wrong-content-type"]);
}

#[test]
fn a_redirect_is_found() {
    let report = through(
        Faults::stream(|exchange| {
            exchange.client.respond(307, &[("location".into(), "/chatkit/".into())], b"")
        }),
        ONLY,
    );
    report.is_only(&["status-3xx"]);
    report.ended_with(1);
}

#[test]
fn headers_that_invite_buffering_are_found() {
    through(header("cache-control", Some("no-cache")), ONLY).is_only(&["missing-no-transform"]);
    through(header("cache-control", Some("no-transform")), ONLY).is_only(&["cached-by-proxies"]);
    through(header("x-accel-buffering", Some("yes")), ONLY).is_only(&["accel-buffering"]);
    through(header("x-accel-buffering", None), ONLY).is_only(&["accel-buffering"]);
    // It is a warning, which fails a strict probe only.
    let accel = || header("x-accel-buffering", None);
    through(accel(), ONLY).ended_with(0);
    through(accel(), &["--strict", "--stream-only"]).ended_with(1);
}

#[test]
fn streams_without_a_proper_end_are_found() {
    let report = through(Faults::stream(break_after(9)), ONLY);
    report.has("connection-broken");
    report.lacks(&["no-end", "cut-frame", "stall"]);
    report.ended_with(1);
    let report = through(Faults::stream(cut_frame(9)), ONLY);
    report.has("cut-frame");
    report.lacks(&["no-end", "connection-broken", "stall"]);
}

#[test]
fn a_stream_without_end_is_not_kept_for_ever() {
    let endless = Faults::stream(|exchange| {
        exchange.send_head()?;
        // Small on the way, large in memory.
        let values = "{},".repeat(20_000);
        let frame = format!("data: {{\"type\": \"endless\", \"of\": [{values}0]}}\n\n");
        loop {
            exchange.client.chunk(frame.as_bytes())?;
        }
    });
    let report = through(endless, ONLY);
    report.is_only(&["too-large", "unknown-event"]);
    report.ended_with(1);
}

#[test]
fn a_stream_that_cannot_be_decompressed_is_no_broken_connection() {
    through(header("content-encoding", Some("br")), ONLY)
        .is_only(&["compressed-stream", "undecodable"]);
}

#[test]
fn streams_that_do_not_go_on_are_found() {
    let beat = Duration::from_millis(100);
    let check = |faults: Faults, code: &'static str| {
        let report = through(faults, &["--timeout", "2", "--stream-only"]);
        report.has(code);
        let others = ["stall", "no-end", "nothing-but-heartbeats", "no-event", "connection-broken"];
        report.lacks(&others.into_iter().filter(|other| *other != code).collect::<Vec<_>>());
        report.ended_with(1);
    };
    thread::scope(|scope| {
        // In the middle of a message, with heartbeats and without.
        scope.spawn(|| check(Faults::stream(quiet_after(9)), "stall"));
        scope.spawn(|| check(Faults::stream(heartbeats_after(9, beat)), "stall"));
        // After the message is done.
        scope.spawn(|| check(Faults::stream(quiet_after(usize::MAX)), "no-end"));
        // Before anything was said.
        scope.spawn(|| check(Faults::stream(heartbeats_after(0, beat)), "nothing-but-heartbeats"));
        scope.spawn(|| check(Faults::stream(empty), "no-event"));
    });
}
