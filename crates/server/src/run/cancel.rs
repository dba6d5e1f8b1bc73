//! Why and how a run ends.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
};

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

/// Why a turn was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelReason {
    /// The user asked for it (`threads.stop`).
    Stop,
    /// The last client went away. The stock client's Stop button looks the same on the wire.
    Disconnect,
    /// A newer request took over the thread.
    Superseded,
    /// The server is shutting down.
    Shutdown,
    /// The response took longer than a turn may take.
    Deadline,
    /// The responder was silent for too long.
    Stalled,
}

impl CancelReason {
    /// The reason in one word, for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Disconnect => "disconnect",
            Self::Superseded => "superseded",
            Self::Shutdown => "shutdown",
            Self::Deadline => "deadline",
            Self::Stalled => "stalled",
        }
    }

    /// The note that the model finds in the thread.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Stop => "The user stopped the response. Stop responding to the prior request.",
            Self::Disconnect => {
                "The stream was cancelled: the user stopped it or the connection was lost. \
                 Stop responding to the prior request."
            }
            Self::Superseded => {
                "The user sent something new before the response was complete. \
                 Stop responding to the prior request."
            }
            Self::Shutdown => "The response was cut short because the server was shutting down.",
            Self::Deadline => "The response was cut short because it took too long.",
            Self::Stalled => "The response was cut short because nothing more came for too long.",
        }
    }
}

/// How a run ended. Every run ends exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The responder came to its end.
    Completed,
    /// The request was refused before the responder started: it is wrong, what it names does not
    /// exist, the thread is locked or busy. Clients saw an error.
    Refused,
    /// The responder or the store failed; clients saw an error.
    Failed,
    /// It was cancelled.
    Cancelled(CancelReason),
}

impl EndReason {
    /// The reason in one word, for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled(reason) => reason.as_str(),
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tells whoever works for a turn that it was cancelled: tools, calls of models, tasks elsewhere.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct CancelToken(Arc<Cancellation>);

impl CancelToken {
    pub(crate) fn new(cancellation: Arc<Cancellation>) -> Self {
        Self(cancellation)
    }

    /// Waits until the turn is cancelled, and says why. Never returns when the turn ends otherwise.
    pub async fn cancelled(&self) -> CancelReason {
        self.0.cancelled().await
    }

    /// Why the turn was cancelled, if it was.
    pub fn reason(&self) -> Option<CancelReason> {
        self.0.reason()
    }

    /// Whether the turn was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.reason().is_some()
    }
}

/// Tells a run to stop, at most once: the first reason counts.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    reason: OnceLock<CancelReason>,
    rolls_back: AtomicBool,
    notify: Notify,
    /// Those who wait to be told, and whether there were any when the time came.
    waiting: AtomicUsize,
    was_awaited: AtomicBool,
    /// The run's own task, and whether something else happened that it should look at.
    task: AtomicWaker,
    attention: AtomicBool,
}

impl Cancellation {
    pub(crate) fn cancel(&self, reason: CancelReason) {
        let is_awaited = self.waiting.load(Ordering::Acquire) > 0;
        if self.reason.set(reason).is_ok() {
            self.was_awaited.fetch_or(is_awaited, Ordering::AcqRel);
            self.notify.notify_waiters();
            self.task.wake();
        }
    }

    /// Cancels for a newer message that takes back what this turn did. Of a run that was cancelled
    /// already nothing is taken back.
    pub(crate) fn roll_back(&self) {
        if self.reason().is_none() {
            self.rolls_back.store(true, Ordering::Release);
        }
        self.cancel(CancelReason::Superseded);
    }

    pub(crate) fn reason(&self) -> Option<CancelReason> {
        self.reason.get().copied()
    }

    pub(crate) fn rolls_back(&self) -> bool {
        self.reason() == Some(CancelReason::Superseded) && self.rolls_back.load(Ordering::Acquire)
    }

    /// Has the run's task woken when the run is cancelled or [wants
    /// attention](Self::want_attention).
    pub(super) fn register_task(&self, waker: &Waker) {
        self.task.register(waker);
    }

    pub(super) fn want_attention(&self) {
        self.attention.store(true, Ordering::Release);
        self.task.wake();
    }

    pub(super) fn take_attention(&self) -> bool {
        self.attention.load(Ordering::Relaxed) && self.attention.swap(false, Ordering::AcqRel)
    }

    /// Whether somebody waits to be told, or did when the time came.
    pub(super) fn is_awaited(&self) -> bool {
        self.was_awaited.load(Ordering::Acquire) || self.waiting.load(Ordering::Acquire) > 0
    }

    /// Lets go of the run's task, which is over: whoever keeps a token does not keep it.
    pub(super) fn forget_task(&self) {
        drop(self.task.take());
    }

    pub(crate) async fn cancelled(&self) -> CancelReason {
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let notified = self.notify.notified();
            if let Some(reason) = self.reason() {
                return reason;
            }
            notified.await;
        }
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
