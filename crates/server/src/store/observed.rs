//! A store whose calls are timed.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata, UserMessageItem,
};
use tokio::time::Instant;

use super::{Checkpoint, PageRequest, Store, StoreError, StoreResult, ThreadPatch, Visibility};
use crate::{IdKind, Observer, Owner, StoreOutcome};

/// A store in front of another: passes each call on, and tells an [`Observer`] how long it took
/// and how it went. A call that its caller gives up is not told.
///
/// ```
/// use std::sync::Arc;
/// use chatkit_server::{MemoryStore, ObservedStore, Observer, Store};
///
/// fn observed(observer: Arc<dyn Observer>) -> Arc<dyn Store> {
///     Arc::new(ObservedStore::new(Arc::new(MemoryStore::new()), observer))
/// }
/// ```
pub struct ObservedStore {
    store: Arc<dyn Store>,
    observer: Arc<dyn Observer>,
}

impl ObservedStore {
    /// Tells `observer` of each call of `store`.
    pub fn new(store: Arc<dyn Store>, observer: Arc<dyn Observer>) -> Self {
        Self { store, observer }
    }

    async fn timed<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let begun = Instant::now();
        let result = call.await;
        self.observer.store_called(operation, outcome(&result), begun.elapsed());
        result
    }
}

fn outcome<T>(result: &StoreResult<T>) -> StoreOutcome {
    match result {
        Ok(_) => StoreOutcome::Ok,
        Err(StoreError::NotFound { .. }) => StoreOutcome::NotFound,
        Err(StoreError::Conflict(_)) => StoreOutcome::Conflict,
        Err(StoreError::Backend(_)) => StoreOutcome::Error,
    }
}

impl fmt::Debug for ObservedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedStore").finish_non_exhaustive()
    }
}

// Each method of the trait has to stand here, those with a default too: the store behind may have
// one of its own.
#[async_trait]
impl Store for ObservedStore {
    fn generate_thread_id(&self) -> ThreadId {
        self.store.generate_thread_id()
    }

    fn generate_item_id(&self, kind: IdKind, thread: &ThreadId) -> ItemId {
        self.store.generate_item_id(kind, thread)
    }

    fn keeps_checkpoints(&self) -> bool {
        self.store.keeps_checkpoints()
    }

    async fn load_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<ThreadMetadata> {
        self.timed("load_thread", self.store.load_thread(owner, thread_id)).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        self.timed("save_thread", self.store.save_thread(owner, thread)).await
    }

    async fn update_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        self.timed("update_thread", self.store.update_thread(owner, thread_id, patch)).await
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        self.timed("load_threads", self.store.load_threads(owner, page)).await
    }

    async fn delete_thread(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        self.timed("delete_thread", self.store.delete_thread(owner, thread_id)).await
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        self.timed(
            "load_thread_items",
            self.store.load_thread_items(owner, thread_id, page, visibility),
        )
        .await
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.timed("load_item", self.store.load_item(owner, thread_id, item_id)).await
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        self.timed("save_item", self.store.save_item(owner, thread_id, item)).await
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<()> {
        self.timed("delete_item", self.store.delete_item(owner, thread_id, item_id)).await
    }

    async fn complete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        self.timed("complete_item", self.store.complete_item(owner, thread_id, item)).await
    }

    async fn load_pending_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        self.timed("load_pending_items", self.store.load_pending_items(owner, thread_id)).await
    }

    async fn delete_items_after(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<usize> {
        self.timed("delete_items_after", self.store.delete_items_after(owner, thread_id, item_id))
            .await
    }

    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        self.timed("add_user_message", self.store.add_user_message(owner, new_thread, message))
            .await
    }

    async fn save_checkpoint(&self, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
        self.timed("save_checkpoint", self.store.save_checkpoint(owner, checkpoint)).await
    }

    async fn delete_checkpoint(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        self.timed("delete_checkpoint", self.store.delete_checkpoint(owner, thread_id)).await
    }

    async fn load_checkpoints(&self, limit: usize) -> StoreResult<Vec<(Owner, Checkpoint)>> {
        self.timed("load_checkpoints", self.store.load_checkpoints(limit)).await
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.timed("save_attachment", self.store.save_attachment(owner, attachment)).await
    }

    async fn load_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<Attachment> {
        self.timed("load_attachment", self.store.load_attachment(owner, attachment_id)).await
    }

    async fn delete_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<()> {
        self.timed("delete_attachment", self.store.delete_attachment(owner, attachment_id)).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The names of the functions of a source text up to its tests.
    fn functions(source: &str) -> BTreeSet<&str> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let words = source.split_whitespace().collect::<Vec<_>>();
        let named = words.windows(2).filter(|words| words[0] == "fn");
        named.filter_map(|words| words[1].split(['(', '<']).next()).collect()
    }

    /// A method with a default that is missing here would silently bypass the store's own.
    #[test]
    fn every_method_of_the_trait_is_passed_on() {
        let (wanted, there) = (include_str!("mod.rs"), include_str!("observed.rs"));
        let (wanted, there) = (functions(wanted), functions(there));
        assert!(wanted.len() > 20, "{wanted:?}");
        let missing: Vec<_> = wanted.difference(&there).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
