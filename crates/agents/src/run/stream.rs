//! The events of a run as a stream.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures_core::Stream;

use super::{RunError, RunEvent, RunOutcome};

/// The events of a run. Its last item is [`RunEvent::Finished`] or an error.
///
/// Nothing happens before it is polled, and each poll yields at most one event, right after which
/// the run stands still: what happened before the event is done, and nothing that follows it has
/// begun. Everything runs within the stream, so dropping it closes the connection to the model and
/// drops the tools that run.
pub struct RunStream<C> {
    /// `None` when the run has ended.
    run: Option<RunFuture>,
    events: Events,
    context: C,
}

pub(super) type RunFuture =
    Pin<Box<dyn Future<Output = Result<Box<RunOutcome>, RunError>> + Send + 'static>>;

impl<C> RunStream<C> {
    pub(super) fn new(run: RunFuture, events: Events, context: C) -> Self {
        Self { run: Some(run), events, context }
    }

    /// The context of the run.
    pub fn context(&self) -> &C {
        &self.context
    }
}

/// The context is never pinned.
impl<C> Unpin for RunStream<C> {}

impl<C> Stream for RunStream<C> {
    type Item = Result<RunEvent, RunError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Taken out, so that a run that panics is not polled again.
        let Some(mut run) = self.run.take() else { return Poll::Ready(None) };
        match run.as_mut().poll(cx) {
            Poll::Ready(end) => Poll::Ready(Some(end.map(RunEvent::Finished))),
            Poll::Pending => {
                self.run = Some(run);
                match self.events.take() {
                    Some(event) => Poll::Ready(Some(Ok(event))),
                    None => Poll::Pending,
                }
            }
        }
    }
}

impl<C> fmt::Debug for RunStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream").field("ended", &self.run.is_none()).finish_non_exhaustive()
    }
}

/// Where a run puts its events: a place for one, in the same task. `None` if nobody looks.
#[derive(Clone)]
pub(super) struct Events(Option<Arc<Mutex<Option<RunEvent>>>>);

impl Events {
    /// For one who looks.
    pub(super) fn watched() -> Self {
        Self(Some(Arc::default()))
    }

    /// For nobody.
    pub(super) fn unwatched() -> Self {
        Self(None)
    }

    /// Hands over an event and waits until it was taken.
    pub(super) async fn send(&self, event: RunEvent) {
        let Some(place) = &self.0 else { return };
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(event);
        poll_fn(|_| {
            let taken = place.lock().unwrap_or_else(PoisonError::into_inner).is_none();
            if taken { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn take(&self) -> Option<RunEvent> {
        self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
