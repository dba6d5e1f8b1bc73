//! What tools send, until it is shown.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use chatkit_server::{RequestContext, protocol::ThreadStreamEvent};
use tokio::sync::mpsc;

use super::{AgentContext, workflow::Workflows};

/// What tools send. Cheap to clone; each event is taken once.
#[derive(Debug, Clone)]
pub(super) struct Inbox(Arc<Mutex<mpsc::Receiver<ThreadStreamEvent>>>);

impl Inbox {
    pub(super) fn new(receiver: mpsc::Receiver<ThreadStreamEvent>) -> Self {
        Self(Arc::new(Mutex::new(receiver)))
    }

    /// What is there.
    pub(super) fn try_next(&self) -> Option<ThreadStreamEvent> {
        self.receiver().try_recv().ok()
    }

    /// Pending when nothing is there, and when nothing can come any more.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<ThreadStreamEvent> {
        match self.receiver().poll_recv(cx) {
            Poll::Ready(Some(event)) => Poll::Ready(event),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// From now on sending fails. What was sent is still there.
    pub(super) fn close(&self) {
        self.receiver().close();
    }

    /// The open workflow, to be changed by the one who shows it. Tools change and tell while they
    /// hold it: so what they did before is put among the events, and what they do after follows.
    pub(super) fn workflows<'a, C: RequestContext>(
        &self,
        context: &'a AgentContext<C>,
        events: &mut Vec<ThreadStreamEvent>,
    ) -> MutexGuard<'a, Workflows> {
        let workflows = context.workflows();
        events.extend(std::iter::from_fn(|| self.try_next()));
        workflows
    }

    fn receiver(&self) -> MutexGuard<'_, mpsc::Receiver<ThreadStreamEvent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
