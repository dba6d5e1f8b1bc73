//! What a responder sends, in order, and what is stored of it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use chatkit_protocol::{ThreadStreamEvent, WidgetRoot};
use chatkit_server::{ChatKit, EventStream, IdKind, MemoryStore, RespondError, Turn};
use common::{Server, brief, create, created, events, kinds, stored};
use futures_util::stream;
use serde_json::json;

async fn run(server: Server) -> (ChatKit<Server>, Vec<ThreadStreamEvent>) {
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let events = events(&chatkit, create("hi")).await;
    (chatkit, events)
}

/// What comes after the user message and the stream options.
fn answer(events: &[ThreadStreamEvent]) -> Vec<&'static str> {
    let kinds = kinds(events);
    assert_eq!(kinds[..3], ["thread.created", "thread.item.done", "stream_options"]);
    kinds[3..].to_vec()
}

#[tokio::test]
async fn any_stream_of_events_is_a_response() {
    let server = Server::new(|_| {
        EventStream::new(stream::iter([
            Ok::<_, RespondError>(ThreadStreamEvent::progress(None, "…")),
            Ok(ThreadStreamEvent::progress(None, "")),
        ]))
    });
    let (_, events) = run(server).await;
    assert_eq!(answer(&events), ["progress_update", "progress_update"]);
}

#[tokio::test]
async fn a_streamed_message_is_stored_when_it_is_done() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text("one").await?;
            reply.new_part().await?;
            reply.text(" two").await?;
            reply.done().await
        })
    });
    let (chatkit, events) = run(server).await;
    let updates = ["thread.item.updated"; 6];
    let expected = [&["thread.item.added"][..], &updates, &["thread.item.done"]].concat();
    assert_eq!(answer(&events), expected);
    let items = stored(&**chatkit.store(), &created(&events)).await;
    assert_eq!(brief(&items)[1], ("assistant_message", "one two".to_owned()));
}

#[tokio::test]
async fn a_change_of_the_thread_keeps_its_place_among_the_events() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |_, events| {
            events.progress("clock", "before").await?;
            events.update_thread(|thread| thread.title = Some("Title".to_owned())).await?;
            events.progress("clock", "after").await
        })
    });
    let (chatkit, events) = run(server).await;
    assert_eq!(answer(&events), ["progress_update", "thread.updated", "progress_update"]);
    let owner = chatkit_server::Owner::default();
    let thread = chatkit.store().load_thread(&owner, &created(&events)).await.unwrap();
    assert_eq!(thread.title.as_deref(), Some("Title"));
}

#[tokio::test]
async fn a_change_of_the_thread_that_panics_fails_the_response_and_nothing_else() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |_, events| {
            let mut reply = events.stream_message().await?;
            reply.text("shown").await?;
            events.update_thread(|_| panic!("oh no")).await?;
            std::future::pending().await
        })
    });
    let (chatkit, events) = run(server).await;
    assert_eq!(kinds(&events).last(), Some(&"error"));
    let items = stored(&**chatkit.store(), &created(&events)).await;
    assert_eq!(brief(&items)[1], ("assistant_message", "shown".to_owned()));
}

#[tokio::test]
async fn only_the_differences_of_a_widget_are_sent() {
    let card = |text: &str| {
        WidgetRoot::new(json!({"type": "Card", "children": [
            {"type": "Text", "id": "t", "value": text, "streaming": true}]}))
    };
    let server = Server::new(move |turn: Turn<()>| {
        turn.stream(async move |_, events| {
            let mut widget = events.stream_widget(card("He")?).await?;
            widget.update(card("Hello")?).await?;
            widget.update(card("Hello")?).await?;
            widget.done().await
        })
    });
    let (_, events) = run(server).await;
    assert_eq!(answer(&events), ["thread.item.added", "thread.item.updated", "thread.item.done"]);
}

#[tokio::test]
async fn an_emitter_may_go_to_another_task() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |_, events| {
            let elsewhere = events.clone();
            let work = tokio::spawn(async move { elsewhere.message("from a task").await });
            work.await?
        })
    });
    let (chatkit, events) = run(server).await;
    let items = stored(&**chatkit.store(), &created(&events)).await;
    assert_eq!(brief(&items)[1], ("assistant_message", "from a task".to_owned()));
}

#[tokio::test]
async fn a_responder_reads_the_thread_with_its_new_message() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |turn, events| {
            assert!(turn.new_item_id(IdKind::Message).starts_with("msg_"));
            let items = turn.recent_items(10).await?;
            events.message(format!("{} item, {:?}", items.len(), turn.input_text())).await
        })
    });
    let (chatkit, events) = run(server).await;
    let items = stored(&**chatkit.store(), &created(&events)).await;
    assert_eq!(brief(&items)[1].1, "1 item, \"hi\"");
}

#[tokio::test]
async fn a_response_goes_on_without_its_emitter() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |_, events| {
            tokio::spawn(async move { events.message("from a task").await }).await??;
            tokio::task::yield_now().await;
            Err(RespondError::custom("the end"))
        })
    });
    let (_, events) = run(server).await;
    assert_eq!(answer(&events), ["thread.item.done", "error"]);
}

#[tokio::test]
async fn a_reader_that_keeps_up_gets_events_of_any_size() {
    let server = Server::new(|turn: Turn<()>| {
        turn.stream(async |_, events| events.message("x".repeat(9 << 20)).await)
    });
    let (_, events) = run(server).await;
    assert_eq!(answer(&events), ["thread.item.done"]);
}
