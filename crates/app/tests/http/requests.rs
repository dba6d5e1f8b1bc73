//! The many ways to send a request.

use serde_json::json;

use crate::common::{Server, create, kinds, op};

const LIST: &str = r#"{"type": "threads.list", "params": {}}"#;
const EMPTY: &str = r#"{"data":[],"has_more":false}"#;

#[test]
fn only_post_is_answered_with_an_op() {
    let server = Server::playback();
    for method in ["GET", "PUT", "DELETE", "PATCH", "PROPFIND"] {
        let mut connection = server.connect();
        let answer = connection.request(method, "/chatkit", &[], b"");
        assert_eq!(answer.status(), 405, "{method}");
        assert!(answer.header("allow").unwrap().contains("POST"), "{method}");
        assert_eq!(answer.message(), "method: expected POST", "{method}");
        assert_eq!(connection.post_bytes(LIST.as_bytes()).status(), 200, "{method}");
    }
    let mut connection = server.connect();
    let head = connection.request("HEAD", "/chatkit", &[], b"");
    assert_eq!((head.status(), head.body.len()), (405, 0));
    assert_eq!(connection.post_bytes(LIST.as_bytes()).text(), EMPTY);
}

/// Otherwise a client that is still sending sees a broken connection instead of the answer.
#[test]
fn the_body_of_a_refused_method_is_read() {
    let server = Server::playback();
    let mut connection = server.connect();
    let body = vec![b'x'; 4 * 1024 * 1024];
    assert_eq!(connection.request("PUT", "/chatkit", &[], &body).status(), 405);
    assert_eq!(connection.post_bytes(LIST.as_bytes()).status(), 200);
}

#[test]
fn the_content_type_does_not_matter() {
    let server = Server::playback();
    for headers in [
        &[][..],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", "application/json; charset=utf-8"), ("Accept", "text/event-stream")],
        &[("Content-Type", "multipart/form-data; boundary=x"), ("Accept", "image/png")],
    ] {
        let answer = server.connect().request("POST", "/chatkit", headers, LIST.as_bytes());
        assert_eq!((answer.status(), answer.text().as_str()), (200, EMPTY), "{headers:?}");
    }
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let server = Server::playback();
    let mut connection = server.connect();
    let request = format!(
        "POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{LIST}",
        LIST.len()
    );
    for byte in request.as_bytes() {
        connection.send(&[*byte]);
    }
    assert_eq!(connection.read_response("POST").text(), EMPTY);

    let body = create(r#"{"steps": []}"#).to_string();
    connection.send(
        format!("POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len())
            .as_bytes(),
    );
    for byte in body.as_bytes() {
        connection.send(&[*byte]);
    }
    assert_eq!(kinds(&connection.into_events().rest()).len(), 3);
}

#[test]
fn a_body_may_come_in_chunks() {
    let server = Server::playback();
    let mut connection = server.connect();
    for size in [1, 2, 7, 1000] {
        connection.send(b"POST /chatkit HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        for chunk in LIST.as_bytes().chunks(size) {
            connection.send(format!("{:X};ext=\"1\"\r\n", chunk.len()).as_bytes());
            connection.send(chunk);
            connection.send(b"\r\n");
        }
        connection.send(b"0\r\nX-Trailer: 1\r\n\r\n");
        assert_eq!(connection.read_response("POST").text(), EMPTY, "chunks of {size}");
    }
}

#[test]
fn a_client_may_wait_until_the_body_is_wanted() {
    let server = Server::playback();
    let mut connection = server.connect();
    for _ in 0..2 {
        connection.send(
            format!(
                "POST /chatkit HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
                LIST.len()
            )
            .as_bytes(),
        );
        assert_eq!(connection.read_interim().status, 100);
        connection.send(LIST.as_bytes());
        assert_eq!(connection.read_response("POST").text(), EMPTY);
    }
}

#[test]
fn http_1_0_is_understood() {
    let server = Server::playback();
    let ask = |body: &str| {
        let mut connection = server.connect();
        connection.send(
            format!("POST /chatkit HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .as_bytes(),
        );
        connection
    };
    let list = ask(LIST).read_response("POST");
    assert_eq!((list.status(), list.text().as_str()), (200, EMPTY));

    // Without chunks the end of the connection is the end of the stream.
    let stream = ask(&create(r#"{"steps": []}"#).to_string()).into_events();
    assert_eq!(stream.head().header("transfer-encoding"), None);
    assert_eq!(kinds(&stream.rest()), ["thread.created", "thread.item.done", "stream_options"]);
}

#[test]
fn what_is_not_http_is_refused() {
    let server = Server::playback();
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"POST /chatkit HTTP/3.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /chatkit HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /chatkit HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let mut connection = server.connect();
        connection.send(bytes);
        let answer = String::from_utf8_lossy(&connection.read_to_close()).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(server.post(&op("threads.list", json!({}))).status(), 200);
}
