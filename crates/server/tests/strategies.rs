//! A request for a thread whose turn is running: interrupt, reject, enqueue, roll back.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{sync::Arc, time::Duration};

use chatkit_protocol::{ItemId, ThreadId, ThreadItem, ThreadStreamEvent};
use chatkit_server::{ChatKit, EventStream, MemoryStore, MultitaskStrategy, RunOptions, Turn};
use common::{
    Server, SlowStore, add_message, brief, create, created, events, idle, json, kinds, next,
    stored, stream, until,
};
use futures_util::poll;
use serde_json::json as object;

/// Says `partial` and waits, unless the message says `short`: then it says `done`.
fn server() -> Server {
    Server::new(|turn: Turn<()>| -> EventStream<'static> {
        turn.stream(async move |turn, events| {
            if turn.input_text().contains("short") {
                return events.message(format!("done: {}", turn.input_text())).await;
            }
            let mut reply = events.stream_message().await?;
            reply.text("partial").await?;
            std::future::pending::<()>().await;
            reply.done().await
        })
    })
}

fn chatkit(strategy: MultitaskStrategy) -> ChatKit<Server> {
    let mut options = RunOptions::default();
    options.multitask_strategy = strategy;
    options.queue_limit = 2;
    let store = SlowStore { delay: Duration::from_millis(20), ..SlowStore::default() };
    ChatKit::builder(server(), Arc::new(store)).run_options(options).build()
}

/// A turn that has said its word.
async fn running(chatkit: &ChatKit<Server>) -> (ThreadId, chatkit_server::Subscription) {
    let mut frames = stream(chatkit, create("long")).await;
    let mut seen = Vec::new();
    while !format!("{seen:?}").contains("partial") {
        seen.extend(next(&mut frames).await.unwrap());
    }
    (created(&seen), frames)
}

fn stop(thread_id: &ThreadId) -> serde_json::Value {
    object!({"type": "threads.stop", "params": {"thread_id": thread_id}})
}

#[tokio::test(start_paused = true)]
async fn rejected_requests_are_told_why_and_the_turn_does_not_notice() {
    let chatkit = chatkit(MultitaskStrategy::Reject);
    let (thread_id, mut frames) = running(&chatkit).await;
    let retry = |item_id: &ItemId| {
        object!({"type": "threads.retry_after_item",
                 "params": {"thread_id": thread_id, "item_id": item_id}})
    };
    let first = stored(&**chatkit.store(), &thread_id).await.remove(0);
    for request in [add_message(&thread_id, "short"), retry(first.id())] {
        let refused = events(&chatkit, request).await;
        let [ThreadStreamEvent::Error(error)] = &refused[..] else { panic!("{refused:?}") };
        assert!(error.message.as_deref().unwrap().contains("a response is being written"));
        assert!(!error.allow_retry);
    }
    assert!(poll!(Box::pin(next(&mut frames))).is_pending(), "it still runs");
    assert_eq!(stored(&**chatkit.store(), &thread_id).await.len(), 1);
    json(&chatkit, stop(&thread_id)).await;
    let answered = events(&chatkit, add_message(&thread_id, "short")).await;
    assert_eq!(kinds(&answered).last(), Some(&"thread.item.done"));
}

