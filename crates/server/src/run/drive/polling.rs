//! Polls of application code: it may panic, and it may block.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU32, Ordering},
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
/// How many polls are made with care after one that blocked.
const CAREFUL_POLLS: u32 = 1000;

/// Notices responders that block their thread. After one did, the next polls, of whatever turn, are
/// made where blocking costs other tasks nothing, if the runtime has more threads.
#[derive(Debug, Default)]
pub(crate) struct BlockGuard {
    careful: AtomicU32,
}

/// A poll that was made.
pub(super) struct Polled<T> {
    pub(super) result: T,
    /// When it ended.
    pub(super) at: Instant,
    /// How long it took, if that was too long.
    pub(super) blocked_for: Option<Duration>,
}

impl BlockGuard {
    /// Polls at a time that the caller knows already.
    pub(super) fn poll<T>(&self, begun: Instant, poll: impl FnOnce() -> T) -> Polled<T> {
        let is_careful = self.careful.load(Ordering::Relaxed) > 0;
        let result = if is_careful && has_other_threads() {
            let one_less = |careful: u32| careful.checked_sub(1);
            // Turns that poll at the same time may all find that it was the last.
            let _ = self.careful.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
            tokio::task::block_in_place(poll)
        } else {
            poll()
        };
        let at = Instant::now();
        let took = at.saturating_duration_since(begun);
        let blocked_for = (took > BLOCKED).then_some(took);
        if blocked_for.is_some() {
            self.careful.store(CAREFUL_POLLS, Ordering::Relaxed);
        }
        Polled { result, at, blocked_for }
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
