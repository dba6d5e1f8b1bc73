//! Turns that stall, block, end too soon or do not end: what limits them, and what is told of
//! them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chatkit_protocol::{ThreadItem, ThreadStreamEvent};
use chatkit_server::{
    CancelReason, CancelledTurn, ChatKit, ChatKitServer, EndReason, EventStream, MemoryStore,
    RespondError, RunOptions, StoreResult, StreamStats, Turn,
};
use common::{Server, brief, create, created, events, idle, kinds, next, stored, stream, until};
use futures_util::stream as streams;

/// A server whose `respond` is a closure, and that remembers how turns ended.
struct Watched {
    server: Server,
    stats: Arc<Mutex<Vec<StreamStats>>>,
    reasons: Arc<Mutex<Vec<CancelReason>>>,
}

impl ChatKitServer for Watched {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        self.server.respond(turn)
    }

    fn stream_ended(&self, stats: &StreamStats, (): &()) {
        self.stats.lock().unwrap().push(stats.clone());
    }

    async fn handle_stream_cancelled(&self, cancelled: CancelledTurn<()>) -> StoreResult<()> {
        self.reasons.lock().unwrap().push(cancelled.reason());
        cancelled.keep_partial_items().await?;
        cancelled.add_note().await
    }
}

type Seen<T> = Arc<Mutex<Vec<T>>>;

fn watched(
    options: RunOptions,
    respond: impl Fn(Turn<()>) -> EventStream<'static> + Send + Sync + 'static,
) -> (ChatKit<Watched>, Seen<StreamStats>, Seen<CancelReason>) {
    let (stats, reasons) = (Seen::default(), Seen::default());
    let server = Watched {
        server: Server::new(respond),
        stats: Arc::clone(&stats),
        reasons: Arc::clone(&reasons),
    };
    let store = Arc::new(MemoryStore::new());
    (ChatKit::builder(server, store).run_options(options).build(), stats, reasons)
}

fn limits(first: u64, gap: u64, turn: u64) -> RunOptions {
    let mut options = RunOptions::default();
    options.first_event_timeout = Duration::from_secs(first);
    options.gap_timeout = Duration::from_secs(gap);
    options.turn_timeout = Duration::from_secs(turn);
    options
}

