//! Clients that go away, newer requests, shutdown: the turn stops at once, and nothing the user
//! saw is lost.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chatkit_server::{ChatKit, EventStream, MemoryStore, Store, Turn};
use common::{
    Server, SlowStore, add_message, brief, create, created, events, idle, kinds, next, stored,
    stream, until,
};

const DISCONNECTED: &str = "The stream was cancelled: the user stopped it or the connection was \
                            lost. Stop responding to the prior request.";
const SUPERSEDED: &str = "The user sent something new before the response was complete. Stop \
                          responding to the prior request.";
const SHUT_DOWN: &str = "The response was cut short because the server was shutting down.";

/// Says one word and then waits for ever; says so when it is dropped.
fn says_and_waits(dropped: Arc<AtomicBool>) -> Server {
    Server::new(move |turn: Turn<()>| -> EventStream<'static> {
        let dropped = SetOnDrop(Arc::clone(&dropped));
        turn.stream(async move |turn, events| {
            let _dropped = dropped;
            if turn.input_text() == "short" {
                return events.message("done").await;
            }
            let mut reply = events.stream_message().await?;
            reply.text("partial").await?;
            std::future::pending::<()>().await;
            reply.done().await
        })
    })
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Reads a stream until the first word is there.
async fn until_first_word(frames: &mut chatkit_server::Subscription) -> chatkit_protocol::ThreadId {
    let mut seen = until(frames, "thread.item.added").await;
    let deltas = |seen: &[chatkit_protocol::ThreadStreamEvent]| {
        seen.iter().filter(|event| event.kind() == "thread.item.updated").count()
    };
    while deltas(&seen) < 2 {
        seen.extend(next(frames).await.unwrap());
    }
    created(&seen)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_cancels_the_turn_and_the_partial_reply_is_kept() {
    let dropped = Arc::new(AtomicBool::new(false));
    let chatkit = ChatKit::new(says_and_waits(Arc::clone(&dropped)), MemoryStore::new());
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = until_first_word(&mut frames).await;
    drop(frames);
    idle(&chatkit).await;
    assert!(dropped.load(Ordering::SeqCst), "the responder was dropped");
    assert_eq!(
        brief(&stored(&**chatkit.store(), &thread_id).await),
        [
            ("user_message", "hi".to_owned()),
            ("assistant_message", "partial".to_owned()),
            ("sdk_hidden_context", DISCONNECTED.to_owned()),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_half_a_second_per_call_loses_nothing() {
    let store = SlowStore { delay: Duration::from_millis(500), ..SlowStore::default() };
    let chatkit = ChatKit::new(says_and_waits(Arc::default()), store);
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = until_first_word(&mut frames).await;
    drop(frames);
    idle(&chatkit).await;
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(
        brief(&items).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        ["user_message", "assistant_message", "sdk_hidden_context"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_the_responder_starts_leaves_its_message() {
    let store = SlowStore { delay: Duration::from_millis(500), ..SlowStore::default() };
    let chatkit = ChatKit::new(Server::new(|_| panic!("must not start")), store);
    drop(stream(&chatkit, create("hi")).await);
    idle(&chatkit).await;
    let page = chatkit_server::PageRequest::first(10, chatkit_protocol::Order::Asc);
    let threads = chatkit.store().load_threads(&chatkit_server::Owner::default(), &page).await;
    let items = stored(&**chatkit.store(), &threads.unwrap().data[0].id).await;
    assert_eq!(
        brief(&items),
        [("user_message", "hi".to_owned()), ("sdk_hidden_context", DISCONNECTED.to_owned())],
    );
}

#[tokio::test(start_paused = true)]
async fn a_blank_partial_reply_is_not_kept() {
    let chatkit = ChatKit::new(
        Server::new(|turn: Turn<()>| {
            turn.stream(async move |_, events| {
                let mut reply = events.stream_message().await?;
                reply.text(" \n").await?;
                std::future::pending::<()>().await;
                reply.done().await
            })
        }),
        MemoryStore::new(),
    );
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = until_first_word(&mut frames).await;
    drop(frames);
    idle(&chatkit).await;
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(
        brief(&items),
        [("user_message", "hi".to_owned()), ("sdk_hidden_context", DISCONNECTED.to_owned())],
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_message_takes_over_and_finds_the_thread_in_order() {
    let store = SlowStore { delay: Duration::from_millis(500), ..SlowStore::default() };
    let dropped = Arc::new(AtomicBool::new(false));
    let chatkit = ChatKit::new(says_and_waits(Arc::clone(&dropped)), store);
    let mut first = stream(&chatkit, create("long")).await;
    let thread_id = until_first_word(&mut first).await;

    let second = events(&chatkit, add_message(&thread_id, "short")).await;
    let told_to_wait = ["progress_update"; 2];
    let answered = ["thread.item.done", "stream_options", "thread.item.done"];
    assert_eq!(kinds(&second), [&told_to_wait[..], &answered].concat());
    let rest = next(&mut first).await.unwrap();
    assert_eq!(kinds(&rest), ["thread.item.done"], "what was kept is shown");
    assert_eq!(next(&mut first).await, None, "the first stream ended");
    assert!(dropped.load(Ordering::SeqCst));
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(
        brief(&items),
        [
            ("user_message", "long".to_owned()),
            ("assistant_message", "partial".to_owned()),
            ("sdk_hidden_context", SUPERSEDED.to_owned()),
            ("user_message", "short".to_owned()),
            ("assistant_message", "done".to_owned()),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn deleting_a_thread_ends_its_turn_first() {
    let chatkit = ChatKit::new(says_and_waits(Arc::default()), MemoryStore::new());
    let mut frames = stream(&chatkit, create("long")).await;
    let thread_id = until_first_word(&mut frames).await;
    let request = serde_json::json!({"type": "threads.delete", "params": {"thread_id": thread_id}});
    assert_eq!(common::json(&chatkit, request).await.0, 200);
    assert_eq!(kinds(&next(&mut frames).await.unwrap()), ["thread.item.done"]);
    assert_eq!(next(&mut frames).await, None);
    let gone = chatkit.store().load_thread(&chatkit_server::Owner::default(), &thread_id).await;
    assert!(matches!(gone, Err(chatkit_server::StoreError::NotFound { .. })));
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_turns_and_waits_for_their_cleaning_up() {
    let store = Arc::new(SlowStore { delay: Duration::from_millis(500), ..SlowStore::default() });
    let shared: Arc<dyn Store> = Arc::<SlowStore>::clone(&store);
    let chatkit = ChatKit::builder(says_and_waits(Arc::default()), shared).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = until_first_word(&mut frames).await;
    chatkit.shut_down(Duration::ZERO).await;
    assert_eq!(chatkit.active(), 0);
    let rest = next(&mut frames).await.unwrap();
    assert_eq!(kinds(&rest), ["thread.item.done", "error"], "the client is told");
    assert_eq!(next(&mut frames).await, None);
    assert_eq!(kinds(&events(&chatkit, add_message(&thread_id, "late")).await), ["error"]);
    let list = serde_json::json!({"type": "threads.list", "params": {}});
    assert_eq!(common::json(&chatkit, list).await.0, 503);
    let items = stored(&*store.inner, &thread_id).await;
    assert_eq!(
        brief(&items),
        [
            ("user_message", "hi".to_owned()),
            ("assistant_message", "partial".to_owned()),
            ("sdk_hidden_context", SHUT_DOWN.to_owned()),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn every_tab_of_a_crowd_is_superseded_but_the_last() {
    let chatkit = ChatKit::new(says_and_waits(Arc::default()), MemoryStore::new());
    let mut first = stream(&chatkit, create("long")).await;
    let thread_id = until_first_word(&mut first).await;
    let crowd: Vec<_> = (0..20).map(|n| add_message(&thread_id, &format!("long {n}"))).collect();
    let mut crowd =
        futures_util::future::join_all(crowd.into_iter().map(|request| stream(&chatkit, request)))
            .await;
    let last = events(&chatkit, add_message(&thread_id, "short")).await;
    assert_eq!(kinds(&last), ["thread.item.done", "stream_options", "thread.item.done"]);
    for frames in &mut crowd {
        while next(frames).await.is_some() {}
    }
    let items = stored(&**chatkit.store(), &thread_id).await;
    let users = brief(&items).into_iter().filter(|(kind, _)| *kind == "user_message");
    let expected = (0..20).map(|n| format!("long {n}"));
    let expected: Vec<_> =
        std::iter::once("long".to_owned()).chain(expected).chain(["short".to_owned()]).collect();
    assert_eq!(users.map(|(_, text)| text).collect::<Vec<_>>(), expected);
    assert_eq!(brief(&items).last(), Some(&("assistant_message", "done".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_responder_that_panics_when_it_is_dropped_is_cleaned_up_after() {
    struct PanicOnDrop;

    impl Drop for PanicOnDrop {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text("partial").await?;
            let _panics = PanicOnDrop;
            std::future::pending::<()>().await;
            reply.done().await
        })
    });
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = until_first_word(&mut frames).await;
    drop(frames);
    idle(&chatkit).await;
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(brief(&items)[1], ("assistant_message", "partial".to_owned()));
    assert_eq!(items.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_refused_stops_nothing() {
    let chatkit = ChatKit::new(says_and_waits(Arc::default()), MemoryStore::new());
    let mut first = stream(&chatkit, create("long")).await;
    let thread_id = until_first_word(&mut first).await;
    for request in [
        serde_json::json!({"type": "threads.retry_after_item",
            "params": {"thread_id": thread_id, "item_id": "unknown"}}),
        serde_json::json!({"type": "threads.add_client_tool_output",
            "params": {"thread_id": thread_id, "result": 1}}),
    ] {
        assert_eq!(kinds(&events(&chatkit, request).await), ["error"]);
    }
    assert!(futures_util::poll!(Box::pin(next(&mut first))).is_pending(), "it still runs");
}
