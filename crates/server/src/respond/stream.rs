//! The stream of a response.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use chatkit_protocol::{ThreadMetadata, ThreadStreamEvent};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};

use super::{Emitter, RespondError, ThreadHandle, queue::Queue};
use crate::Store;

/// The events of a response, in order. Made from any stream of events, or by
/// [`Turn::stream`](super::Turn::stream) from a closure.
///
/// ```
/// use chatkit_server::{EventStream, RespondError};
/// use chatkit_protocol::{ThreadMetadata, ThreadStreamEvent};
/// use futures_util::stream;
///
/// let events = stream::iter([
///     Ok(ThreadStreamEvent::progress(None, "Thinking…")),
///     Err(RespondError::custom("the model is asleep").with_retry(true)),
/// ]);
/// let response = EventStream::new(events);
/// ```
pub struct EventStream<'a> {
    inner: Pin<Box<dyn Stream<Item = Result<Yielded, RespondError>> + Send + 'a>>,
}

pub(crate) type ChangeThread = Box<dyn FnOnce(&mut ThreadMetadata) + Send>;

/// What a response gives the turn.
pub(crate) enum Yielded {
    /// An event.
    Event(ThreadStreamEvent),
    /// A change of the thread that clients should hear of now.
    ChangeThread(ChangeThread),
}

impl<'a> EventStream<'a> {
    /// Takes any stream of events.
    pub fn new<E>(events: impl Stream<Item = Result<ThreadStreamEvent, E>> + Send + 'a) -> Self
    where
        E: Into<RespondError>,
    {
        let inner = events.map(|event| event.map(Yielded::Event).map_err(Into::into));
        Self { inner: Box::pin(inner) }
    }

    /// Events that are all there already.
    pub fn of<I>(events: I) -> Self
    where
        I: IntoIterator<Item = ThreadStreamEvent>,
        I::IntoIter: Send + 'a,
    {
        Self { inner: Box::pin(stream::iter(events).map(|event| Ok(Yielded::Event(event)))) }
    }

    /// A response that fails at once.
    pub fn failed(error: RespondError) -> Self {
        Self { inner: Box::pin(stream::once(async { Err(error) })) }
    }

    pub(crate) fn from_emitter<F, Fut>(
        thread: ThreadHandle,
        store: Arc<dyn Store>,
        respond: F,
    ) -> Self
    where
        F: FnOnce(Emitter) -> Fut,
        Fut: Future<Output = Result<(), RespondError>> + Send + 'a,
    {
        let emitted = Arc::new(Queue::new());
        let responding = respond(Emitter::new(thread, store, Arc::clone(&emitted)));
        Self { inner: Box::pin(Emitted { responding: Some(Box::pin(responding)), emitted }) }
    }

    pub(crate) fn poll_yielded(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Yielded, RespondError>>> {
        self.inner.poll_next_unpin(cx)
    }
}

impl fmt::Debug for EventStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

type Responding<'a> = Pin<Box<dyn Future<Output = Result<(), RespondError>> + Send + 'a>>;

/// Runs a closure and yields what it emits. Emitters may outlive the closure in other tasks: the
/// stream ends with the closure, after all that was emitted before.
struct Emitted<'a> {
    responding: Option<Responding<'a>>,
    emitted: Arc<Queue<Yielded>>,
}

impl Stream for Emitted<'_> {
    type Item = Result<Yielded, RespondError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(yielded) = this.emitted.try_recv() {
            return Poll::Ready(Some(Ok(yielded)));
        }
        let failure = match &mut this.responding {
            None => None,
            Some(responding) => match responding.as_mut().poll(cx) {
                // Without emitters nothing more comes, but the closure still goes on.
                Poll::Pending => {
                    return this.emitted.poll_recv(cx).map(|yielded| Some(Ok(yielded)));
                }
                Poll::Ready(Ok(())) => None,
                Poll::Ready(Err(error)) => Some(error),
            },
        };
        if this.responding.take().is_some() {
            this.emitted.close();
        }
        match (this.emitted.try_recv(), failure) {
            (Some(yielded), None) => Poll::Ready(Some(Ok(yielded))),
            (Some(yielded), Some(error)) => {
                // What was emitted before the failure comes first.
                this.responding = Some(Box::pin(async { Err(error) }));
                Poll::Ready(Some(Ok(yielded)))
            }
            (None, failure) => Poll::Ready(failure.map(Err)),
        }
    }
}

impl Drop for Emitted<'_> {
    fn drop(&mut self) {
        self.emitted.abandon();
    }
}
