//! A turn as it runs: a task of its own, and a log that any number of subscribers read.

mod cancel;
mod drive;
mod log;
mod registry;
mod subscription;

pub use cancel::{CancelReason, EndReason};
pub use subscription::Subscription;

pub(crate) use cancel::Cancellation;
pub(crate) use drive::{Respond, drive};
pub(crate) use log::{Log, LogWriter};
pub(crate) use registry::{Lease, Registry};
