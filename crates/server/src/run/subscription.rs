//! One reader of a run.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;

use super::RunHandle;

/// The frames of a run: server-sent events, ready to be written. Each chunk holds all frames that
/// were ready.
///
/// Dropped before its end it leaves the run. What it means when the last reader leaves depends on
/// the stream's options and on whether the client can resume: see
/// [`ClientInfo::resumable`](crate::ClientInfo::resumable).
pub struct Subscription {
    run: RunHandle,
    reader: u64,
}

impl Subscription {
    /// Joins a run after a number of its frames.
    pub(crate) fn new(run: RunHandle, after: u64) -> Self {
        let reader = run.log().join(after);
        if let Some(observer) = run.observer() {
            observer.reader_joined(run.id());
        }
        Self { run, reader }
    }
}

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.run.log().read(self.reader, cx.waker())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.run.leave(self.reader);
        if let Some(observer) = self.run.observer() {
            observer.reader_left(self.run.id());
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("run", &self.run).finish_non_exhaustive()
    }
}
