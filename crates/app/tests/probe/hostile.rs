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

#[test]
fn a_request_that_never_ends_is_refused() {
    let probed = Probed::run(&["http://127.0.0.1:1", "--request", "/dev/zero"]);
    assert_eq!((probed.status, probed.stdout.as_str()), (2, ""), "{probed:?}");
    assert!(probed.stderr.starts_with("error: /dev/zero is no request: "), "{probed:?}");
}
