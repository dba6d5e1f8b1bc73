//! One reader of a run.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;

use super::{CancelReason, Cancellation, Log};

/// The frames of a run, from its beginning: server-sent events, ready to be written. Each chunk
/// holds all frames that were ready.
///
/// Dropped before its end it leaves the run; a run that its last reader left is cancelled.
#[derive(Debug)]
pub struct Subscription {
    log: Arc<Log>,
    cancellation: Arc<Cancellation>,
    reader: u64,
}

impl Subscription {
    pub(crate) fn new(log: Arc<Log>, cancellation: Arc<Cancellation>) -> Self {
        let reader = log.join();
        Self { log, cancellation, reader }
    }
}

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.log.read(self.reader, cx.waker())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.log.leave(self.reader) {
            self.cancellation.cancel(CancelReason::Disconnect);
        }
    }
}
