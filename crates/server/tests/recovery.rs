//! What a crash leaves, and what the next start makes of it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chatkit_protocol::{ItemId, ThreadItem};
use chatkit_server::{ChatKit, EventStream, Owner, Store, Turn};
use common::{Server, SlowStore, brief, create, created, events, idle, stored, stream, until};

const CRASHED: &str = "The response was cut short because the server stopped unexpectedly.";

/// Says a word every 100 ms, so many, and completes the message or forgets to.
fn says(words: usize) -> Server {
    Server::new(move |turn: Turn<()>| -> EventStream<'static> {
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            for _ in 0..words {
                tokio::time::sleep(Duration::from_millis(100)).await;
                reply.text("word ").await?;
            }
            reply.done().await
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_turn_notes_what_it_has_shown_about_once_a_second_and_forgets_it_at_its_end() {
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(says(30), Arc::<SlowStore>::clone(&store)).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = created(&until(&mut frames, "thread.item.added").await);
    let mut least = 0;
    for tenths in 0..30 {
        let said = tenths;
        let noted = store.checkpoint(&thread_id).map_or(0, |noted| {
            let text = brief(&noted.pending_items)[0].1.clone();
            text.matches("word").count()
        });
        assert!(noted + 10 >= said, "{noted} words noted of {said}");
        least = noted.max(least);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(least > 20);
    while common::next(&mut frames).await.is_some() {}
    idle(&chatkit).await;
    assert_eq!(store.checkpoint(&thread_id), None);
    let writes = store.noted.load(Ordering::SeqCst);
    assert!((3..=6).contains(&writes), "{writes} checkpoints in three seconds");
}

#[tokio::test(start_paused = true)]
async fn a_short_turn_and_a_silent_one_write_little() {
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(says(3), Arc::<SlowStore>::clone(&store)).build();
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    assert_eq!(store.noted.load(Ordering::SeqCst), 0);

    let silent = Server::new(|turn: Turn<()>| {
        turn.stream(async move |_, _| {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        })
    });
    let chatkit = ChatKit::builder(silent, Arc::<SlowStore>::clone(&store)).build();
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    assert_eq!(store.noted.load(Ordering::SeqCst), 1);
    assert!(store.load_checkpoints(1).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_next_start_keeps_what_was_noted_and_leaves_a_note_once() {
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(says(1000), Arc::<SlowStore>::clone(&store)).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = created(&until(&mut frames, "thread.item.added").await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let noted = store.checkpoint(&thread_id).unwrap();

    // A store as a crash would leave it: the run above is never heard of again.
    let after = store.as_it_is();
    let chatkit = ChatKit::builder(says(1), Arc::<SlowStore>::clone(&after)).build();
    assert_eq!(chatkit.recover().await.unwrap(), 1);
    assert_eq!(chatkit.recover().await.unwrap(), 0);
    let items = stored(&*after, &thread_id).await;
    assert_eq!(items[1], noted.pending_items[0]);
    let texts: Vec<_> = brief(&items).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(texts, ["user_message", "assistant_message", "sdk_hidden_context"]);
    assert_eq!(brief(&items)[2].1, CRASHED);
    let more = events(&chatkit, common::add_message(&thread_id, "more")).await;
    assert_eq!(more.last().unwrap().kind(), "thread.item.done");
}

#[tokio::test(start_paused = true)]
async fn what_was_done_after_the_checkpoint_is_not_undone() {
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(says(9), Arc::<SlowStore>::clone(&store)).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = created(&until(&mut frames, "thread.item.added").await);
    tokio::time::sleep(Duration::from_millis(800)).await;
    let noted = store.checkpoint(&thread_id).unwrap();
    while common::next(&mut frames).await.is_some() {}
    idle(&chatkit).await;
    let before = stored(&*store, &thread_id).await;

    // As if the process had ended just before the checkpoint was forgotten.
    store.save_checkpoint(&Owner::default(), &noted).await.unwrap();
    assert_eq!(chatkit.recover().await.unwrap(), 0, "a turn that runs is not closed");
    let chatkit = ChatKit::builder(says(1), Arc::<SlowStore>::clone(&store)).build();
    assert_eq!(chatkit.recover().await.unwrap(), 1);
    let after = stored(&*store, &thread_id).await;
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(brief(&after[before.len()..]), [("sdk_hidden_context", CRASHED.to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_was_removed_does_not_come_back() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text("guarded").await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let item_id: ItemId = reply.id().clone();
            let removed = chatkit_protocol::ThreadStreamEvent::ThreadItemRemoved { item_id };
            events.send(removed).await?;
            std::future::pending::<()>().await;
            Ok(())
        })
    });
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(server, Arc::<SlowStore>::clone(&store)).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = created(&until(&mut frames, "thread.item.added").await);
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(store.checkpoint(&thread_id).unwrap().pending_items.len(), 1);
    until(&mut frames, "thread.item.removed").await;
    let after = store.as_it_is();
    ChatKit::builder(says(1), Arc::<SlowStore>::clone(&after)).build().recover().await.unwrap();
    let items = stored(&*after, &thread_id).await;
    assert!(!items.iter().any(|item| matches!(item, ThreadItem::AssistantMessage(_))), "{items:?}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_two_messages_is_noted_before_the_first_turn() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async move |_, events| {
            events.message("Let me look that up.").await?;
            std::future::pending::<()>().await;
            Ok(())
        })
    });
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(server, Arc::<SlowStore>::clone(&store)).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = created(&until(&mut frames, "stream_options").await);
    tokio::time::sleep(Duration::from_secs(2)).await;

    // Nobody asks for it, and yet it is done in time.
    let after = store.as_it_is();
    let chatkit = ChatKit::builder(says(1), Arc::<SlowStore>::clone(&after)).build();
    events(&chatkit, common::add_message(&thread_id, "more")).await;
    let items = stored(&*after, &thread_id).await;
    let items = brief(&items);
    assert_eq!(items[1].1, "Let me look that up.");
    assert_eq!(items[2], ("sdk_hidden_context", CRASHED.to_owned()));
    assert_eq!(items[3].1, "more");
}

/// A responder that computes and never waits is no reason to note nothing.
#[tokio::test]
async fn a_responder_that_is_always_ready_is_noted_too() {
    let server = Server::new(|turn: Turn<()>| {
        let item = turn.new_item_id(chatkit_server::IdKind::Message);
        let message = serde_json::json!({"type": "assistant_message", "id": item,
            "thread_id": turn.thread().id(), "created_at": "2026-01-01T00:00:00Z", "content": []});
        let added =
            chatkit_protocol::ThreadStreamEvent::added(serde_json::from_value(message).unwrap());
        let words = std::iter::repeat_with(move || {
            std::thread::sleep(Duration::from_millis(10));
            let update = serde_json::json!({"content_index": 0, "delta": "word ",
                "type": "assistant_message.content_part.text_delta"});
            let update = serde_json::from_value(update).unwrap();
            chatkit_protocol::ThreadStreamEvent::updated(item.clone(), update)
        });
        EventStream::of(std::iter::once(added).chain(words))
    });
    let store = SlowStore::noting();
    let chatkit = ChatKit::builder(server, Arc::<SlowStore>::clone(&store)).build();
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = created(&until(&mut frames, "stream_options").await);
    while store.checkpoint(&thread_id).is_none() {
        common::next(&mut frames).await.unwrap();
    }
    drop(frames);
    idle(&chatkit).await;
}
