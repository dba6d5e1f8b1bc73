//! What the events of a response do to a thread, without clock, store or socket.

mod pending;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use pending::PendingItems;
pub(crate) use pending::is_worth_keeping;

use std::collections::BTreeSet;

use chatkit_protocol::{ItemId, ThreadItem, ThreadItemUpdate, ThreadStreamEvent};

#[cfg(not(test))]
use pending::PendingItems;

/// The state of one turn: the items that were added and are not done.
///
/// Rules, after the thread stream events of the protocol: what is added is only shown; done,
/// replaced and removed reach the store before the client; updates change the pending item; hidden
/// items are stored and never sent; everything else is sent as it is.
#[derive(Debug, Default)]
pub(crate) struct TurnState {
    pending: PendingItems,
    waiting_tool_call: Option<ItemId>,
    /// Hidden items that were stored in this turn: what comes after about them stays hidden too.
    hidden: BTreeSet<ItemId>,
    /// Items that were done in this turn and not removed, sorted: most turns have one.
    done: Vec<ItemId>,
}

/// What an event asks for, in this order: the write, then the event to clients.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Effects {
    pub(crate) write: Option<Write>,
    pub(crate) send: Option<ThreadStreamEvent>,
}

/// A change of the store.
#[derive(Debug, PartialEq)]
pub(crate) enum Write {
    /// Append the item, or replace the one with its id.
    Save(Box<ThreadItem>),
    /// Delete the item.
    Delete(ItemId),
}

/// A response that breaks a rule of the protocol which no client could mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// The output of a client tool carries no call id, so only one call may wait for it.
    #[error(
        "client tool call `{second}` while `{first}` waits for its output: the output of a client \
         tool carries no call id, so a turn may make only one call"
    )]
    SecondToolCall { first: ItemId, second: ItemId },
}

impl TurnState {
    /// Takes the next event of the response.
    pub(crate) fn apply(&mut self, event: ThreadStreamEvent) -> Result<Effects, Violation> {
        Ok(match event {
            ThreadStreamEvent::ThreadItemAdded { item } => {
                self.pending.insert((*item).clone());
                Effects::send(visible(item, |item| ThreadStreamEvent::ThreadItemAdded { item }))
            }
            ThreadStreamEvent::ThreadItemDone { item } => {
                self.check_tool_call(&item)?;
                self.note_hidden(&item);
                self.note_done(item.id());
                let write = Some(Write::Save(item.clone()));
                let send = visible(item, |item| ThreadStreamEvent::ThreadItemDone { item });
                Effects { write, send }
            }
            ThreadStreamEvent::ThreadItemReplaced { item } => {
                self.check_tool_call(&item)?;
                self.note_hidden(&item);
                let write = Some(Write::Save(item.clone()));
                let send = visible(item, |item| ThreadStreamEvent::ThreadItemReplaced { item });
                Effects { write, send }
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.waiting_tool_call.take_if(|waiting| *waiting == item_id);
                if let Ok(at) = self.done.binary_search(&item_id) {
                    self.done.remove(at);
                }
                Effects {
                    write: Some(Write::Delete(item_id.clone())),
                    send: Some(ThreadStreamEvent::ThreadItemRemoved { item_id }),
                }
            }
            ThreadStreamEvent::ThreadItemUpdated { item_id, update } => {
                let is_shown = self.update(&item_id, &update);
                let event = ThreadStreamEvent::ThreadItemUpdated { item_id, update };
                Effects::send(is_shown.then_some(event))
            }
            other => Effects::send(Some(other)),
        })
    }

    /// Takes an update, by far the most frequent event: all that an update can do is to be sent. Says
    /// whether it is.
    pub(crate) fn update(&mut self, item_id: &ItemId, update: &ThreadItemUpdate) -> bool {
        let is_hidden = self.pending.update(item_id, update) || self.hidden.contains(item_id);
        !is_hidden
    }

    /// Takes note that an item was written: it is in the making no more. Until then it counts as
    /// pending, so that a write that fails does not lose what was shown.
    pub(crate) fn written(&mut self, id: &ItemId) {
        self.pending.remove(id);
    }

    /// The items that are not done, in the order they were added.
    pub(crate) fn pending_items(&self) -> &[ThreadItem] {
        self.pending.items()
    }

    /// Takes the items that are not done, in the order they were added.
    pub(crate) fn take_pending_items(&mut self) -> Vec<ThreadItem> {
        std::mem::take(&mut self.pending).into_items()
    }

    /// Copies of the items that are not done, without the hidden ones.
    pub(crate) fn visible_pending_items(&self) -> Vec<ThreadItem> {
        self.pending_items().iter().filter(|item| !item.is_hidden()).cloned().collect()
    }

    /// Takes the items that this turn has shown, by id.
    pub(crate) fn take_shown(&mut self) -> Vec<ItemId> {
        let pending = self.take_pending_items();
        let pending = pending.iter().filter(|item| !item.is_hidden()).map(|item| item.id().clone());
        let mut shown = std::mem::take(&mut self.done);
        shown.retain(|id| !self.hidden.contains(id));
        shown.extend(pending);
        shown.sort();
        shown.dedup();
        shown
    }

    fn note_done(&mut self, id: &ItemId) {
        if let Err(at) = self.done.binary_search(id) {
            if self.done.is_empty() {
                self.done.reserve_exact(1);
            }
            self.done.insert(at, id.clone());
        }
    }

    fn note_hidden(&mut self, item: &ThreadItem) {
        if item.is_hidden() {
            self.hidden.insert(item.id().clone());
        } else {
            self.hidden.remove(item.id());
        }
    }

    fn check_tool_call(&mut self, item: &ThreadItem) -> Result<(), Violation> {
        let ThreadItem::ClientToolCall(call) = item else {
            return Ok(());
        };
        self.waiting_tool_call.take_if(|waiting| *waiting == call.id);
        if item.is_pending() {
            if let Some(first) = &self.waiting_tool_call {
                return Err(Violation::SecondToolCall {
                    first: first.clone(),
                    second: call.id.clone(),
                });
            }
            self.waiting_tool_call = Some(call.id.clone());
        }
        Ok(())
    }
}

impl Effects {
    fn send(event: Option<ThreadStreamEvent>) -> Self {
        Self { write: None, send: event }
    }
}

fn visible(
    item: Box<ThreadItem>,
    event: impl FnOnce(Box<ThreadItem>) -> ThreadStreamEvent,
) -> Option<ThreadStreamEvent> {
    (!item.is_hidden()).then(|| event(item))
}
