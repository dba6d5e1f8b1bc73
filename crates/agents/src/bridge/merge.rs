//! What tools send and what the run does, in the order in which it happens.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use chatkit_server::protocol::ThreadStreamEvent;
use futures_core::Stream;

use super::inbox::Inbox;
use crate::{RunError, RunEvent};

/// Merges a run with the events that its tools send.
///
/// A run yields one event per poll and is suspended right after it, and tools run inside it. So what
/// stands in the channel when the run yields was sent before.
pub(super) struct Merged<R> {
    run: Pin<Box<R>>,
    inbox: Inbox,
    /// An event of the run that what was sent before it goes ahead of.
    held: Option<Option<Result<RunEvent, RunError>>>,
}

/// What comes next.
pub(super) enum Next {
    /// An event that a tool sent.
    Sent(ThreadStreamEvent),
    /// An event of the run.
    Ran(Result<RunEvent, RunError>),
    /// The run is over, and nothing of what was sent is left.
    Over,
}

impl<R: Stream<Item = Result<RunEvent, RunError>>> Merged<R> {
    pub(super) fn new(run: R, inbox: Inbox) -> Self {
        Self { run: Box::pin(run), inbox, held: None }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        loop {
            if let Some(event) = self.inbox.try_next() {
                return Poll::Ready(Next::Sent(event));
            }
            if let Some(event) = self.held.take() {
                return Poll::Ready(event.map_or(Next::Over, Next::Ran));
            }
            match self.run.as_mut().poll_next(cx) {
                Poll::Ready(event) => {
                    if !matches!(event, Some(Ok(_))) {
                        self.inbox.close();
                    }
                    self.held = Some(event);
                }
                Poll::Pending => return self.inbox.poll_next(cx).map(Next::Sent),
            }
        }
    }
}
