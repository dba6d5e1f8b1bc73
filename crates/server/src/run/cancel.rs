//! Why and how a run ends.

use std::sync::OnceLock;

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// Why a turn was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelReason {
    /// The user asked for it.
    Stop,
    /// The last client went away. The stock client's Stop button looks the same on the wire.
    Disconnect,
    /// A newer request took over the thread.
    Superseded,
    /// The server is shutting down.
    Shutdown,
}

impl CancelReason {
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
        }
    }
}

/// How a run ended. Every run ends exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The responder came to its end.
    Completed,
    /// The responder, the store or the request failed; clients saw an error.
    Failed,
    /// It was cancelled.
    Cancelled(CancelReason),
}

/// Tells a run to stop, at most once: the first reason counts.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    reason: OnceLock<CancelReason>,
    token: CancellationToken,
}

impl Cancellation {
    pub(crate) fn cancel(&self, reason: CancelReason) {
        if self.reason.set(reason).is_ok() {
            self.token.cancel();
        }
    }

    pub(crate) fn reason(&self) -> Option<CancelReason> {
        self.reason.get().copied()
    }

    pub(crate) fn wait(&self) -> WaitForCancellationFuture<'_> {
        self.token.cancelled()
    }

    pub(crate) async fn cancelled(&self) -> CancelReason {
        self.token.cancelled().await;
        // The reason is set before the token is cancelled.
        self.reason().unwrap_or(CancelReason::Stop)
    }
}
