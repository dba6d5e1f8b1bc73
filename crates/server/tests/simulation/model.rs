//! What a turn has shown and stored, by the rules of the protocol alone: kept beside the engine,
//! which must come to the same.

use std::collections::{BTreeMap, BTreeSet};

use chatkit_protocol::{ItemId, ThreadItem, ThreadStreamEvent};

use crate::view::{View, text_of, update_item};

/// Milliseconds since the world began.
pub(crate) type Ms = u64;

/// One turn, from its stream options on.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The items that were added and are not done, in the order they were added.
    pub(crate) pending: Vec<Pending>,
    /// What the turn has stored and not deleted, hidden items too.
    pub(crate) stored: BTreeMap<ItemId, ThreadItem>,
    /// What clients have seen of the turn's own items.
    pub(crate) shown: BTreeSet<ItemId>,
    /// What a client shows that has read all.
    pub(crate) view: View,
    /// The events that were sent.
    pub(crate) body: Vec<ThreadStreamEvent>,
    /// An event that is to be written before it is sent.
    pub(crate) awaiting: Option<ThreadStreamEvent>,
    /// The responder did what no client could mend.
    pub(crate) broke_a_rule: bool,
    hidden: BTreeSet<ItemId>,
    waiting_call: Option<ItemId>,
}

/// An item in the making.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) item: ThreadItem,
    /// How long its text was since when; the first is when it was added.
    pub(crate) lengths: Vec<(Ms, usize)>,
}

impl Pending {
    fn new(item: ThreadItem, now: Ms) -> Self {
        let length = text_of(&item).map_or(0, |text| text.len());
        Self { item, lengths: vec![(now, length)] }
    }

    fn note_length(&mut self, now: Ms) {
        let length = text_of(&self.item).map_or(0, |text| text.len());
        match self.lengths.last_mut() {
            Some((at, last)) if *at == now => *last = length,
            _ => self.lengths.push((now, length)),
        }
    }
}

impl Model {
    /// The responder gives an event.
    pub(crate) fn yields(&mut self, event: ThreadStreamEvent, now: Ms) {
        match &event {
            ThreadStreamEvent::ThreadItemAdded { item } => {
                let pending = Pending::new((**item).clone(), now);
                match self.pending.iter_mut().find(|it| it.item.id() == item.id()) {
                    Some(before) => *before = pending,
                    None => self.pending.push(pending),
                }
                if !item.is_hidden() {
                    self.sends(event);
                }
            }
            ThreadStreamEvent::ThreadItemUpdated { item_id, update } => {
                let mut is_hidden = self.hidden.contains(item_id);
                if let Some(pending) = self.pending.iter_mut().find(|it| it.item.id() == item_id) {
                    update_item(&mut pending.item, update);
                    pending.note_length(now);
                    is_hidden |= pending.item.is_hidden();
                }
                if !is_hidden {
                    self.sends(event);
                }
            }
            ThreadStreamEvent::ThreadItemDone { item }
            | ThreadStreamEvent::ThreadItemReplaced { item } => {
                self.notes_call(item);
                if !self.broke_a_rule {
                    self.awaiting = Some(event);
                }
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.waiting_call.take_if(|waiting| waiting == item_id);
                self.awaiting = Some(event);
            }
            _ => self.sends(event),
        }
    }

    /// What the last event had written is in the store.
    pub(crate) fn written(&mut self) {
        let Some(event) = self.awaiting.take() else { return };
        match &event {
            ThreadStreamEvent::ThreadItemDone { item }
            | ThreadStreamEvent::ThreadItemReplaced { item } => {
                self.is_stored(item);
                if item.is_hidden() {
                    self.hidden.insert(item.id().clone());
                    return;
                }
                self.hidden.remove(item.id());
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.pending.retain(|pending| pending.item.id() != item_id);
                self.stored.remove(item_id);
            }
            _ => {}
        }
        self.sends(event);
    }

    /// An item was stored: it is in the making no more.
    pub(crate) fn is_stored(&mut self, item: &ThreadItem) {
        self.pending.retain(|pending| pending.item.id() != item.id());
        self.stored.insert(item.id().clone(), item.clone());
    }

    /// An event goes out to clients.
    pub(crate) fn sends(&mut self, event: ThreadStreamEvent) {
        match &event {
            ThreadStreamEvent::ThreadItemAdded { item }
            | ThreadStreamEvent::ThreadItemDone { item } => {
                self.shown.insert(item.id().clone());
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.shown.remove(item_id);
            }
            _ => {}
        }
        self.view.apply(&event);
        self.body.push(event);
    }

    pub(crate) fn pending_item(&self, id: &ItemId) -> Option<&ThreadItem> {
        self.pending.iter().map(|pending| &pending.item).find(|item| item.id() == id)
    }

    /// The output of a client tool names no call, so a turn may wait for one only.
    fn notes_call(&mut self, item: &ThreadItem) {
        if !matches!(item, ThreadItem::ClientToolCall(_)) {
            return;
        }
        self.waiting_call.take_if(|waiting| waiting == item.id());
        if item.is_pending() {
            self.broke_a_rule = self.waiting_call.is_some();
            self.waiting_call = Some(item.id().clone());
        }
    }
}
