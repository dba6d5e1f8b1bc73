//! What an observer is told.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chatkit_protocol::{Op, RequestBody};
use chatkit_server::{
    ChatKit, ChatKitServer, EndReason, EventStream, Gaps, MemoryStore, ObservedStore, Observer,
    RunId, RunOptions, StoreOutcome, StreamStats, Turn,
};
use common::{Server, SlowStore, add_message, create, events, idle, json, next, stream, until};
use futures_util::FutureExt as _;
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Started(Op),
    Ended(Op, EndReason),
    Joined,
    Left,
    Answered(Option<Op>, u16),
}

#[derive(Default)]
struct Log {
    told: Mutex<Vec<Told>>,
    stats: Mutex<Vec<StreamStats>>,
    calls: Mutex<Vec<(&'static str, StoreOutcome)>>,
}

impl Log {
    fn note(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

impl Observer for Log {
    fn run_started(&self, op: Op) {
        self.note(Told::Started(op));
    }

    fn run_ended(&self, stats: &StreamStats) {
        self.note(Told::Ended(stats.op, stats.end));
        self.stats.lock().unwrap().push(stats.clone());
    }

    fn reader_joined(&self, _: RunId) {
        self.note(Told::Joined);
    }

    fn reader_left(&self, _: RunId) {
        self.note(Told::Left);
    }

    fn op_answered(&self, op: Option<Op>, status: u16, _: Duration) {
        self.note(Told::Answered(op, status));
    }

    fn store_called(&self, operation: &'static str, outcome: StoreOutcome, _: Duration) {
        self.calls.lock().unwrap().push((operation, outcome));
    }
}

fn observed(
    respond: impl Fn(Turn<()>) -> EventStream<'static> + Send + Sync + 'static,
) -> (ChatKit<Server>, Arc<Log>) {
    let log = Arc::new(Log::default());
    let chatkit = ChatKit::builder(Server::new(respond), Arc::new(MemoryStore::new()));
    (chatkit.observer(log.clone()).build(), log)
}

fn hello(turn: Turn<()>) -> EventStream<'static> {
    turn.stream(async |_, events| events.message("hello").await)
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_told_from_its_beginning_to_its_end() {
    let (chatkit, log) = observed(hello);
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    let mut told = log.take();
    // The reader and the run end side by side.
    let left = told.iter().position(|told| *told == Told::Left).unwrap();
    told.remove(left);
    let op = Op::ThreadsCreate;
    assert_eq!(
        told,
        [
            Told::Joined,
            Told::Started(op),
            Told::Answered(Some(op), 200),
            Told::Ended(op, EndReason::Completed)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_told_with_its_status() {
    let (chatkit, log) = observed(hello);
    let unknown = json!({"type": "threads.dance", "params": {}});
    assert_eq!(json(&chatkit, unknown).await.0, 400);
    let missing = json!({"type": "threads.get_by_id", "params": {"thread_id": "none"}});
    assert_eq!(json(&chatkit, missing).await.0, 404);
    let list = json!({"type": "threads.list", "params": {}});
    assert_eq!(json(&chatkit, list).await.0, 200);
    // Refused before there is a run: nobody joins one.
    events(&chatkit, json!({"type": "threads.create", "params": {}})).await;
    let attach = json!({"type": "threads.attach", "params": {"thread_id": "none"}});
    events(&chatkit, attach).await;
    assert_eq!(
        log.take(),
        [
            Told::Answered(None, 400),
            Told::Answered(Some(Op::ThreadsGetById), 404),
            Told::Answered(Some(Op::ThreadsList), 200),
            Told::Answered(Some(Op::ThreadsCreate), 422),
            Told::Answered(Some(Op::ThreadsAttach), 404),
        ]
    );
    // Refused by the run itself.
    events(&chatkit, add_message("none", "hi")).await;
    idle(&chatkit).await;
    let told = log.take();
    let op = Op::ThreadsAddUserMessage;
    assert!(told.contains(&Told::Answered(Some(op), 404)), "{told:?}");
    assert!(told.contains(&Told::Ended(op, EndReason::Refused)), "{told:?}");
}

/// What the store could not do was no fault of the request.
#[tokio::test(start_paused = true)]
async fn a_request_that_the_store_fails_is_not_refused() {
    let log = Arc::new(Log::default());
    let store = Arc::new(SlowStore::default());
    let chatkit = ChatKit::builder(Server::new(hello), store.clone());
    let chatkit = chatkit.observer(log.clone()).build();
    store.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    let told = log.take();
    let op = Op::ThreadsCreate;
    assert!(told.contains(&Told::Answered(Some(op), 500)), "{told:?}");
    assert!(told.contains(&Told::Ended(op, EndReason::Failed)), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn readers_come_and_go() {
    let (chatkit, log) = observed(|turn| {
        turn.stream(async |_, events| {
            events.message("one").await?;
            std::future::pending().await
        })
    });
    let mut first = stream(&chatkit, create("hi")).await;
    let seen = until(&mut first, "stream_options").await;
    let thread = common::created(&seen);
    let attach = json!({"type": "threads.attach", "params": {"thread_id": thread}});
    let mut second = stream(&chatkit, attach).await;
    next(&mut second).await.unwrap();
    let count =
        |wanted: Told| log.told.lock().unwrap().iter().filter(|told| **told == wanted).count();
    assert_eq!((count(Told::Joined), count(Told::Left)), (2, 0));
    drop(second);
    assert_eq!((count(Told::Joined), count(Told::Left)), (2, 1));
    drop(first);
    assert_eq!((count(Told::Joined), count(Told::Left)), (2, 2));
}

/// What ends in a panic has ended all the same.
#[tokio::test(start_paused = true)]
async fn a_run_that_panics_has_failed() {
    struct Panics;
    impl ChatKitServer for Panics {
        type Context = ();

        fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
            hello(turn)
        }

        fn run_options(&self, _: &RequestBody, (): &(), _: RunOptions) -> RunOptions {
            panic!("no options")
        }
    }
    let log = Arc::new(Log::default());
    let chatkit = ChatKit::builder(Panics, Arc::new(MemoryStore::new()));
    let chatkit = chatkit.observer(log.clone()).build();
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    let told = log.take();
    let op = Op::ThreadsCreate;
    assert!(told.contains(&Told::Started(op)), "{told:?}");
    assert!(told.contains(&Told::Answered(Some(op), 500)), "{told:?}");
    assert!(told.contains(&Told::Ended(op, EndReason::Failed)), "{told:?}");
}

/// An op runs to its end without whoever has asked, and is told all the same.
#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_told() {
    let log = Arc::new(Log::default());
    let chatkit = ChatKit::builder(Server::new(hello), Arc::new(MemoryStore::new()));
    let chatkit = chatkit.observer(log.clone()).build();
    let missing = json!({"type": "threads.get_by_id", "params": {"thread_id": "none"}}).to_string();
    let asked = chatkit.process(missing.as_bytes(), ());
    assert!(asked.now_or_never().is_none(), "it is answered by a task of its own");
    idle(&chatkit).await;
    assert_eq!(log.take(), [Told::Answered(Some(Op::ThreadsGetById), 404)]);
}

#[tokio::test(start_paused = true)]
async fn gaps_are_the_silences_between_events() {
    let (chatkit, log) = observed(|turn| {
        turn.stream(async |_, events| {
            tokio::time::sleep(Duration::from_secs(7)).await;
            let mut reply = events.stream_message().await?;
            for pause in [20, 20, 400] {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                reply.text("word").await?;
            }
            reply.done().await
        })
    });
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    let stats = log.stats.lock().unwrap();
    let [stats] = &stats[..] else { panic!("{stats:?}") };
    // The paused clock counts in whole milliseconds, rounded up.
    let count = |from: u64, to: u64| -> u32 {
        let bounds = Gaps::bounds().map(|bound| bound.as_millis()).chain([u128::MAX]);
        let counts = bounds.zip(stats.gaps.counts());
        counts
            .filter(|(bound, _)| (u128::from(from)..=u128::from(to)).contains(bound))
            .map(|(_, count)| count)
            .sum()
    };
    assert_eq!(count(25, 25), 2, "{:?}", stats.gaps);
    assert_eq!(count(500, 500), 1, "{:?}", stats.gaps);
    assert_eq!(count(1_000, u64::MAX), 0, "the time before the first event is none");
    let total: u32 = stats.gaps.counts().iter().sum();
    assert_eq!(
        u64::from(total) + 1,
        stats.events - 3,
        "thread, message and options are not its own"
    );
    let sum = stats.gaps.sum();
    assert!((440..450).contains(&sum.as_millis()), "{sum:?}");
    assert!(stats.longest_gap >= Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_store_are_told_with_their_outcome() {
    let log = Arc::new(Log::default());
    let slow = Arc::new(SlowStore::default());
    let store = Arc::new(ObservedStore::new(slow.clone(), log.clone()));
    let chatkit = ChatKit::builder(Server::new(hello), store).build();
    let missing = json!({"type": "threads.get_by_id", "params": {"thread_id": "none"}});
    json(&chatkit, missing.clone()).await;
    json(&chatkit, json!({"type": "threads.list", "params": {}})).await;
    slow.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    json(&chatkit, missing).await;
    assert_eq!(
        *log.calls.lock().unwrap(),
        [
            ("load_thread", StoreOutcome::NotFound),
            ("load_threads", StoreOutcome::Ok),
            ("load_thread", StoreOutcome::Error),
        ]
    );
}
