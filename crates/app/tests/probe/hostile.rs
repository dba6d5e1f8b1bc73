//! Servers that do harm: the probe ends all the same, and keeps no more than it may.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

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
            // The request comes in one piece. The probe may go away at any time.
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(HEAD.as_bytes()).and_then(|()| write(&mut stream));
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
fn probe(url: &str, args: &[&str]) -> (String, Vec<String>) {
    let probed = Probed::run(&[&[url, "--stream-only", "--json"], args].concat());
    assert!(probed.status < 2, "{probed:?}");
    let report = probed.json();
    let end = report["rounds"][0]["streams"][0]["end"].as_str().unwrap().to_owned();
    let codes = report["findings"].as_array().unwrap().iter();
    (end, codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn where_there_is_always_more_to_read_time_is_up_all_the_same() {
    let comments = serve(|stream| flood(stream, ": x\n\n"));
    let (end, codes) = probe(&comments, &["--timeout", "0.3"]);
    assert_eq!(end, "timed-out", "{codes:?}");
    assert!(codes.contains(&"nothing-but-heartbeats".to_owned()), "{codes:?}");

    let events = serve(|stream| flood(stream, "data: 1\n\n"));
    let (end, codes) = probe(&events, &["--max-time", "0.3"]);
    assert_eq!(end, "left", "{codes:?}");
}

#[test]
fn an_event_that_would_take_all_memory_is_not_read() {
    let url = serve(|stream| {
        let objects = "{\"\":0},".repeat(2_000_000);
        stream.write_all(format!("data: [{objects}0]\n\n").as_bytes())
    });
    let (end, codes) = probe(&url, &[]);
    assert_eq!(end, "too-much", "{codes:?}");
    assert_eq!(codes.first().map(String::as_str), Some("too-much"), "{codes:?}");
}

#[test]
fn a_request_that_never_ends_is_refused() {
    let probed = Probed::run(&["http://127.0.0.1:1", "--request", "/dev/zero"]);
    assert_eq!((probed.status, probed.stdout.as_str()), (2, ""), "{probed:?}");
    assert!(probed.stderr.starts_with("error: /dev/zero is no request: "), "{probed:?}");
}
