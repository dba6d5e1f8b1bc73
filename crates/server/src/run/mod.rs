//! A turn as it runs: a task of its own, and a log that any number of subscribers read.

mod cancel;
mod drive;
mod event_id;
mod gaps;
mod handle;
mod log;
mod options;
mod stats;
mod subscription;
mod task;
mod watched;

pub use cancel::{CancelReason, CancelToken, EndReason};
pub use event_id::{EventId, NotAnEventId, RunId};
pub use gaps::Gaps;
pub use handle::RunHandle;
pub use options::{MultitaskStrategy, RunOptions};
pub use stats::StreamStats;
pub use subscription::Subscription;

pub(crate) use cancel::Cancellation;
pub(crate) use drive::{BlockGuard, Respond};
pub(crate) use log::{Log, LogWriter};
pub(crate) use stats::Stopwatch;
pub(crate) use task::{Held, run};