#[tokio::test(start_paused = true)]
async fn queued_messages_are_answered_in_order_and_their_clients_are_told() {
    let chatkit = chatkit(MultitaskStrategy::Enqueue);
    let (thread_id, frames) = running(&chatkit).await;
    let mut queued = Vec::new();
    for n in 0..2 {
        let mut waits = stream(&chatkit, add_message(&thread_id, &format!("short {n}"))).await;
        let told = until(&mut waits, "progress_update").await;
        assert_eq!(kinds(&told), ["progress_update"]);
        queued.push(waits);
    }
    let refused = events(&chatkit, add_message(&thread_id, "short 2")).await;
    assert_eq!(kinds(&refused), ["error"], "the queue is full");

    // The clients of queued messages need not stay.
    drop(queued.remove(0));
    json(&chatkit, stop(&thread_id)).await;
    drop(frames);
    let answered = until(&mut queued[0], "stream_options").await;
    assert_eq!(kinds(&answered), ["progress_update", "thread.item.done", "stream_options"]);
    while next(&mut queued[0]).await.is_some() {}
    let items = stored(&**chatkit.store(), &thread_id).await;
    let items: Vec<_> =
        brief(&items).into_iter().map(|(kind, text)| format!("{kind} {text}")).collect();
    assert_eq!(items[0], "user_message long");
    assert_eq!(items[1], "assistant_message partial");
    assert!(items[2].starts_with("sdk_hidden_context The user stopped"), "{items:?}");
    assert_eq!(items[3], "user_message short 0");
    assert!(items[4].starts_with("sdk_hidden_context"), "its client had left: {items:?}");
    assert_eq!(items[5..], ["user_message short 1", "assistant_message done: short 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_takes_the_turn_and_its_message_back_and_tells_everybody() {
    let chatkit = chatkit(MultitaskStrategy::Rollback);
    let short = events(&chatkit, create("short before")).await;
    let thread_id = created(&short);
    let mut frames = stream(&chatkit, add_message(&thread_id, "long")).await;
    let mut seen = Vec::new();
    while !format!("{seen:?}").contains("partial") {
        seen.extend(next(&mut frames).await.unwrap());
    }
    let id_of = |event: &ThreadStreamEvent| match event {
        ThreadStreamEvent::ThreadItemAdded { item }
        | ThreadStreamEvent::ThreadItemDone { item } => Some(item.id().clone()),
        _ => None,
    };
    let mut shown: Vec<_> = seen.iter().filter_map(id_of).collect();
    shown.sort();

    let second = events(&chatkit, add_message(&thread_id, "short after")).await;
    let mut rest = Vec::new();
    while let Some(more) = next(&mut frames).await {
        rest.extend(more);
    }
    let removed = |events: &[ThreadStreamEvent]| {
        let ids = events.iter().filter_map(|event| match event {
            ThreadStreamEvent::ThreadItemRemoved { item_id } => Some(item_id.clone()),
            _ => None,
        });
        let mut ids: Vec<_> = ids.collect();
        ids.sort();
        ids
    };
    assert_eq!(removed(&rest), shown, "its own readers");
    assert_eq!(removed(&second), shown, "the client of the next message");
    assert_eq!(
        brief(&stored(&**chatkit.store(), &thread_id).await),
        [
            ("user_message", "short before".to_owned()),
            ("assistant_message", "done: short before".to_owned()),
            ("user_message", "short after".to_owned()),
            ("assistant_message", "done: short after".to_owned()),
        ],
    );
}

/// An action that adds to an older item, and stores a hidden one.
#[tokio::test(start_paused = true)]
async fn a_rollback_leaves_what_was_there_before() {
    struct Acts(Server);

    impl chatkit_server::ChatKitServer for Acts {
        type Context = ();

        fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
            self.0.respond(turn)
        }

        fn action(
            &self,
            turn: Turn<()>,
            _: chatkit_protocol::Action,
            _: Option<chatkit_protocol::WidgetItem>,
        ) -> EventStream<'_> {
            turn.stream(async move |turn, events| {
                let items = turn.recent_items(10).await?;
                let old = items.into_iter().find(|item| item.kind() == "assistant_message");
                events.item(old.unwrap()).await?;
                let hidden = object!({"type": "hidden_context_item", "id": "hidden",
                    "thread_id": turn.thread().id(), "created_at": "2026-01-01T00:00:00Z",
                    "content": "secret"});
                events.item(serde_json::from_value(hidden)?).await?;
                events.message("new").await?;
                std::future::pending::<()>().await;
                Ok(())
            })
        }
    }

    let mut options = RunOptions::default();
    options.multitask_strategy = MultitaskStrategy::Rollback;
    let store = Arc::new(MemoryStore::new());
    let chatkit = ChatKit::builder(Acts(server()), store).run_options(options).build();
    let thread_id = created(&events(&chatkit, create("short before")).await);
    let before = stored(&**chatkit.store(), &thread_id).await;
    let action = object!({"type": "threads.custom_action",
        "params": {"thread_id": thread_id, "action": {"type": "a"}}});
    let mut acting = stream(&chatkit, action).await;
    let mut seen = Vec::new();
    while !format!("{seen:?}").contains("\"new\"") {
        seen.extend(next(&mut acting).await.unwrap());
    }
    assert_eq!(stored(&**chatkit.store(), &thread_id).await.len(), before.len() + 2);

    let answered = events(&chatkit, add_message(&thread_id, "short after")).await;
    let removed = kinds(&answered).iter().filter(|kind| **kind == "thread.item.removed").count();
    assert_eq!(removed, 1, "the new message alone");
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(items[..before.len()], before[..]);
    let texts: Vec<_> = brief(&items[before.len()..]).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["short after", "done: short after"]);
}

