//! Readers that come and go: joining a turn that is running, stopping it, and what it means when
//! nobody reads.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{sync::Arc, time::Duration};

use chatkit_protocol::{ErrorCode, StreamOptions, ThreadId, ThreadStreamEvent};
use chatkit_server::{
    ChatKit, ChatKitServer, ClientInfo, EventStream, MemoryStore, RunOptions, Subscription, Turn,
};
use common::{
    brief, create, created, idle, json, kinds, next_frames, request_from, stored, stream, until,
};
use serde_json::{Value, json as object};
use tokio::sync::Notify;

/// Says a word each time it is told to, and is done after the third.
struct Teller {
    go: Arc<Notify>,
    allow_cancel: bool,
}

impl ChatKitServer for Teller {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        let go = Arc::clone(&self.go);
        turn.stream(async move |_, events| {
            let mut reply = events.stream_message().await?;
            for word in ["one ", "two ", "three"] {
                go.notified().await;
                reply.text(word).await?;
            }
            reply.done().await
        })
    }

    fn stream_options(&self, _: &chatkit_protocol::ThreadMetadata, (): &()) -> StreamOptions {
        StreamOptions { allow_cancel: self.allow_cancel }
    }
}

fn teller(allow_cancel: bool) -> (ChatKit<Teller>, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let server = Teller { go: Arc::clone(&go), allow_cancel };
    let mut options = RunOptions::default();
    options.linger = Duration::from_secs(30);
    let store = Arc::new(MemoryStore::new());
    (ChatKit::builder(server, store).run_options(options).build(), go)
}

fn attach(thread_id: &ThreadId, after: Option<&str>) -> Value {
    object!({"type": "threads.attach", "params": {"thread_id": thread_id, "after": after}})
}

fn stop(thread_id: &ThreadId) -> Value {
    object!({"type": "threads.stop", "params": {"thread_id": thread_id}})
}

fn resumable() -> ClientInfo {
    let mut client = ClientInfo::default();
    client.resumable = true;
    client
}

/// The thread of a turn whose message is shown, without a word.
async fn begun(frames: &mut Subscription) -> ThreadId {
    created(&until(frames, "thread.item.updated").await)
}

/// Reads the frames that are ready once a word was said.
async fn word(frames: &mut Subscription, go: &Notify) -> (String, Vec<ThreadStreamEvent>) {
    go.notify_one();
    let frames = next_frames(frames).await.unwrap();
    let id = frames.last().unwrap().0.clone();
    (id, frames.into_iter().map(|(_, event)| event).collect())
}

fn delta(event: &ThreadStreamEvent) -> String {
    let event = serde_json::to_value(event).unwrap();
    event["update"]["delta"].as_str().unwrap_or_default().to_owned()
}

async fn rest(mut frames: Subscription) -> Vec<ThreadStreamEvent> {
    let mut events = Vec::new();
    while let Some(frames) = next_frames(&mut frames).await {
        events.extend(frames.into_iter().map(|(_, event)| event));
    }
    events
}