/// Waits before its first word, between words, and says so many.
fn words(first: u64, gap: u64, count: usize) -> impl Fn(Turn<()>) -> EventStream<'static> {
    move |turn| {
        turn.stream(async move |_, events| {
            tokio::time::sleep(Duration::from_secs(first)).await;
            let mut reply = events.stream_message().await?;
            for _ in 0..count {
                tokio::time::sleep(Duration::from_secs(gap)).await;
                reply.text("word ").await?;
            }
            reply.done().await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_beyond_its_limits_ends_with_an_error_that_can_be_retried() {
    for (options, respond, reason, kept) in [
        (limits(10, 60, 600), words(11, 0, 1), CancelReason::Stalled, ""),
        (limits(10, 5, 600), words(9, 6, 9), CancelReason::Stalled, ""),
        (limits(100, 5, 600), words(0, 6, 9), CancelReason::Stalled, ""),
        (limits(0, 5, 0), words(9, 6, 9), CancelReason::Stalled, ""),
        (limits(60, 60, 10), words(0, 3, 9), CancelReason::Deadline, "word word word "),
    ] {
        let (chatkit, stats, reasons) = watched(options, respond);
        let seen = events(&chatkit, create("hi")).await;
        let ThreadStreamEvent::Error(error) = seen.last().unwrap() else { panic!("{seen:?}") };
        assert!(error.allow_retry && error.message.is_some(), "{error:?}");
        idle(&chatkit).await;
        assert_eq!(*reasons.lock().unwrap(), [reason]);
        assert_eq!(stats.lock().unwrap()[0].end, EndReason::Cancelled(reason));
        let items = stored(&**chatkit.store(), &created(&seen)).await;
        let texts: String = brief(&items)
            .into_iter()
            .filter(|(kind, _)| *kind == "assistant_message")
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, kept);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_within_its_limits_or_without_any_completes() {
    for options in [limits(10, 5, 60), limits(0, 0, 0)] {
        let (chatkit, stats, _) = watched(options, words(9, 4, 9));
        let seen = events(&chatkit, create("hi")).await;
        assert_eq!(kinds(&seen).last(), Some(&"thread.item.done"));
        idle(&chatkit).await;
        let stats = stats.lock().unwrap()[0].clone();
        assert_eq!(stats.end, EndReason::Completed);
        assert_eq!(stats.first_event, Some(Duration::from_secs(9)));
        assert_eq!(stats.first_text, Some(Duration::from_secs(13)));
        assert_eq!(stats.longest_gap, Duration::from_secs(9));
        assert_eq!(stats.total, Duration::from_secs(45));
        assert_eq!(stats.events, seen.len() as u64);
        assert!(stats.bytes > 1000);
    }
}

/// A responder that never waits is no way around the limits.
#[tokio::test]
async fn a_turn_that_is_never_silent_ends_at_its_deadline() {
    let mut options = limits(60, 60, 0);
    options.turn_timeout = Duration::from_millis(50);
    let (chatkit, _, reasons) = watched(options, |_| {
        let progress = || Ok::<_, RespondError>(ThreadStreamEvent::progress(None, "on and on"));
        EventStream::new(streams::repeat_with(progress))
    });
    let mut frames = stream(&chatkit, create("hi")).await;
    while next(&mut frames).await.is_some() {}
    assert_eq!(*reasons.lock().unwrap(), [CancelReason::Deadline]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_to_be_told_has_a_little_time_to_let_go() {
    for (needs, lets_go) in [(20, true), (2000, false)] {
        let let_go = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&let_go);
        let (chatkit, ..) = watched(RunOptions::default(), move |turn| {
            let flag = Arc::clone(&flag);
            turn.stream(async move |turn, events| {
                let mut reply = events.stream_message().await?;
                reply.text("partial").await?;
                assert_eq!(turn.cancel_token().cancelled().await, CancelReason::Disconnect);
                reply.text(" and more").await?;
                tokio::time::sleep(Duration::from_millis(needs)).await;
                flag.store(true, Ordering::SeqCst);
                reply.done().await
            })
        });
        let mut frames = stream(&chatkit, create("hi")).await;
        let thread_id = created(&until(&mut frames, "thread.item.updated").await);
        drop(frames);
        let begun = tokio::time::Instant::now();
        idle(&chatkit).await;
        assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
        assert_eq!(let_go.load(Ordering::SeqCst), lets_go);
        let items = stored(&**chatkit.store(), &thread_id).await;
        assert_eq!(brief(&items)[1], ("assistant_message", "partial".to_owned()));
    }
}

/// The case that a shared token is made for: the tool that is told ends first.
#[tokio::test(start_paused = true)]
async fn a_responder_that_awaits_a_tool_elsewhere_has_its_time_too() {
    let let_go = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&let_go);
    let (chatkit, ..) = watched(RunOptions::default(), move |turn| {
        let flag = Arc::clone(&flag);
        turn.stream(async move |turn, events| {
            events.progress("search", "searching").await?;
            let token = turn.cancel_token();
            let tool = tokio::spawn(async move { token.cancelled().await });
            tool.await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
            flag.store(true, Ordering::SeqCst);
            Ok(())
        })
    });
    let mut frames = stream(&chatkit, create("hi")).await;
    until(&mut frames, "progress_update").await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    drop(frames);
    idle(&chatkit).await;
    assert!(let_go.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn silence_until_the_cancel_counts_and_an_end_is_no_event() {
    let (chatkit, stats, _) = watched(limits(0, 50, 0), words(0, 60, 1));
    events(&chatkit, create("hi")).await;
    let (quiet, quiet_stats, _) = watched(limits(0, 0, 0), |_| EventStream::of([]));
    events(&quiet, create("hi")).await;
    idle(&chatkit).await;
    idle(&quiet).await;
    assert_eq!(stats.lock().unwrap()[0].longest_gap, Duration::from_secs(50));
    assert_eq!(quiet_stats.lock().unwrap()[0].first_event, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_and_never_done_is_completed_as_it_was_shown() {
    let (chatkit, ..) = watched(RunOptions::default(), |turn| {
        turn.stream(async move |_, events| {
            let _blank = events.stream_message().await?;
            let mut reply = events.stream_message().await?;
            reply.text("forgotten").await
        })
    });
    let seen = events(&chatkit, create("hi")).await;
    let [.., removed, done] = &seen[..] else { panic!("{seen:?}") };
    assert!(matches!(removed, ThreadStreamEvent::ThreadItemRemoved { .. }));
    let ThreadStreamEvent::ThreadItemDone { item } = done else { panic!("{done:?}") };
    let items = stored(&**chatkit.store(), &created(&seen)).await;
    assert_eq!(items[1..], [(**item).clone()]);
    let ThreadItem::AssistantMessage(message) = &**item else { panic!("{item:?}") };
    assert_eq!(message.text(), "forgotten");
}

/// Blocks its thread for a moment before each word.
fn blocks(turn: Turn<()>) -> EventStream<'static> {
    turn.stream(async move |_, events| {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(150));
            events.progress("clock", "blocking").await?;
        }
        Ok(())
    })
}

#[tokio::test]
async fn a_responder_that_blocks_is_noticed() {
    let (chatkit, stats, _) = watched(RunOptions::default(), blocks);
    events(&chatkit, create("hi")).await;
    idle(&chatkit).await;
    // The warning is for the responder's author; the count is for those who watch.
    assert!(stats.lock().unwrap()[0].blocked_polls >= 1);
}

/// Once it is known that responders block, more of them than there are threads do not keep others
/// from running.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responders_that_block_leave_threads_for_others() {
    let gate = Arc::new(Gate::default());
    let shut = Arc::clone(&gate);
    let (chatkit, ..) = watched(RunOptions::default(), move |turn| {
        let gate = Arc::clone(&shut);
        match &*turn.input_text() {
            "gate" => turn.stream(async move |_, events| {
                events.progress("clock", "about to block").await?;
                tokio::task::yield_now().await;
                gate.pass();
                Ok(())
            }),
            _ => blocks(turn),
        }
    });
    for _ in 0..3 {
        events(&chatkit, create("hi")).await;
    }
    idle(&chatkit).await;
    // Without threads of their own they would hold all there are: whoever waits in vain for another
    // is let go by this thread, and the test fails.
    let rescue = Arc::clone(&gate);
    std::thread::spawn(move || rescue.open_after(Duration::from_secs(30)));
    let mut blocked = Vec::new();
    for _ in 0..8 {
        let mut frames = stream(&chatkit, create("gate")).await;
        until(&mut frames, "progress_update").await;
        blocked.push(frames);
    }
    gate.wait_until_blocked(8).await;
    tokio::spawn(tokio::task::yield_now()).await.unwrap();
    assert!(gate.open(), "others ran while eight were blocked");
    for mut frames in blocked {
        while next(&mut frames).await.is_some() {}
    }
}

/// Holds up threads until it is opened.
#[derive(Default)]
struct Gate {
    /// How many wait, and whether it is open.
    state: Mutex<(usize, bool)>,
    opened: std::sync::Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        drop(self.opened.wait_while(state, |(_, is_open)| !*is_open));
    }

    /// Says whether it was shut.
    fn open(&self) -> bool {
        let was_open = std::mem::replace(&mut self.state.lock().unwrap().1, true);
        self.opened.notify_all();
        !was_open
    }

    fn open_after(&self, patience: Duration) {
        let state = self.state.lock().unwrap();
        drop(self.opened.wait_timeout_while(state, patience, |(_, is_open)| !*is_open));
        self.open();
    }

    async fn wait_until_blocked(&self, count: usize) {
        while self.state.lock().unwrap().0 < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