/// A limit on the responder does not count what it waited for before it was asked.
#[tokio::test(start_paused = true)]
async fn a_message_that_waited_long_is_answered() {
    let mut options = RunOptions::default();
    options.multitask_strategy = MultitaskStrategy::Enqueue;
    options.first_event_timeout = Duration::from_secs(10);
    options.gap_timeout = Duration::ZERO;
    let store = Arc::new(MemoryStore::new());
    let chatkit = ChatKit::builder(server(), store).run_options(options).build();
    let (thread_id, _frames) = running(&chatkit).await;
    let mut waits = stream(&chatkit, add_message(&thread_id, "short")).await;
    until(&mut waits, "progress_update").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    json(&chatkit, stop(&thread_id)).await;
    let mut answered = until(&mut waits, "stream_options").await;
    while let Some(more) = next(&mut waits).await {
        answered.extend(more);
    }
    assert_eq!(kinds(&answered).last(), Some(&"thread.item.done"));
}

#[tokio::test(start_paused = true)]
async fn only_a_message_rolls_back() {
    let chatkit = chatkit(MultitaskStrategy::Rollback);
    let (thread_id, frames) = running(&chatkit).await;
    let message = stored(&**chatkit.store(), &thread_id).await.remove(0);
    let retry = object!({"type": "threads.retry_after_item",
        "params": {"thread_id": thread_id, "item_id": message.id()}});
    let mut again = stream(&chatkit, retry).await;
    let seen = until(&mut again, "thread.item.added").await;
    assert_eq!(kinds(&seen)[0], "stream_options");
    drop((frames, again));
    idle(&chatkit).await;
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(items[0], message);
    assert!(matches!(items[1], ThreadItem::AssistantMessage(_)));
}

#[tokio::test(start_paused = true)]
async fn the_strategy_may_depend_on_the_request() {
    struct Chooses(Server);

    impl chatkit_server::ChatKitServer for Chooses {
        type Context = ();

        fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
            self.0.respond(turn)
        }

        fn run_options(
            &self,
            request: &chatkit_protocol::RequestBody,
            (): &(),
            mut options: RunOptions,
        ) -> RunOptions {
            if format!("{request:?}").contains("urgent") {
                options.multitask_strategy = MultitaskStrategy::Interrupt;
            }
            options
        }
    }

    let mut options = RunOptions::default();
    options.multitask_strategy = MultitaskStrategy::Reject;
    let store = Arc::new(MemoryStore::new());
    let chatkit = ChatKit::builder(Chooses(server()), store).run_options(options).build();
    let mut frames = stream(&chatkit, create("long")).await;
    let thread_id = created(&until(&mut frames, "thread.item.added").await);
    assert_eq!(kinds(&events(&chatkit, add_message(&thread_id, "short")).await), ["error"]);
    let answered = events(&chatkit, add_message(&thread_id, "short and urgent")).await;
    assert_eq!(kinds(&answered).last(), Some(&"thread.item.done"));
}