#[tokio::test(start_paused = true)]
async fn a_second_reader_sees_what_there_was_and_what_comes() {
    let (chatkit, go) = teller(true);
    let mut first = stream(&chatkit, create("hi")).await;
    let thread_id = begun(&mut first).await;
    word(&mut first, &go).await;
    let mut second = stream(&chatkit, attach(&thread_id, None)).await;
    let before = until(&mut second, "thread.item.updated").await;
    assert_eq!(created(&before), thread_id);
    for told in ["two ", "three"] {
        let (id, events) = word(&mut first, &go).await;
        assert_eq!(delta(&events[0]), told);
        let frames = next_frames(&mut second).await.unwrap();
        let at = frames.iter().position(|(frame, _)| *frame == id).expect("the same frame");
        assert_eq!(frames[at].1, *events.last().unwrap());
    }
    let (first, second) = (rest(first).await, rest(second).await);
    assert_eq!(first, second);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_resumes_gets_what_it_missed_and_nothing_twice() {
    let (chatkit, go) = teller(true);
    let mut frames = request_from(&chatkit, resumable(), create("hi")).await;
    let thread_id = begun(&mut frames).await;
    let (last, _) = word(&mut frames, &go).await;
    drop(frames);
    go.notify_one();
    tokio::time::sleep(Duration::from_secs(1)).await;

    let by_header = {
        let mut client = resumable();
        client.last_event_id = Some(last.clone());
        client
    };
    let mut resumed = request_from(&chatkit, by_header, attach(&thread_id, None)).await;
    let mut again = stream(&chatkit, attach(&thread_id, Some(&last))).await;
    for frames in [&mut resumed, &mut again] {
        let missed = next_frames(frames).await.unwrap();
        assert_eq!(missed.len(), 1);
        assert_eq!(delta(&missed[0].1), "two ");
    }
    go.notify_one();
    let (resumed, again) = (rest(resumed).await, rest(again).await);
    assert_eq!(kinds(&resumed).last(), Some(&"thread.item.done"));
    assert_eq!(resumed, again);
    assert_eq!(
        brief(&stored(&**chatkit.store(), &thread_id).await),
        [("user_message", "hi".to_owned()), ("assistant_message", "one two three".to_owned())],
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_over_or_unknown_is_told_so() {
    let (chatkit, go) = teller(true);
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = begun(&mut frames).await;
    let other_run = "000000000000.3";
    let not_running = |events: &[ThreadStreamEvent]| match events {
        [ThreadStreamEvent::Error(error)] => {
            assert_eq!(error.code, ErrorCode::NOT_RUNNING);
            assert!(!error.allow_retry);
        }
        other => panic!("expected an error, found {other:?}"),
    };
    not_running(&rest(stream(&chatkit, attach(&thread_id, Some(other_run))).await).await);
    for _ in 0..3 {
        word(&mut frames, &go).await;
    }
    drop(frames);
    idle(&chatkit).await;
    not_running(&rest(stream(&chatkit, attach(&thread_id, None)).await).await);

    for (after, thread_id) in [("nonsense", thread_id), (other_run, "thr_unknown".into())] {
        let refused = rest(stream(&chatkit, attach(&thread_id, Some(after))).await).await;
        let [ThreadStreamEvent::Error(error)] = &refused[..] else { panic!("{refused:?}") };
        assert_eq!(error.code, ErrorCode::CUSTOM);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_turn_for_all_readers_and_is_answered_after_its_end() {
    let (chatkit, go) = teller(true);
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = begun(&mut frames).await;
    word(&mut frames, &go).await;
    let other = stream(&chatkit, attach(&thread_id, None)).await;
    assert_eq!(json(&chatkit, stop(&thread_id)).await, (200, object!({"stopped": true})));
    let items = stored(&**chatkit.store(), &thread_id).await;
    assert_eq!(
        brief(&items),
        [
            ("user_message", "hi".to_owned()),
            ("assistant_message", "one ".to_owned()),
            (
                "sdk_hidden_context",
                "The user stopped the response. Stop responding to the prior request.".to_owned()
            ),
        ],
    );
    for frames in [frames, other] {
        let last = rest(frames).await.pop().unwrap();
        assert_eq!(last, ThreadStreamEvent::done(items[1].clone()));
    }
    assert_eq!(json(&chatkit, stop(&thread_id)).await, (200, object!({"stopped": false})));
    assert_eq!(json(&chatkit, stop(&"thr_unknown".into())).await.0, 404);
    idle(&chatkit).await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_may_not_be_cancelled_goes_on_alone_and_is_not_stopped() {
    let (chatkit, go) = teller(false);
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = begun(&mut frames).await;
    assert_eq!(json(&chatkit, stop(&thread_id)).await.0, 409);
    drop(frames);
    for _ in 0..3 {
        go.notify_one();
        tokio::time::sleep(Duration::from_secs(100)).await;
    }
    idle(&chatkit).await;
    assert_eq!(
        brief(&stored(&**chatkit.store(), &thread_id).await),
        [("user_message", "hi".to_owned()), ("assistant_message", "one two three".to_owned())],
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_can_be_resumed_lingers_for_its_time_and_no_longer() {
    let (chatkit, go) = teller(true);
    let mut frames = request_from(&chatkit, resumable(), create("hi")).await;
    let thread_id = begun(&mut frames).await;
    drop(frames);
    tokio::time::sleep(Duration::from_secs(29)).await;
    let mut back = stream(&chatkit, attach(&thread_id, None)).await;
    begun(&mut back).await;
    word(&mut back, &go).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(chatkit.active(), 1, "somebody reads");
    // Whoever attached can do so again.
    drop(back);
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(chatkit.active(), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(chatkit.active(), 0);
    let items = stored(&**chatkit.store(), &thread_id).await;
    let kinds: Vec<_> = items.iter().map(chatkit_protocol::ThreadItem::kind).collect();
    assert_eq!(kinds, ["user_message", "assistant_message", "sdk_hidden_context"]);
}

#[tokio::test(start_paused = true)]
async fn the_thread_shows_what_is_in_the_making_in_every_page() {
    let (chatkit, go) = teller(true);
    let mut frames = stream(&chatkit, create("hi")).await;
    let thread_id = begun(&mut frames).await;
    word(&mut frames, &go).await;
    let get = object!({"type": "threads.get_by_id", "params": {"thread_id": thread_id}});
    let (_, thread) = json(&chatkit, get).await;
    let items = thread["items"]["data"].as_array().unwrap();
    assert_eq!(items[1]["content"][0]["text"], "one ");
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    for (order, expected) in [("asc", [ids[0], ids[1]]), ("desc", [ids[1], ids[0]])] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let list = object!({"type": "items.list", "params": {
                "thread_id": thread_id, "limit": 1, "order": order, "after": seen.last()}});
            let (_, page) = json(&chatkit, list).await;
            seen.push(page["data"][0]["id"].as_str().unwrap().to_owned());
            if page["has_more"] == false {
                break;
            }
        }
        assert_eq!(seen, expected, "{order}");
    }
    assert_eq!(stored(&**chatkit.store(), &thread_id).await.len(), 1, "only shown");
}
