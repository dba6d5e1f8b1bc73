//! What remains to be done when a response completes, fails or is cancelled.

use std::panic::AssertUnwindSafe;

use chatkit_protocol::{ErrorCode, ItemId, ThreadItem, ThreadStreamEvent};
use futures_util::FutureExt as _;

use super::{Running, panicked};
use crate::{
    CancelReason, CancelledTurn, ChatKitServer, EndReason, RequestContext, RespondError,
    StoreError, StoreResult, Turn, turn::is_worth_keeping,
};

impl<S: ChatKitServer> Running<'_, S> {
    /// The responder came to its end.
    pub(super) async fn complete(&mut self) -> EndReason {
        let completed = async {
            self.complete_items().await?;
            self.save_thread().await
        };
        match completed.await {
            Ok(()) => EndReason::Completed,
            Err(error) => self.fail(error).await,
        }
    }

    /// Completes items that were added and never done with what was shown of them, so that clients
    /// and the store agree.
    async fn complete_items(&mut self) -> Result<(), RespondError> {
        let pending = self.it.run.state().pending_items().to_vec();
        for item in pending {
            tracing::warn!(
                thread = %self.it.turn.thread_id(),
                item = %item.id(),
                kind = item.kind(),
                "the response ended before this item was done: it is completed as it was shown"
            );
            if is_worth_keeping(&item) {
                let effects = self.apply(ThreadStreamEvent::done(item))?;
                self.finish(effects).await?;
            } else {
                self.it.run.state().written(item.id());
                self.show_as_stored(&item).await?;
            }
        }
        Ok(())
    }

    /// Keeps what the user saw, and shows the error.
    pub(super) async fn fail(&mut self, error: RespondError) -> EndReason {
        let thread_id = self.it.turn.thread_id();
        let logged = error.for_log(self.it.options.log_content);
        if error.is_unexpected() {
            tracing::error!(thread = %thread_id, error = %logged, "the response failed");
        } else if error.has_cause() {
            tracing::warn!(thread = %thread_id, error = %logged, "the response failed");
        } else {
            tracing::debug!(thread = %thread_id, error = %logged, "the response ended with an error");
        }
        let pending = self.it.run.state().pending_items().to_vec();
        for item in &pending {
            keep(self.it.turn, item).await;
        }
        self.it.run.state().take_pending_items();
        self.send_last(ThreadStreamEvent::Error(error.into_event()));
        if let Err(error) = self.save_thread().await {
            tracing::error!(thread = %self.it.turn.thread_id(), %error, "the thread was not saved");
        }
        EndReason::Failed
    }

    /// Has the application clean up. The responder is gone by now, and nothing cuts this short.
    pub(super) async fn clean_up(&mut self, reason: CancelReason) -> EndReason {
        let turn = self.it.turn;
        let thread_id = turn.thread_id();
        let rolls_back = self.it.run.cancellation().rolls_back();
        if !rolls_back && let Err(error) = self.save_thread().await {
            tracing::error!(thread = %thread_id, %error, "the thread was not saved");
        }
        let pending = self.it.run.state().pending_items().to_vec();
        let cancelled = CancelledTurn::new(turn.clone(), reason, rolls_back, pending.clone());
        let server = self.it.server;
        let handled = async { server.handle_stream_cancelled(cancelled).await };
        match AssertUnwindSafe(handled).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(thread = %thread_id, %error, "cleaning up a cancelled turn failed");
            }
            Err(panic) => {
                let error = panicked(&*panic);
                tracing::error!(thread = %thread_id, %error, "cleaning up a cancelled turn panicked");
            }
        }
        if rolls_back {
            self.roll_back().await;
        } else {
            self.show_what_was_kept(&pending).await;
        }
        self.it.run.state().take_pending_items();
        if let Some(error) = shown_as(reason) {
            self.send_last(ThreadStreamEvent::Error(error.into_event()));
        }
        EndReason::Cancelled(reason)
    }

    /// Clients that still read, or join now, see of the pending items what the store has.
    async fn show_what_was_kept(&mut self, pending: &[ThreadItem]) {
        for item in pending {
            if let Err(error) = self.show_as_stored(item).await {
                tracing::warn!(thread = %self.it.turn.thread_id(), item = %item.id(), %error,
                    "clients could not be told what was kept");
            }
        }
    }

    /// Clients see an item as the store has it, or not at all.
    async fn show_as_stored(&mut self, item: &ThreadItem) -> Result<(), RespondError> {
        if item.is_hidden() {
            return Ok(());
        }
        let turn = self.it.turn;
        let stored = turn.store().load_item(turn.owner(), turn.thread_id(), item.id()).await;
        self.send(match stored {
            Ok(stored) if stored.is_hidden() => return Ok(()),
            Ok(stored) => ThreadStreamEvent::done(stored),
            Err(StoreError::NotFound { .. }) => {
                ThreadStreamEvent::ThreadItemRemoved { item_id: item.id().clone() }
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Takes back what the turn did: the message that it answers and all that came after.
    async fn roll_back(&mut self) {
        let shown = self.it.run.state().take_shown();
        let turn = self.it.turn;
        // A crash from here on must not bring anything back.
        self.checkpoints.forget_now(turn).await;
        if let Err(error) = delete_turn(turn, self.it.last_before, &shown).await {
            tracing::error!(thread = %turn.thread_id(), %error, "a turn was not rolled back");
            return;
        }
        let message = turn.input().map(|message| message.id.clone());
        let mut removed = Vec::new();
        for item_id in message.into_iter().chain(shown) {
            // What was there before the turn stays, though the turn has changed it.
            let stored = turn.store().load_item(turn.owner(), turn.thread_id(), &item_id).await;
            if matches!(stored, Err(StoreError::NotFound { .. })) {
                self.send_last(ThreadStreamEvent::ThreadItemRemoved { item_id: item_id.clone() });
                removed.push(item_id);
            }
        }
        self.it.lease.pass_on(removed);
    }

    fn send_last(&mut self, event: ThreadStreamEvent) {
        if let Err(error) = self.send(event) {
            tracing::error!(thread = %self.it.turn.thread_id(), %error,
                "one of the last events was not sent");
        }
    }
}

async fn keep<C: RequestContext>(turn: &Turn<C>, item: &ThreadItem) {
    if !is_worth_keeping(item) {
        return;
    }
    if let Err(error) = turn.store().save_item(turn.owner(), turn.thread_id(), item).await {
        tracing::error!(thread = %turn.thread_id(), item = %item.id(), %error,
            "a partial item was lost");
    }
}

/// Deletes what a turn has stored: everything after what was last before it.
async fn delete_turn<C: RequestContext>(
    turn: &Turn<C>,
    last_before: Option<&ItemId>,
    shown: &[ItemId],
) -> StoreResult<()> {
    let (store, owner, thread_id) = (turn.store(), turn.owner(), turn.thread_id());
    if let Some(message) = turn.input() {
        store.delete_items_after(owner, thread_id, &message.id).await?;
        return store.delete_item(owner, thread_id, &message.id).await;
    }
    if let Some(last) = last_before {
        return store.delete_items_after(owner, thread_id, last).await.map(drop);
    }
    for item_id in shown {
        store.delete_item(owner, thread_id, item_id).await?;
    }
    Ok(())
}

/// The error that clients see when a turn is cancelled by none of their doing.
fn shown_as(reason: CancelReason) -> Option<RespondError> {
    let message = match reason {
        CancelReason::Stop | CancelReason::Disconnect | CancelReason::Superseded => return None,
        CancelReason::Shutdown => return Some(RespondError::coded(ErrorCode::STREAM_ERROR)),
        CancelReason::Stalled => "The reply was cut short: nothing more came for too long.",
        CancelReason::Deadline => "The reply was cut short: it took too long.",
    };
    Some(RespondError::custom(message).with_retry(true))
}
