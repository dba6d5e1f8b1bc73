//! Connections that are used more than once.

use std::{thread, time::Duration};

use serde_json::json;

use crate::common::{Connection, Server, create, kinds, op, script};

const LIST: &str = r#"{"type": "threads.list", "params": {}}"#;

fn request(body: &str) -> String {
    format!("POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_connection_is_used_again_after_a_stream() {
    let server = Server::playback();
    let mut connection = server.connect();
    let text = script(json!([{"text": {"deltas": 100, "delta": "x"}}]));
    for n in 1..=5 {
        let mut stream = connection.stream(&create(&text));
        stream.until("stream_options");
        connection = stream.skip_to_end();
        let listed = connection.post(&op("threads.list", json!({}))).json();
        assert_eq!(listed["data"].as_array().unwrap().len(), n);
        assert_eq!(connection.request("GET", "/healthz", &[], b"").status(), 200);
    }
}

#[test]
fn requests_sent_together_are_answered_in_order() {
    let server = Server::playback();
    let mut connection = server.connect();
    let create = create(r#"{"steps": []}"#).to_string();
    let together = [LIST, &create, "{", LIST].map(request).concat();
    connection.send(together.as_bytes());

    let before = connection.read_response("POST");
    assert_eq!(before.json()["data"], json!([]));
    let created = connection.read_response("POST");
    assert_eq!(created.header("content-type"), Some("text/event-stream"));
    let text = created.text();
    let (_id, data) = text.split_once("\ndata: ").unwrap();
    assert!(data.starts_with("{\"type\":\"thread.created\""), "{data}");
    assert_eq!(connection.read_response("POST").status(), 400);
    let after = connection.read_response("POST");
    assert_eq!(after.json()["data"].as_array().unwrap().len(), 1);
}

/// A client that sends on and on before it reads: no answer may be lost on the way to a stream.
#[test]
fn many_requests_sent_together_are_answered_whole() {
    const MANY: usize = 50_000;
    let server = Server::playback();
    let mut connection = server.connect();
    let small = "OPTIONS /chatkit HTTP/1.1\r\nHost: h\r\nOrigin: http://a\r\n\r\n".repeat(MANY);
    let together = small + &request(&create(r#"{"steps": []}"#).to_string()) + &request(LIST);
    let mut sending = connection.second();
    let sent = thread::spawn(move || sending.send(together.as_bytes()));
    // The answers fill all buffers between while nobody reads.
    thread::sleep(Duration::from_millis(1500));
    for n in 0..MANY {
        let answer = connection.read_response("OPTIONS");
        assert_eq!((answer.status(), answer.body.len()), (200, 0), "answer {n}");
    }
    let created = connection.read_response("POST");
    assert_eq!(created.header("content-type"), Some("text/event-stream"));
    assert!(created.text().ends_with("\n\n"), "{}", created.text());
    assert_eq!(connection.read_response("POST").json()["data"].as_array().unwrap().len(), 1);
    sent.join().unwrap();
}

#[test]
fn a_refused_request_does_not_cost_the_connection() {
    let server = Server::playback();
    let mut connection = server.connect();
    for _ in 0..3 {
        for body in
            ["", "{", "{}", r#"{"type": "threads.get_by_id", "params": {"thread_id": "x"}}"#]
        {
            let answer = connection.post_bytes(body.as_bytes());
            assert!((400..=404).contains(&answer.status()), "{body}: {}", answer.status());
            assert_eq!(answer.header("connection"), None, "{body}");
        }
        let refused = connection.post(&op("threads.create", json!({})));
        assert_eq!(refused.status(), 200);
    }
}

#[test]
fn a_client_may_ask_to_close() {
    let server = Server::playback();
    let mut connection = server.connect();
    let closing = request(LIST).replace("Host: h", "Host: h\r\nConnection: close");
    connection.send(closing.as_bytes());
    assert_eq!(connection.read_response("POST").header("connection"), Some("close"));
    assert_eq!(connection.read_to_close(), b"");
}

#[test]
fn many_connections_are_served_at_once() {
    let server = Server::playback();
    let text = script(json!([
        {"event": {"type": "progress_update", "text": "x"}},
        {"sleep_ms": 600_000},
    ]));
    let mut streams: Vec<_> = (0..200).map(|_| server.stream(&create(&text))).collect();
    for stream in &mut streams {
        let events = stream.until("progress_update");
        assert_eq!(kinds(&events).len(), 4);
    }
    assert_eq!(server.get("/healthz").status(), 200);
    drop(streams);
    let mut idle: Vec<Connection> = (0..200).map(|_| server.connect()).collect();
    for connection in &mut idle {
        assert_eq!(connection.post_bytes(LIST.as_bytes()).status(), 200);
    }
}
