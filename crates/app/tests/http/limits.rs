//! What is too large or too slow.

use std::time::Instant;

use serde_json::json;

use crate::common::{Server, op};

const LIMIT: usize = 16 * 1024 * 1024;
const LIST: &str = r#"{"type": "threads.list", "params": {}}"#;

/// A request of exactly so many bytes.
fn padded(size: usize) -> Vec<u8> {
    let mut body = LIST.as_bytes().to_vec();
    body.resize(size, b' ');
    body
}

#[test]
fn a_body_up_to_the_limit_is_read() {
    let server = Server::playback();
    assert_eq!(server.connect().post_bytes(&padded(LIMIT)).status(), 200);
}

/// The body is read to its end, so that the answer arrives instead of a broken connection.
#[test]
fn a_larger_body_is_413_and_the_connection_goes_on() {
    let server = Server::playback();
    for size in [LIMIT + 1, 2 * LIMIT, 4 * LIMIT] {
        let mut connection = server.connect();
        let answer = connection.post_bytes(&padded(size));
        assert_eq!(answer.status(), 413, "{size}");
        assert_eq!(answer.message(), format!("body: expected at most {LIMIT} bytes"));
        assert_eq!(connection.post(&op("threads.list", json!({}))).status(), 200, "{size}");
    }
}

#[test]
fn a_larger_body_of_unknown_length_is_413_too() {
    let server = Server::playback();
    let mut connection = server.connect();
    connection.send(b"POST /chatkit HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = vec![b' '; 1024 * 1024];
    for _ in 0..17 {
        connection.send(format!("{:x}\r\n", chunk.len()).as_bytes());
        connection.send(&chunk);
        connection.send(b"\r\n");
    }
    connection.send(b"0\r\n\r\n");
    assert_eq!(connection.read_response("POST").status(), 413);
    assert_eq!(connection.post(&op("threads.list", json!({}))).status(), 200);
}

#[test]
#[ignore = "takes the 30 s that the server gives the head of a request"]
fn a_head_that_does_not_arrive_is_not_waited_for() {
    let server = Server::playback();
    let mut connection = server.connect();
    let started = Instant::now();
    connection.send(b"POST /chatkit HTTP/1.1\r\nHost: h\r\nX-Slow: ");
    connection.read_to_close();
    assert!(started.elapsed().as_secs() < 45, "{:?}", started.elapsed());
    assert_eq!(server.get("/healthz").status(), 200);
}

#[test]
#[ignore = "takes the 30 s that the server gives a pause inside a body"]
fn a_body_that_does_not_arrive_is_not_waited_for() {
    let server = Server::playback();
    let mut connection = server.connect();
    connection.send(b"POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{");
    let answer = connection.read_response("POST");
    assert_eq!(answer.status(), 408);
    assert!(answer.message().starts_with("body: "), "{}", answer.message());
    connection.read_to_close();
}
