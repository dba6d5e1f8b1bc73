//! What outlives the process.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chatkit_protocol::{ItemId, Order, ThreadId, ThreadItem};
use chatkit_server::{
    Checkpoint, MemoryStore, Owner, PageRequest, Store as _, StoreError, Visibility,
};
use futures_util::FutureExt as _;

use crate::world::Key;

/// The contents of a store: a memory store answers at once, so they can be looked at in between.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) memory: MemoryStore,
    checkpoints: Mutex<BTreeMap<Key, Checkpoint>>,
}

impl Disk {
    pub(crate) fn checkpoints(&self) -> MutexGuard<'_, BTreeMap<Key, Checkpoint>> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has_thread(&self, (owner, thread_id): &Key) -> bool {
        self.memory.load_thread(owner, thread_id).now_or_never().unwrap().is_ok()
    }

    pub(crate) fn item(&self, (owner, thread_id): &Key, id: &ItemId) -> Option<ThreadItem> {
        match self.memory.load_item(owner, thread_id, id).now_or_never().unwrap() {
            Ok(item) => Some(item),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// All items of a thread, hidden ones too, oldest first; none of a thread that does not exist.
    pub(crate) fn items(&self, (owner, thread_id): &Key) -> Vec<ThreadItem> {
        let all = PageRequest::first(usize::MAX, Order::Asc);
        let page = self.memory.load_thread_items(owner, thread_id, &all, Visibility::All);
        page.now_or_never().unwrap().map(|page| page.data).unwrap_or_default()
    }

    pub(crate) fn threads(&self, owner: &Owner) -> Vec<ThreadId> {
        let all = PageRequest::first(usize::MAX, Order::Asc);
        let page = self.memory.load_threads(owner, &all).now_or_never().unwrap().unwrap();
        page.data.into_iter().map(|thread| thread.id).collect()
    }
}
