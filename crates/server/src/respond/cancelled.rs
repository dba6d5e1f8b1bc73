//! A turn that was cancelled.

use chatkit_protocol::{SdkHiddenContextItem, ThreadItem};

use super::Turn;
use crate::{CancelReason, IdKind, RequestContext, StoreResult, turn};

/// A turn that was cancelled: why, and what was in the making then.
#[derive(Debug)]
pub struct CancelledTurn<C> {
    turn: Turn<C>,
    reason: CancelReason,
    rolls_back: bool,
    pending_items: Vec<ThreadItem>,
}

impl<C: RequestContext> CancelledTurn<C> {
    pub(crate) fn new(
        turn: Turn<C>,
        reason: CancelReason,
        rolls_back: bool,
        pending_items: Vec<ThreadItem>,
    ) -> Self {
        Self { turn, reason, rolls_back, pending_items }
    }

    /// The turn.
    pub fn turn(&self) -> &Turn<C> {
        &self.turn
    }

    /// Why it was cancelled.
    pub fn reason(&self) -> CancelReason {
        self.reason
    }

    /// Whether the turn is taken back as a whole
    /// ([`MultitaskStrategy::Rollback`](crate::MultitaskStrategy::Rollback)): then nothing of it is
    /// kept or noted, and what it stored is deleted after this.
    pub fn is_rolled_back(&self) -> bool {
        self.rolls_back
    }

    /// The items that were added and not done, as the user saw them last, in order.
    pub fn pending_items(&self) -> &[ThreadItem] {
        &self.pending_items
    }

    /// Stores what the user saw of the pending items: messages that are not blank, widgets,
    /// workflows, tasks and images.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn keep_partial_items(&self) -> StoreResult<()> {
        if self.rolls_back {
            return Ok(());
        }
        for item in self.pending_items.iter().filter(|item| turn::is_worth_keeping(item)) {
            self.turn.store().save_item(self.turn.owner(), self.turn.thread_id(), item).await?;
        }
        Ok(())
    }

    /// Leaves a hidden note for the model that fits the [reason](Self::reason). Without it a
    /// model may go on with the cancelled reply.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn add_note(&self) -> StoreResult<()> {
        if self.rolls_back {
            return Ok(());
        }
        let note = ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
            id: self.turn.new_item_id(IdKind::SdkHiddenContext),
            thread_id: self.turn.thread_id().clone(),
            created_at: self.turn.now(),
            content: self.reason.note().to_owned(),
        });
        self.turn.store().save_item(self.turn.owner(), self.turn.thread_id(), &note).await
    }
}
