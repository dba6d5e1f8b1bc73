//! Servers that do harm: the probe ends all the same, and keeps no more than it may.

use std::{
    collections::BTreeSet,
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::command::Probed;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
/// How long a server goes on at most, so that a probe that does not end fails the test.
const MOST: Duration = Duration::from_secs(30);

/// The URL of a server that answers each request with a head and then as a function says.
fn serve(write: fn(&mut TcpStream) -> io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                // The request comes in one piece. The probe may go away at any time.
                let _ = stream.read(&mut [0; 8192]);
                let _ = stream.write_all(HEAD.as_bytes()).and_then(|()| write(&mut stream));
            });
        }
    });
    url
}

fn flood(stream: &mut TcpStream, frames: &str) -> io::Result<()> {
    let (begun, frames) = (Instant::now(), frames.repeat(100));
    while begun.elapsed() < MOST {
        stream.write_all(frames.as_bytes())?;
    }
    Ok(())
}

/// How the stream of a server ended, and the findings.
fn probe(url: &str) -> (String, Vec<String>) {
    let probed = Probed::run(&[url, "--stream-only", "--json"]);
    assert!(probed.status < 2, "{probed:?}");
    let report = probed.json();
    let end = report["rounds"][0]["streams"][0]["end"].as_str().unwrap().to_owned();
    let codes = report["findings"].as_array().unwrap().iter();
    (end, codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_stream_that_is_a_flood_is_left() {
    let url = serve(|stream| flood(stream, &format!("data: \"{}\"\n\n", "a".repeat(1000))));
    let (end, codes) = probe(&url);
    assert_eq!(end, "too-large", "{codes:?}");
}

#[test]
fn an_event_that_would_take_all_memory_is_not_read() {
    let url = serve(|stream| {
        let objects = "{\"\":0},".repeat(1_000_000);
        stream.write_all(format!("data: [{objects}0]\n\n").as_bytes())
    });
    let (end, codes) = probe(&url);
    assert_eq!(end, "too-large", "{codes:?}");
}

/// Small on the way, large in memory: each stream may take that, all together may not.
#[test]
fn many_streams_share_what_memory_there_is() {
    let url = serve(|stream| {
        let objects = "{},".repeat(20_000);
        stream.write_all(format!("data: [{objects}0]\n\n").as_bytes())
    });
    let probe = |streams: &str, more: &[&str]| {
        let args = [&url, "--stream-only", "--concurrency", streams];
        let probed = Probed::run(&[&args[..], more].concat());
        assert!(probed.status < 2, "{probed:?}");
        probed
    };
    let few = probe("8", &["--json"]).json();
    assert_eq!(few.get("memory_full"), None);
    let ends = |report: &Value| -> BTreeSet<String> {
        let rounds = report["rounds"].as_array().unwrap().iter();
        let streams = rounds.flat_map(|round| round["streams"].as_array().unwrap());
        streams.map(|stream| stream["end"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ends(&few), ["complete".to_owned()].into());
    // What is too much is the probe's own doing, and no fault of the server.
    let many = probe("40", &["--json", "--repeat", "3"]).json();
    assert_eq!(many["memory_full"], true, "{}", many["findings"]);
    assert_eq!(ends(&many), ["complete".to_owned(), "left".to_owned()].into());
    assert_eq!(many["rounds"].as_array().unwrap().len(), 2, "no other round is begun");
    let text = probe("40", &[]).stdout;
    assert!(text.contains("\nstopped early: "), "{text}");
}

#[test]
fn a_request_that_never_ends_is_refused() {
    let probed = Probed::run(&["http://127.0.0.1:1", "--request", "/dev/zero"]);
    assert_eq!((probed.status, probed.stdout.as_str()), (2, ""), "{probed:?}");
    assert!(probed.stderr.starts_with("error: /dev/zero is no request: "), "{probed:?}");
}
