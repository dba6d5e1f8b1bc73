//! Servers that know nothing of stopping, joining and ids of events.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use serde_json::{Value, json};

use crate::{
    Chat,
    common::{message_item, said, until},
};

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// A server that answers each request as a function says, on a connection of its own.
fn serve(
    answer: impl Fn(&Value, &str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/chat", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let Some((head, body)) = read_request(&mut stream) else { return };
                // The client may go away at any time.
                let _ = answer(&body, &head, &mut stream);
            });
        }
    });
    url
}

fn read_request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_str(body) {
            return Some((head.to_owned(), body));
        }
    }
}

fn refuse(stream: &mut TcpStream) -> io::Result<()> {
    reply(stream, "500 Internal Server Error", &json!("Internal Server Error"))
}

fn reply(stream: &mut TcpStream, status: &str, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())
}

/// The events of a reply up to its last word, without ids.
fn events(text: &str) -> String {
    let item = message_item("msg_a", "");
    let update = |update: Value| json!({"type": "thread.item.updated", "item_id": "msg_a", "update": update});
    let user = json!({"type": "user_message", "id": "msg_u", "thread_id": "thr_a",
        "created_at": "2026-01-01T00:00:00Z", "attachments": [], "inference_options": {},
        "content": [{"type": "input_text", "text": "hi"}]});
    let mut events = vec![
        json!({"type": "thread.created", "thread": {"id": "thr_a",
            "created_at": "2026-01-01T00:00:00", "status": {"type": "active"}}}),
        json!({"type": "thread.item.done", "item": user}),
        json!({"type": "thread.item.added", "item": item}),
        json!({"type": "something.new", "at": 1}),
    ];
    events.extend(text.split_inclusive(' ').map(|word| {
        update(json!({"type": "assistant_message.content_part.text_delta", "content_index": 0,
            "delta": word}))
    }));
    events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect()
}

fn done(text: &str) -> String {
    let item = message_item("msg_a", text);
    format!("data: {}\n\n", json!({"type": "thread.item.done", "item": item}))
}

#[test]
fn stop_is_closing_the_connection() {
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let url = serve(move |request, _, stream| {
        if request["type"] != "threads.create" {
            return refuse(stream);
        }
        stream.write_all(format!("{STREAM}{}", events(&said(3))).as_bytes())?;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        closed.store(true, Ordering::SeqCst);
        Ok(())
    });
    let mut chat = Chat::with(&url, &[]);
    chat.say("hi");
    chat.until("w2 ");
    chat.interrupt();
    chat.until_note("stopped by closing the connection");
    until("the server sees it", || is_closed.load(Ordering::SeqCst));
    let ended = chat.end();
    assert_eq!((ended.code, ended.out), (Some(0), format!("{}\n", said(3))));
    assert!(ended.notes.contains("an event that this client does not know: "), "{}", ended.notes);
    assert!(ended.notes.contains("something.new"), "{}", ended.notes);
}

#[test]
fn a_turn_that_may_not_be_stopped_goes_on_until_it_is_left() {
    let url = serve(|request, _, stream| match request["type"].as_str() {
        Some("threads.stop") => {
            reply(stream, "409 Conflict", &json!({"message": "this reply may not be stopped"}))
        }
        _ => {
            stream.write_all(format!("{STREAM}{}", events(&said(3))).as_bytes())?;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).map(drop)
        }
    });
    let mut chat = Chat::with(&url, &[]);
    chat.say("hi");
    chat.until("w2 ");
    chat.interrupt();
    chat.until_note("this reply may not be stopped; Ctrl-C again leaves it");
    chat.interrupt();
    chat.until_note("left: the reply may go on without this client");
    assert_eq!(chat.end().code, Some(0));
}

#[test]
fn what_is_missing_is_read_from_the_thread() {
    let url = serve(|request, _, stream| match request["type"].as_str() {
        // It breaks off within an event.
        Some("threads.create") => {
            stream.write_all(format!("{STREAM}{}data: {{\"ty", events(&said(3))).as_bytes())
        }
        Some("items.list") => {
            assert_eq!(request["params"]["after"], "msg_u");
            let page = json!({"data": [{"type": "unheard_of", "id": "x"},
                message_item("msg_a", &said(5))], "has_more": false});
            reply(stream, "200 OK", &page)
        }
        _ => refuse(stream),
    });
    let ended = Chat::tell(&url, &[], &["hi"]);
    assert_eq!(ended.out, format!("{}\n", said(5)), "{}", ended.notes);
    assert_eq!(ended.code, Some(1), "nobody knows whether this is all");
    assert!(ended.notes.contains("/retry asks for it again"), "{}", ended.notes);
}

