//! Who is told of what happens: the way to metrics.

use std::time::Duration;

use chatkit_protocol::Op;

use crate::{RunId, StreamStats};

/// Is told of what happens, for metrics: set with
/// [`ChatKitBuilder::observer`](crate::ChatKitBuilder::observer) and
/// [`ObservedStore::new`](crate::ObservedStore::new). Every method does nothing by default.
///
/// It is told from within requests and runs, which wait for it: a method should take next to no
/// time, and must neither block nor panic. None is called per event: what a run sent is told at
/// its end.
///
/// ```
/// use chatkit_server::{Observer, StreamStats};
///
/// struct Slow;
///
/// impl Observer for Slow {
///     fn run_ended(&self, stats: &StreamStats) {
///         if stats.first_text.is_some_and(|text| text.as_secs() >= 3) {
///             println!("{} was slow", stats.run_id);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A run starts: a streaming op that was understood. It may still be refused, or wait for its
    /// thread.
    fn run_started(&self, op: Op) {
        let _ = op;
    }

    /// A run has ended and cleaned up: once for each that started, also when it panicked, and when
    /// it [was refused](crate::EndReason::Refused) before its responder started.
    fn run_ended(&self, stats: &StreamStats) {
        let _ = stats;
    }

    /// A reader joins a run: the request that started it, and each that attaches to it.
    fn reader_joined(&self, run: RunId) {
        let _ = run;
    }

    /// A reader leaves a run: it has read all, or its connection is gone.
    fn reader_left(&self, run: RunId) {
        let _ = run;
    }

    /// An op was answered or refused; `None`: the request named no op that there is. For a JSON op
    /// `took` is the time to its answer, for one that starts a run the time to the start of the
    /// responder.
    ///
    /// `status` is the HTTP status that says how it went. A streaming op that is refused has one
    /// here too, though its HTTP answer is 200 with an `error` event.
    fn op_answered(&self, op: Option<Op>, status: u16, took: Duration) {
        let _ = (op, status, took);
    }

    /// A call of a store came back. `operation` is the name of the [`Store`](crate::Store)'s
    /// method.
    fn store_called(&self, operation: &'static str, outcome: StoreOutcome, took: Duration) {
        let _ = (operation, outcome, took);
    }
}

/// How a call of a store went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOutcome {
    /// It did what was asked.
    Ok,
    /// What it was asked for does not exist, or not for this owner.
    NotFound,
    /// It is at odds with what is stored.
    Conflict,
    /// The store failed.
    Error,
}

impl StoreOutcome {
    /// The outcome in one word, for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Error => "error",
        }
    }
}
