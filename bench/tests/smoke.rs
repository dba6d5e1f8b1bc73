//! The commands against real servers, for a fraction of a second each.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

const BENCH: &str = env!("CARGO_BIN_EXE_chatkit-bench");

/// A server that ends with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut process =
            Command::new(BENCH).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.strip_prefix("listening on ").map(|url| url.trim().to_owned());
        let server = Self { process, url: url.unwrap_or_default() };
        assert!(!server.url.is_empty(), "{line}");
        server
    }

    /// What a command reports of this server.
    fn measure(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let (url, pid) = (format!("--url={}", self.url), format!("--pid={}", self.process.id()));
        Command::new(BENCH).args(arguments).args([&url, &pid, "--json"]).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn number(report: &Value, path: &str) -> f64 {
    let value = report.pointer(path);
    value.and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {report}"))
}

#[track_caller]
fn is(report: &Value, path: &str, expected: u32) {
    let found = number(report, path);
    assert!((found - f64::from(expected)).abs() < 1e-6, "{path} is {found} in {report}");
}

const HTTP2: [&str; 3] = ["--http2", "--connections=2", "--streams-per-connection=4"];

#[test]
fn a_bare_server_takes_a_load_over_both_versions_of_http() {
    for chunks in ["one", "ready"] {
        let server = Server::start(&["bare", "--deltas=20", "--per-chunk", chunks]);
        for http in [&["--connections=8"][..], &HTTP2] {
            let load = [&["load", "--streams=40", "--deltas=20"][..], http].concat();
            let report = server.measure(&load);
            is(&report, "/streams", 40);
            is(&report, "/failures", 0);
            is(&report, "/merged", 0);
            assert!(number(&report, "/deltas_per_second") > 0.0);
            assert!(number(&report, "/server/memory/peak_rss") > 0.0);
        }
    }
}

#[test]
fn a_stream_that_is_not_the_one_asked_for_is_a_failure() {
    let server = Server::start(&["bare", "--deltas=20"]);
    for (asked, http) in [("--deltas=21", &["--connections=1"][..]), ("--deltas=19", &HTTP2)] {
        let output = server.run(&[&["load", "--streams=1", asked][..], http].concat());
        assert!(!output.status.success());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        is(&report, "/failures", 1);
        is(&report, "/streams", 0);
    }
}

#[test]
fn streams_begin_at_a_rate() {
    let server = Server::start(&["serve"]);
    let load = ["load", "--connections=1", "--rate=500", "--streams=50", "--deltas=5"];
    let report = server.measure(&load);
    is(&report, "/arrivals/scheduled", 50);
    is(&report, "/arrivals/dropped", 0);
    is(&report, "/streams", 50);
    // One at most is open, and each takes longer than the next one is away.
    let load = [&load[..], &["--max-open=1", "--gap-ms=20", "--fixed"]].concat();
    let report = server.measure(&load);
    is(&report, "/arrivals/open_at_most", 1);
    let dropped = number(&report, "/arrivals/dropped");
    assert!(dropped >= 1.0, "{report}");
    assert!((number(&report, "/streams") + dropped - 50.0).abs() < 1e-6, "{report}");
}

#[test]
fn streams_that_last_longer_than_the_time_are_cut_and_their_events_count() {
    let server = Server::start(&["serve"]);
    let report = server.measure(&[
        "load",
        "--connections=4",
        "--seconds=0.1",
        "--drain-s=0.2",
        "--deltas=10000",
        "--gap-ms=10",
    ]);
    is(&report, "/cut", 4);
    is(&report, "/streams", 0);
    is(&report, "/failures", 0);
    assert!(number(&report, "/deltas_per_second") > 0.0);
}

#[test]
fn paced_streams_tell_how_long_their_events_took() {
    let time = ["--seconds=0.3", "--ramp-s=0.1", "--gap-ms=10"];
    let paced = [&["paced", "--streams=8", "--deltas=150"][..], &time].concat();
    let bare = ["bare", "--stamped", "--gap-us=10000", "--deltas=150"];
    for server in [&bare[..], &["serve"]] {
        let server = Server::start(server);
        let report = server.measure(&paced);
        is(&report, "/failures", 0);
        is(&report, "/cut", 0);
        is(&report, "/ended", 8);
        is(&report, "/asked_per_second", 800);
        let found = number(&report, "/emit_to_client_us/p50");
        assert!(found > 0.0 && found < 1e6, "{report}");
    }
}

#[test]
fn idle_streams_cost_memory() {
    let server = Server::start(&["serve"]);
    let report = server.measure(&["idle", "--connections=100", "--connect-first"]);
    is(&report, "/connections", 100);
    assert!(number(&report, "/bytes_per_stream/rss") > 0.0, "{report}");
}

#[test]
fn a_thread_of_a_length_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("--sqlite={}", folder.path().join(name).display());
    let (built, filled) = (file("built.db"), file("filled.db"));
    let fill = Command::new(BENCH).args(["fill", "--items=150", &filled]).status().unwrap();
    assert!(fill.success());
    let thread = ["thread", "--items=150", "--repeat=3", "--deltas=4"];
    for (server, there) in [
        (&["serve"][..], &[][..]),
        (&["serve", &built], &[]),
        (&["serve", &filled], &["--filled=thr_bench"]),
    ] {
        let server = Server::start(server);
        let report = server.measure(&[&thread, there].concat());
        let names: Vec<_> = report["operations"].as_array().unwrap().iter().collect();
        assert_eq!(names.len(), 5);
        for operation in names {
            assert!(number(operation, "/total_ms/p50") > 0.0, "{operation}");
        }
        // A page of a hundred is about five times one of twenty.
        let bytes = |at: usize| number(&report, &format!("/operations/{at}/bytes"));
        assert!(bytes(1) > bytes(0) * 2.5, "{report}");
    }
}
