//! What a crash would leave of the turn.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use chatkit_protocol::{ItemId, ThreadItem};
use tokio::time::Instant;

use crate::{
    Checkpoint, Owner, RequestContext, RunOptions, Store, StoreResult, Turn, run::RunHandle,
};

/// Writes the items in the making to the store now and then, beside the response, which does not
/// wait for it. None: the store keeps no checkpoints, or they are not wanted any more.
pub(crate) struct Checkpoints(Option<Box<Kept>>);

/// The checkpoints of a turn.
struct Kept {
    interval: Duration,
    /// When the next one may be written. None: nothing has changed since the last.
    due: Option<Instant>,
    last: Instant,
    writing: Option<Writing>,
    /// The items of the newest checkpoint, if there is one.
    written: Option<Box<[ItemId]>>,
}

type Writing = Pin<Box<dyn Future<Output = StoreResult<()>> + Send>>;

impl Checkpoints {
    pub(super) fn new(store: &dyn Store, options: &RunOptions, now: Instant) -> Self {
        let interval = options.checkpoint_interval;
        if interval.is_zero() || !store.keeps_checkpoints() {
            return Self(None);
        }
        let due = now.checked_add(interval);
        Self(Some(Box::new(Kept { interval, due, last: now, writing: None, written: None })))
    }

    /// Takes note of a change of the items in the making. Says whether that makes a checkpoint
    /// due at a time that was not known before.
    pub(super) fn changed(&mut self) -> bool {
        let Some(kept) = self.0.as_mut().filter(|kept| kept.due.is_none()) else {
            return false;
        };
        kept.due = kept.last.checked_add(kept.interval);
        kept.due.is_some()
    }

    /// Starts to write one if it is time to; says when the next one is due.
    pub(super) fn make_if_due<C: RequestContext>(
        &mut self,
        now: Instant,
        turn: &Turn<C>,
        run: &RunHandle,
    ) -> Option<Instant> {
        let kept = self.0.as_mut()?;
        let due = kept.due?;
        if due > now {
            return Some(due);
        }
        if kept.writing.is_some() {
            // The store is slow: it is asked again later, not more often.
            kept.due = now.checked_add(kept.interval);
            return kept.due;
        }
        kept.start(now, turn, run.state().pending_items().to_vec());
        None
    }

    /// Drives the writing of a checkpoint.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(kept) = &mut self.0
            && let Some(writing) = &mut kept.writing
            && let Poll::Ready(written) = writing.as_mut().poll(cx)
        {
            kept.writing = None;
            warn_if_failed(written);
        }
    }

    /// Makes sure that no checkpoint has an item that is about to be deleted: a crash must not
    /// bring it back.
    pub(super) async fn leave_out<C: RequestContext>(
        &mut self,
        item_id: &ItemId,
        turn: &Turn<C>,
        run: &RunHandle,
    ) {
        if let Some(kept) = &mut self.0
            && kept.written.as_ref().is_some_and(|written| written.contains(item_id))
        {
            kept.settle().await;
            let mut pending = run.state().pending_items().to_vec();
            pending.retain(|item| item.id() != item_id);
            kept.start(Instant::now(), turn, pending);
            kept.settle().await;
        }
    }

    /// The turn is over and all that is kept of it is stored.
    pub(crate) async fn forget<C: RequestContext>(mut self, turn: &Turn<C>) {
        self.forget_now(turn).await;
    }

    /// From now on a crash finds nothing of the turn.
    pub(super) async fn forget_now<C: RequestContext>(&mut self, turn: &Turn<C>) {
        if let Some(mut kept) = self.0.take()
            && kept.written.is_some()
        {
            kept.settle().await;
            let deleted = turn.store().delete_checkpoint(turn.owner(), turn.thread_id()).await;
            warn_if_failed(deleted);
        }
    }

    /// Whether there is anything to [forget](Self::forget).
    pub(crate) fn are_written(&self) -> bool {
        self.0.as_ref().is_some_and(|kept| kept.written.is_some())
    }
}

impl Kept {
    fn start<C: RequestContext>(&mut self, now: Instant, turn: &Turn<C>, items: Vec<ThreadItem>) {
        self.last = now;
        self.due = None;
        self.written = Some(items.iter().map(|item| item.id().clone()).collect());
        let checkpoint = Checkpoint::new(turn.thread_id().clone(), items);
        let (store, owner) = (Arc::clone(turn.store()), turn.owner().clone());
        self.writing = Some(Box::pin(write(store, owner, checkpoint)));
    }

    /// Waits until what is being written is.
    async fn settle(&mut self) {
        if let Some(writing) = self.writing.take() {
            warn_if_failed(writing.await);
        }
    }
}

async fn write(store: Arc<dyn Store>, owner: Owner, checkpoint: Checkpoint) -> StoreResult<()> {
    store.save_checkpoint(&owner, &checkpoint).await
}

fn warn_if_failed(result: StoreResult<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "a checkpoint was not written: a crash now would cost more text");
    }
}
