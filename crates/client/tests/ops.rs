//! The ops against a real server.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use chatkit_client::{Client, ClientError, EventStream, Upload};
use chatkit_http::{Options, router, serve};
use chatkit_protocol::{
    AttachmentCreateParams, Order, ThreadId, UploadDescriptor, UploadMethod, UserMessageContent,
    UserMessageInput,
};
use chatkit_server::{ChatKit, ChatKitServer, EventStream as Events, MemoryStore, Turn};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Says what was said; after `wait` the reply goes on for ever.
struct Echo;

impl ChatKitServer for Echo {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> Events<'_> {
        turn.stream(async move |turn, events| {
            let text = turn.input_text();
            let mut reply = events.stream_message().await?;
            reply.text(text.as_str()).await?;
            if text == "wait" {
                std::future::pending::<()>().await;
            }
            reply.done().await
        })
    }
}

async fn client() -> Client {
    let app = router(ChatKit::new(Echo, MemoryStore::new()), Options::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, app, std::future::pending()));
    Client::builder(&url).build().unwrap()
}

fn input(text: &str) -> UserMessageInput {
    UserMessageInput {
        content: vec![UserMessageContent::text(text)],
        attachments: Vec::new(),
        quoted_text: None,
        inference_options: Default::default(),
    }
}

async fn next(stream: &mut EventStream) -> Option<Value> {
    let event = stream.next().await.unwrap()?;
    Some(serde_json::from_str(&event.data).unwrap())
}

async fn kinds(mut stream: EventStream) -> Vec<String> {
    let mut kinds = Vec::new();
    while let Some(event) = next(&mut stream).await {
        kinds.push(event["type"].as_str().unwrap().to_owned());
    }
    kinds
}

/// Reads until there is an event of a type; with the id of the last one.
async fn until(stream: &mut EventStream, kind: &str) -> (Value, Option<String>) {
    loop {
        let event = stream.next().await.unwrap().unwrap();
        let value: Value = serde_json::from_str(&event.data).unwrap();
        if value["type"] == kind || value["update"]["type"] == kind {
            return (value, event.id);
        }
    }
}

async fn created(stream: &mut EventStream) -> ThreadId {
    let (event, _) = until(stream, "thread.created").await;
    serde_json::from_value(event["thread"]["id"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_their_items() {
    let client = client().await;
    let mut stream = client.create_thread(&input("hi")).await.unwrap();
    let thread = created(&mut stream).await;
    assert_eq!(kinds(stream).await.last().unwrap(), "thread.item.done");
    let more = client.add_user_message(&thread, &input("more")).await.unwrap();
    assert_eq!(kinds(more).await.last().unwrap(), "thread.item.done");

    let threads = client.list_threads(10, None).await.unwrap();
    assert_eq!(threads.data[0]["id"], thread.as_str());
    let first = client.list_items(&thread, 1, Order::Asc, None).await.unwrap();
    assert!(first.has_more);
    let id = first.data[0]["id"].as_str();
    let rest = client.list_items(&thread, 10, Order::Asc, id).await.unwrap();
    assert_eq!(rest.data.len(), 3);
    let whole = client.get_thread(&thread).await.unwrap();
    assert_eq!(whole["items"]["data"].as_array().unwrap().len(), 4);

    let item = serde_json::from_value(rest.data[1]["id"].clone()).unwrap();
    let again = client.retry_after_item(&thread, &item).await.unwrap();
    assert!(kinds(again).await.contains(&"thread.item.done".to_owned()));

    client.delete_thread(&thread).await.unwrap();
    let error = client.get_thread(&thread).await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Refused { status: 404, message, .. }
            if message.contains(thread.as_str())),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_joined_and_stopped() {
    let client = client().await;
    let mut first = client.create_thread(&input("wait")).await.unwrap();
    let thread = created(&mut first).await;
    let (_, id) = until(&mut first, "assistant_message.content_part.added").await;
    drop(first);
    let mut joined = client.attach(&thread, id.as_deref()).await.unwrap();
    let delta = next(&mut joined).await.unwrap();
    assert_eq!(delta["update"]["delta"], "wait");
    assert!(client.stop(&thread).await.unwrap());
    assert_eq!(kinds(joined).await, ["thread.item.done"]);
    assert!(!client.stop(&thread).await.unwrap());
    let mut late = client.attach(&thread, id.as_deref()).await.unwrap();
    let (event, _) = until(&mut late, "error").await;
    assert_eq!(event["code"], "run.not_running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_uploads_says_so() {
    let params = AttachmentCreateParams {
        name: "a.txt".to_owned(),
        size: 3,
        mime_type: "text/plain".to_owned(),
    };
    let error = client().await.create_attachment(&params).await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Refused { message, .. }
            if message.contains("attachments.create")),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_stream_is_an_error() {
    let (url, _) = one_answer("HTTP/1.1 502 X\r\ncontent-length: 5\r\n\r\n<html").await;
    let client = Client::builder(&url).build().unwrap();
    let error = client.create_thread(&input("hi")).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ClientError::NotAStream { status: 502, .. }), "{error:?}");
    assert!(text.contains("status 502 and no content type"), "{text}");
    assert!(text.ends_with(": a web page"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_within_an_event_is_broken() {
    let head = "HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\n\r\n";
    let (url, _) = one_answer(&format!("{head}data: 1\n\ndata: 2\n")).await;
    let client = Client::builder(&url).build().unwrap();
    let mut stream = client.create_thread(&input("hi")).await.unwrap();
    assert_eq!(next(&mut stream).await, Some(1.into()));
    let error = stream.next().await.unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error:?}");
    assert_eq!(stream.next().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_as_their_descriptor_says() {
    for (method, starts, ends) in [
        (UploadMethod::Put, "PUT /up?a=1 HTTP/1.1\r\n", "\r\n\r\nbytes"),
        (UploadMethod::Post, "POST /up?a=1 HTTP/1.1\r\n", "--\r\n"),
    ] {
        let (url, request) = one_answer("HTTP/1.1 204 X\r\n\r\n").await;
        let client =
            Client::builder(&url).header("authorization", "Bearer hunter22").build().unwrap();
        let descriptor = UploadDescriptor {
            url: "/up?a=1".to_owned(),
            method,
            headers: [("X-Signed".to_owned(), "yes".to_owned())].into(),
        };
        let file = Upload {
            name: "a.bin".to_owned(),
            mime_type: "application/x-a".to_owned(),
            bytes: "bytes".into(),
        };
        client.upload(&descriptor, file).await.unwrap();
        let request = request.await.unwrap();
        assert!(request.starts_with(starts) && request.ends_with(ends), "{request}");
        assert!(request.contains("x-signed: yes\r\n"), "{request}");
        assert!(request.to_lowercase().contains("content-type: application/x-a"), "{request}");
        assert!(!request.contains("hunter22"), "{request}");
    }
}

/// A server that answers one request, and the request.
async fn one_answer(answer: &str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.to_owned();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        loop {
            stream.read_buf(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, serving)
}