#[test]
fn text_is_right_however_its_bytes_are_cut_and_headers_are_sent() {
    let text = "blåbærsyltetøy 🫐 日本 ";
    let (send, heads) = mpsc::channel();
    let url = serve(move |_, head, stream| {
        send.send(head.to_owned()).unwrap();
        stream.set_nodelay(true)?;
        for byte in format!("{STREAM}{}{}", events(text), done(text)).bytes() {
            stream.write_all(&[byte])?;
        }
        Ok(())
    });
    let args = ["--header", "Authorization: Bearer a:b", "--header", "x-tenant:7"];
    let ended = Chat::tell(&url, &args, &["hi"]);
    assert_eq!((ended.code, ended.out), (Some(0), format!("{text}\n")), "{}", ended.notes);
    let head = heads.recv().unwrap();
    for line in [
        "POST /api/chat HTTP/1.1",
        "authorization: Bearer a:b",
        "x-tenant: 7",
        "accept: text/event-stream",
        "chatkit-resumable: 1",
    ] {
        assert!(head.lines().any(|found| found == line), "{line}: {head}");
    }
}

#[test]
fn a_page_in_place_of_a_stream_is_said() {
    let url = serve(|_, _, stream| {
        stream.write_all(
            b"HTTP/1.1 404 X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<html>404",
        )
    });
    let ended = Chat::tell(&url, &[], &["hi", "/attach /dev/null"]);
    assert_eq!((ended.code, &*ended.out), (Some(1), ""));
    for says in ["answered with status 404 and text/html", "perhaps it takes none"] {
        assert!(ended.notes.contains(says), "{says}: {}", ended.notes);
    }
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for() {
    let (send, asked) = mpsc::channel();
    let url = serve(move |request, _, stream| {
        send.send(request["type"].clone()).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).map(drop)
    });
    let mut chat = Chat::with(&url, &["--resume"]);
    let lines = ["/open thr_a", "/threads", "/attach /dev/null", "/quit"];
    let ops = ["threads.list", "items.list", "threads.list", "attachments.create"];
    for (op, line) in ops.into_iter().zip(lines) {
        assert_eq!(asked.recv().unwrap(), op);
        chat.interrupt();
        chat.say(line);
    }
    let ended = chat.end();
    assert_eq!(ended.code, Some(0), "{}", ended.notes);
    let given_up = ended.notes.matches("not waiting for the server any longer").count();
    assert_eq!(given_up, ops.len(), "{}", ended.notes);
}

#[test]
fn a_stream_without_an_event_is_no_reply() {
    let url = serve(|_, _, stream| stream.write_all(format!("{STREAM}: ping\n\n").as_bytes()));
    let ended = Chat::tell(&url, &[], &["hi"]);
    assert_eq!((ended.code, &*ended.out), (Some(1), ""));
    assert_eq!(ended.notes, "error: the stream ended without an event\n");
}

#[test]
fn what_is_meant_for_a_thread_is_not_said_in_another() {
    for args in [&["--thread", "thr_a"][..], &["--resume"]] {
        let (send, asked) = mpsc::channel();
        let url = serve(move |request, _, stream| {
            send.send(request["type"].clone()).unwrap();
            refuse(stream)
        });
        let ended = Chat::tell(&url, args, &["hi"]);
        assert_eq!(ended.code, Some(1), "{}", ended.notes);
        let asked: Vec<Value> = asked.try_iter().collect();
        assert_eq!(asked.len(), 1, "{asked:?}");
    }
}

#[test]
fn pages_that_never_end_are_left() {
    let url = serve(|request, _, stream| match request["type"].as_str() {
        Some("items.list") => {
            let after: usize =
                request["params"]["after"].as_str().map_or(0, |after| after.parse().unwrap());
            assert!(after < 2000, "it goes on for ever");
            let item = json!({"type": "unheard_of", "id": (after + 1).to_string()});
            reply(stream, "200 OK", &json!({"data": [item], "has_more": true}))
        }
        _ => refuse(stream),
    });
    let ended = Chat::tell(&url, &["--thread", "thr_a"], &["/items"]);
    assert_eq!((ended.code, &*ended.out), (Some(0), ""), "{}", ended.notes);
}
