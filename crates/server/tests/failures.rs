//! Responders and stores that fail: the user sees an error, and keeps what was there.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::sync::{Arc, atomic::Ordering};

use chatkit_protocol::{ErrorCode, ErrorEvent, ThreadStreamEvent};
use chatkit_server::{ChatKit, EventStream, MemoryStore, RespondError, Turn};
use common::{Server, SlowStore, add_message, brief, create, created, events, kinds, stored};

fn fails_with(error: impl Fn() -> RespondError + Send + Sync + 'static) -> Server {
    Server::new(move |_| EventStream::failed(error()))
}

async fn error_of(server: Server) -> ErrorEvent {
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let events = events(&chatkit, create("hi")).await;
    assert_eq!(kinds(&events), ["thread.created", "thread.item.done", "stream_options", "error"]);
    match events.into_iter().last() {
        Some(ThreadStreamEvent::Error(error)) => error,
        other => panic!("expected an error, found {other:?}"),
    }
}

fn stream_error() -> ErrorEvent {
    ErrorEvent { code: ErrorCode::STREAM_ERROR, message: None, allow_retry: true }
}

#[tokio::test]
async fn a_custom_error_shows_its_text() {
    let error = error_of(fails_with(|| RespondError::custom("no more coffee"))).await;
    let message = Some("no more coffee".to_owned());
    assert_eq!(error, ErrorEvent { code: ErrorCode::CUSTOM, message, allow_retry: false });
    let error = error_of(fails_with(|| RespondError::custom("again?").with_retry(true))).await;
    assert!(error.allow_retry);
}

#[tokio::test]
async fn a_coded_error_shows_its_code() {
    let error = error_of(fails_with(|| RespondError::coded(ErrorCode::STREAM_ERROR))).await;
    assert_eq!(error, stream_error());
    let error = error_of(fails_with(|| RespondError::coded(ErrorCode::new("rate.limit")))).await;
    assert_eq!((error.code.as_str(), error.allow_retry), ("rate.limit", false));
}

#[tokio::test]
async fn an_unexpected_error_shows_nothing_of_itself() {
    let error = error_of(fails_with(|| std::io::Error::other("password is hunter2").into())).await;
    assert_eq!(error, stream_error());
}

#[tokio::test]
async fn a_panic_is_an_unexpected_error_wherever_it_happens() {
    assert_eq!(error_of(Server::new(|_| panic!("at once"))).await, stream_error());
    let later = Server::new(|turn: Turn<()>| turn.stream(async |_, _| panic!("later")));
    assert_eq!(error_of(later).await, stream_error());
}

#[tokio::test]
async fn text_that_was_shown_before_an_error_is_kept() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text("as far as I got").await?;
            Err(RespondError::custom("the model is gone"))
        })
    });
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let events = events(&chatkit, create("hi")).await;
    assert_eq!(kinds(&events).last(), Some(&"error"));
    assert_eq!(
        brief(&stored(&**chatkit.store(), &created(&events)).await),
        [("user_message", "hi".to_owned()), ("assistant_message", "as far as I got".to_owned())],
    );
}

#[tokio::test]
async fn events_sent_before_an_error_come_before_it() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async move |_, events| {
            for n in 0..5 {
                events.progress("clock", n.to_string()).await?;
            }
            Err(RespondError::custom("late"))
        })
    });
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let kinds = kinds(&events(&chatkit, create("hi")).await)[3..].to_vec();
    assert_eq!(kinds, [["progress_update"; 5].as_slice(), &["error"]].concat());
}

#[tokio::test]
async fn a_store_that_fails_during_the_reply_ends_it_with_an_error() {
    let store = SlowStore::default();
    let broken = Arc::clone(&store.broken);
    let server = Server::new(move |turn: Turn<()>| {
        let broken = Arc::clone(&broken);
        turn.stream(async move |_, events| {
            broken.store(true, Ordering::SeqCst);
            events.message("never stored").await
        })
    });
    let chatkit = ChatKit::new(server, store);
    let events = events(&chatkit, create("hi")).await;
    assert_eq!(kinds(&events), ["thread.created", "thread.item.done", "stream_options", "error"]);
}

#[tokio::test]
async fn a_store_that_fails_before_the_reply_gives_one_error() {
    let store = SlowStore::default();
    store.broken.store(true, Ordering::SeqCst);
    let chatkit = ChatKit::new(Server::new(|_| panic!("must not start")), store);
    for request in [create("hi"), add_message("thr_1", "hi")] {
        assert_eq!(events(&chatkit, request).await, [ThreadStreamEvent::Error(stream_error())]);
    }
    let (status, body) =
        common::json(&chatkit, serde_json::json!({"type": "threads.list", "params": {}})).await;
    assert_eq!(status, 500);
    assert_eq!(body, serde_json::json!({"message": "the server failed to handle the request"}));
}

#[tokio::test]
async fn text_whose_last_write_failed_is_kept_once_the_store_is_back() {
    let store = SlowStore::default();
    let failures = Arc::clone(&store.failures);
    let server = Server::new(move |turn: Turn<()>| {
        let failures = Arc::clone(&failures);
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text("shown").await?;
            failures.store(1, Ordering::SeqCst);
            reply.done().await
        })
    });
    let chatkit = ChatKit::new(server, store);
    let events = events(&chatkit, create("hi")).await;
    assert_eq!(kinds(&events).last(), Some(&"error"));
    assert_eq!(
        brief(&stored(&**chatkit.store(), &created(&events)).await),
        [("user_message", "hi".to_owned()), ("assistant_message", "shown".to_owned())],
    );
}
