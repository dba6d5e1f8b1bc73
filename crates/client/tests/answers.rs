//! Answers of servers that do as they are told.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use chatkit_client::{Client, ClientError};
use serde_json::{Value, json};

/// A server for one connection; what it does with the request's head, and how it goes on.
fn serve(
    answer: impl FnOnce(&str, &mut TcpStream) + Send + 'static,
) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream);
        answer(&request, &mut stream);
    });
    (format!("http://{address}"), serving)
}

/// The request with its body.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut bytes = [0; 1024];
    loop {
        let read = stream.read(&mut bytes).unwrap();
        request.extend_from_slice(&bytes[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if body.len() >= length {
            return String::from_utf8(request).unwrap();
        }
    }
}

fn client(url: &str) -> Client {
    Client::builder(url).build().unwrap()
}

#[tokio::test]
async fn pieces_come_with_the_time_at_which_they_came() {
    let (go_on, told) = mpsc::channel();
    let (url, serving) = serve(move |request, stream| {
        assert!(request.starts_with("POST /chatkit HTTP/1.1\r\n"), "{request}");
        for line in [
            "content-type: application/json\r\n",
            "accept: text/event-stream\r\n",
            "accept-encoding: gzip, deflate\r\n",
            "x-tenant: a\r\n",
            "chatkit-resumable: 1\r\n",
        ] {
            assert!(request.contains(line), "{line} {request}");
        }
        assert!(request.ends_with(r#"{"type":"x"}"#), "{request}");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
                    X-A: 1\r\nx-a: 2\r\n\r\ndata: 1\n\n";
        stream.write_all(head.as_bytes()).unwrap();
        told.recv().unwrap();
        stream.write_all(b"data: 2\n\n").unwrap();
    });
    let client = Client::builder(&url).header("x-tenant", "a").build().unwrap();
    let request = json!({"type": "x"});
    let mut answer = client.send_with(&request, true, &[("chatkit-resumable", "1")]).await.unwrap();
    assert_eq!((answer.status, answer.version.as_str()), (200, "HTTP/1.1"));
    assert!(answer.is_event_stream());
    assert_eq!(answer.header("x-a"), Some("1"));
    let first = answer.read().await.unwrap().unwrap();
    assert_eq!((&first.data[..], first.wire_bytes), (&b"data: 1\n\n"[..], 9));
    go_on.send(()).unwrap();
    let second = answer.read().await.unwrap().unwrap();
    assert_eq!(second.data, "data: 2\n\n");
    assert!(answer.sent_at <= answer.headers_at);
    assert!(answer.headers_at <= first.at && first.at < second.at);
    assert_eq!(answer.read().await.unwrap(), None);
    serving.join().unwrap();
}

/// A connection is made for the first request, and kept for the next.
#[tokio::test]
async fn a_connection_has_a_time_of_its_own() {
    let (url, serving) = serve(|_, stream| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
        stream.write_all(answer).unwrap();
        read_request(stream);
        stream.write_all(answer).unwrap();
    });
    let client = client(&url);
    let first = client.send(&json!({}), false).await.unwrap();
    let connected_at = first.connected_at.unwrap();
    assert!(first.sent_at <= connected_at && connected_at <= first.headers_at);
    first.text(2).await.unwrap();
    let second = client.send(&json!({}), false).await.unwrap();
    assert_eq!(second.connected_at, None);
    serving.join().unwrap();
}

#[tokio::test]
async fn compressed_pieces_are_read_as_they_come() {
    let (go_on, told) = mpsc::channel();
    let (url, serving) = serve(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n").unwrap();
        let mut encoder = flate2::write::GzEncoder::new(stream, flate2::Compression::fast());
        encoder.write_all(b"data: one\n\n").unwrap();
        encoder.flush().unwrap();
        told.recv().unwrap();
        encoder.write_all(b"data: two\n\n").unwrap();
        encoder.finish().unwrap();
    });
    let mut answer = client(&url).send(&json!({}), true).await.unwrap();
    let mut text = Vec::new();
    while text.len() < 11 {
        let piece = answer.read().await.unwrap().unwrap();
        assert!(piece.wire_bytes > 0);
        text.extend_from_slice(&piece.data);
    }
    assert_eq!(text, b"data: one\n\n");
    go_on.send(()).unwrap();
    assert_eq!(answer.text(100).await.unwrap(), "data: two\n\n");
    serving.join().unwrap();
}

#[tokio::test]
async fn what_was_not_asked_for_compressed_is_not() {
    let (url, serving) = serve(|request, stream| {
        assert!(!request.contains("accept-encoding"), "{request}");
        assert!(!request.contains("text/event-stream"), "{request}");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").unwrap();
    });
    let client = Client::builder(&url).takes_compressed(false).build().unwrap();
    let answer: Value = client.send(&json!({}), false).await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!([]));
    serving.join().unwrap();
}

#[tokio::test]
async fn redirects_are_answers() {
    let (url, serving) = serve(|_, stream| {
        let head = "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
    });
    let answer = client(&url).send(&json!({}), true).await.unwrap();
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), Some("http://127.0.0.1:1/"));
    serving.join().unwrap();
}

#[tokio::test]
async fn errors_say_what_failed_where_and_no_secret() {
    let closed = closed_port();
    let error = Client::builder(&format!("http://me:hunter22@{closed}/x?key=hunter22"))
        .header("authorization", "hunter22")
        .build()
        .unwrap()
        .send(&json!({}), true)
        .await
        .unwrap_err();
    assert!(matches!(&error, ClientError::NotConnected { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("could not connect to http://{closed}/x: ")), "{text}");
    assert!(text.contains("refused"), "{text}");
    assert!(!format!("{text}{error:?}").contains("hunter22"));

    let (url, serving) = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").unwrap();
    });
    let mut answer = client(&url).send(&json!({}), true).await.unwrap();
    assert_eq!(answer.read().await.unwrap().unwrap().data, "abc");
    let error = answer.read().await.unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error:?}");
    serving.join().unwrap();

    let (url, serving) = serve(|_, _| {});
    let error = client(&url).send(&json!({}), true).await.unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error:?}");
    serving.join().unwrap();

    let (url, serving) = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 502 X\r\nContent-Length: 6\r\n\r\n<html>").unwrap();
    });
    let error = client(&url).send(&json!({}), false).await.unwrap();
    let error = error.json::<Value>().await.unwrap_err().to_string();
    assert!(error.contains("status 502") && error.ends_with(": a web page"), "{error}");
    serving.join().unwrap();

    let (url, serving) = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n123456").unwrap();
    });
    let error = client(&url).send(&json!({}), false).await.unwrap().text(5).await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { limit: 5, .. }), "{error:?}");
    serving.join().unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = client(&url).send(&json!({}), true).await.unwrap_err();
    assert!(matches!(error, ClientError::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
    serving.join().unwrap();
}

#[test]
fn what_cannot_be_sent_is_said_before() {
    for (builder, secret) in [
        (Client::builder("http://host").header("a b", "hunter22"), "hunter22"),
        (Client::builder("http://host").header("a", "hunter22\n"), "hunter22"),
        (Client::builder("host/hunter22"), "hunter22"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(!format!("{error} {error:?} ").contains(secret), "{error}");
    }
    let builder = Client::builder("http://me:hunter22@host?a=hunter22").header("a", "hunter22");
    let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!shown.contains("hunter22"), "{shown}");
}

/// A port that nobody listens on.
fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
