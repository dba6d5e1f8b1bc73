//! A store that implements only what it must keeps all rules for a single writer per thread.

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata,
};
use chatkit_server::{MemoryStore, Owner, PageRequest, Store, StoreResult, Visibility};

chatkit_testkit::store_conformance!(|| async { OnlyRequired::default() }, single_writer);

/// Hands on what every store must implement and leaves the rest to the trait's defaults.
#[derive(Default)]
struct OnlyRequired(MemoryStore);

#[async_trait]
impl Store for OnlyRequired {
    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        self.0.load_thread(owner, id).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        self.0.save_thread(owner, thread).await
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        self.0.load_threads(owner, page).await
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        self.0.delete_thread(owner, id).await
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        self.0.load_thread_items(owner, id, page, visibility).await
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.0.load_item(owner, thread_id, id).await
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        self.0.save_item(owner, thread_id, item).await
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<()> {
        self.0.delete_item(owner, thread_id, id).await
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.0.save_attachment(owner, attachment).await
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.0.load_attachment(owner, id).await
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        self.0.delete_attachment(owner, id).await
    }
}
