//! Polls of application code: it may panic, and it may block.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    time::Instant,
};

use crate::{EventStream, RespondError, respond::Yielded};

/// A poll that takes longer blocks its thread.
const BLOCKED: Duration = Duration::from_millis(100);
/// How many polls of a turn are made with care after one that blocked.
const AFTER_BLOCKED: u32 = 1000;
/// How many of its first polls are made with care when other turns have blocked.
const AFTER_OTHERS: u32 = 64;
/// What a turn that blocked counts against turns that did not.
const WEIGHT: u32 = 4;
/// From here on turns are expected to block: several have, and few did not. A single poll may have
/// been long because the machine had other things to do.
const EXPECTED: u32 = 2 * WEIGHT;
/// No more is remembered.
const MOST: u32 = 16 * WEIGHT;
/// How many polls may be made with care in a row.
const BURST: u32 = 32;
/// How soon after that each further one may be. Each may cost a thread, and on a machine that is
/// merely busy more threads make more polls seem to block.
const PACE: Duration = Duration::from_millis(5);

/// What is known of a server's responders: whether they tend to block their thread.
#[derive(Debug, Default)]
pub(crate) struct BlockGuard {
    /// Grows with each turn that blocked, shrinks with each that did not.
    score: AtomicU32,
    allowance: Mutex<Option<Allowance>>,
}

/// How many polls may be made with care.
#[derive(Debug)]
struct Allowance {
    left: u32,
    since: Instant,
}

impl BlockGuard {
    /// Whether another poll may be made with care.
    fn allows_care(&self, now: Instant) -> bool {
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let Allowance { left, since } =
            allowance.get_or_insert(Allowance { left: BURST, since: now });
        let paces = now.saturating_duration_since(*since).as_millis() / PACE.as_millis();
        if paces > 0 {
            *since = now;
            *left = left.saturating_add(u32::try_from(paces).unwrap_or(BURST)).min(BURST);
        }
        let is_allowed = *left > 0;
        *left = left.saturating_sub(1);
        is_allowed
    }

    fn turn_blocked(&self) {
        self.score.fetch_add(WEIGHT, Ordering::Relaxed);
        self.score.fetch_min(MOST, Ordering::Relaxed);
    }

    fn turn_ended_well(&self) {
        let less = |score: u32| score.checked_sub(1);
        // At zero there is nothing to take away.
        let _ = self.score.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// Polls the application's code for one turn, and notices when it blocks its thread. Once it did,
/// and from the start when turns tend to, polls are made where blocking costs other tasks nothing,
/// if the runtime has more threads.
#[derive(Debug)]
pub(super) struct Poller<'a> {
    guard: &'a BlockGuard,
    /// How many polls are still made with care.
    careful: u32,
    pub(super) blocked_polls: u32,
}

/// A poll that was made.
pub(super) struct Polled<T> {
    pub(super) result: T,
    /// When it ended.
    pub(super) at: Instant,
    /// How long it took, counted from the time that the caller knew.
    pub(super) took: Duration,
    /// How long it took, if it is the turn's first that took too long.
    pub(super) blocked_first: Option<Duration>,
    /// Whether the next poll may count from the end of this one. When that seems to have taken
    /// long, and it is not known when this one began, the next is measured by itself.
    pub(super) is_sure: bool,
}

impl<'a> Poller<'a> {
    pub(super) fn new(guard: &'a BlockGuard) -> Self {
        let is_expected = guard.score.load(Ordering::Relaxed) >= EXPECTED;
        Self { guard, careful: if is_expected { AFTER_OTHERS } else { 0 }, blocked_polls: 0 }
    }

    /// Polls, soon after a time that the caller knows already.
    pub(super) fn poll<T>(
        &mut self,
        since: Option<Instant>,
        poll: impl FnOnce() -> T,
    ) -> Polled<T> {
        let begun = since.unwrap_or_else(Instant::now);
        let result =
            if self.is_careful(begun) { tokio::task::block_in_place(poll) } else { poll() };
        let at = Instant::now();
        let took = at.saturating_duration_since(begun);
        let (is_long, is_sure) = (took > BLOCKED, took <= BLOCKED || since.is_none());
        let mut blocked_first = None;
        if is_long && is_sure {
            self.careful = AFTER_BLOCKED;
            self.blocked_polls = self.blocked_polls.saturating_add(1);
            if self.blocked_polls == 1 {
                self.guard.turn_blocked();
                blocked_first = Some(took);
            }
        }
        Polled { result, at, took, blocked_first, is_sure }
    }

    /// Whether the next poll, which is about to begin, is made with care.
    fn is_careful(&mut self, begun: Instant) -> bool {
        let Some(left) = self.careful.checked_sub(1) else {
            return false;
        };
        self.careful = left;
        has_other_threads() && self.guard.allows_care(begun)
    }
}

impl Drop for Poller<'_> {
    fn drop(&mut self) {
        if self.blocked_polls == 0 {
            self.guard.turn_ended_well();
        }
    }
}

/// Whether other tasks can go on while this thread is blocked, once the runtime knows.
fn has_other_threads() -> bool {
    Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// A response whose panics end it, and whose destructors may panic without taking the run with
/// them.
pub(super) struct Response<'a>(Option<EventStream<'a>>);

impl<'a> Response<'a> {
    pub(super) fn new(stream: EventStream<'a>) -> Self {
        Self(Some(stream))
    }

    pub(super) fn poll_yielded(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Yielded, RespondError>>> {
        let Some(stream) = &mut self.0 else {
            return Poll::Ready(None);
        };
        match catch_unwind(AssertUnwindSafe(|| stream.poll_yielded(cx))) {
            Ok(polled) => polled,
            Err(panic) => Poll::Ready(Some(Err(panicked(&*panic)))),
        }
    }
}

impl Drop for Response<'_> {
    fn drop(&mut self) {
        let stream = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(stream))) {
            tracing::error!(error = %panicked(&*panic), "a response panicked while it was dropped");
        }
    }
}

pub(super) fn panicked(panic: &(dyn Any + Send)) -> RespondError {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    RespondError::unexpected(format!("the responder panicked: {message}"))
}
