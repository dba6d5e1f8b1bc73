//! Where threads are kept.

mod attachment;
mod checkpoint;
mod error;
mod memory;
mod observed;
mod page;
mod patch;

pub use attachment::{AttachmentError, AttachmentStore};
pub use checkpoint::Checkpoint;
pub use error::{RecordKind, StoreError};
pub use memory::MemoryStore;
pub use observed::ObservedStore;
pub use page::{PageRequest, Visibility};
pub use patch::ThreadPatch;

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Order, Page, ThreadId, ThreadItem, ThreadMetadata,
    UserMessageItem,
};

use crate::{IdKind, Owner, id};

/// The result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;

/// Keeps threads, their items and the records of attachments.
///
/// Rules for every implementation, checked by the conformance suite in `chatkit-testkit`:
///
/// - Each row belongs to an owner. What belongs to another owner is
///   [not found](StoreError::NotFound), in every call.
/// - The order of threads and of a thread's items is the order in which they were first saved,
///   whatever their `created_at` says. Saving again keeps the place.
/// - A call that returned `Ok` is durable as far as the store promises durability at all; one that
///   failed changed nothing.
/// - Item ids are unique within their thread, thread and attachment ids everywhere.
///
/// The methods with a default are correct for a single writer per thread, which
/// [`ChatKit`](crate::ChatKit) guarantees within one process; a store with transactions should
/// override them to make them atomic.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Mints the id of a new thread. Ids must be unguessable.
    fn generate_thread_id(&self) -> ThreadId {
        id::new_thread_id()
    }

    /// Mints the id of a new item.
    fn generate_item_id(&self, kind: IdKind, thread: &ThreadId) -> ItemId {
        let _ = thread;
        id::new_item_id(kind)
    }

    /// Loads a thread without its items.
    async fn load_thread(&self, owner: &Owner, thread_id: &ThreadId)
    -> StoreResult<ThreadMetadata>;

    /// Creates a thread, or replaces its metadata as a whole.
    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()>;

    /// Changes some of a thread's fields and returns the thread as it is then.
    ///
    /// Fields that the patch does not name keep what others wrote in the meantime.
    async fn update_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        let mut thread = self.load_thread(owner, thread_id).await?;
        patch.apply(&mut thread);
        self.save_thread(owner, &thread).await?;
        Ok(thread)
    }

    /// Loads a page of the owner's threads.
    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>>;

    /// Deletes a thread with its items and the records of its attachments.
    async fn delete_thread(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()>;

    /// Loads a page of a thread's items. A page is as full as it can be: items that are not
    /// visible are left out before the page is cut.
    async fn load_thread_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>>;

    /// Loads one item.
    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<ThreadItem>;

    /// Appends an item, or replaces the one with the same id in its place.
    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()>;

    /// Deletes an item. Deleting one that does not exist is no error.
    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<()>;

    /// Replaces an item only if the stored one still [waits for the client](ThreadItem::is_pending).
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when the stored item does not wait (any more), so that of two
    /// submissions exactly one wins.
    async fn complete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        if !self.load_item(owner, thread_id, item.id()).await?.is_pending() {
            return Err(StoreError::not_pending(item.id()));
        }
        self.save_item(owner, thread_id, item).await
    }

    /// Loads the items that [wait for the client](ThreadItem::is_pending), oldest first.
    async fn load_pending_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        let mut pending = Vec::new();
        let mut request = PageRequest::first(100, Order::Asc);
        loop {
            let page =
                self.load_thread_items(owner, thread_id, &request, Visibility::Visible).await?;
            request.after = page.data.last().map(|item| item.id().to_string());
            pending.extend(page.data.into_iter().filter(ThreadItem::is_pending));
            if !page.has_more {
                return Ok(pending);
            }
        }
    }

    /// Deletes everything after an item, hidden items too, in one step. Returns how many were
    /// deleted.
    async fn delete_items_after(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<usize> {
        let mut after = Vec::new();
        let mut request = PageRequest::first(100, Order::Asc);
        request.after = Some(item_id.to_string());
        loop {
            let page = self.load_thread_items(owner, thread_id, &request, Visibility::All).await?;
            request.after = page.data.last().map(|item| item.id().to_string());
            after.extend(page.data.into_iter().map(|item| item.id().clone()));
            if !page.has_more {
                break;
            }
        }
        for item_id in &after {
            self.delete_item(owner, thread_id, item_id).await?;
        }
        Ok(after.len())
    }

    /// Appends a user message in one step with what belongs to it: the new thread, if it is the
    /// first message, and the attachments, which then belong to the thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] when an attachment or the thread does not exist,
    /// [`StoreError::Conflict`] when an attachment belongs to another thread already.
    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        for attachment in &message.attachments {
            let stored = self.load_attachment(owner, &attachment.id).await?;
            if stored.thread_id.is_some_and(|thread_id| thread_id != message.thread_id) {
                return Err(StoreError::attachment_taken(&attachment.id));
            }
        }
        match new_thread {
            Some(thread) => self.save_thread(owner, thread).await?,
            None => drop(self.load_thread(owner, &message.thread_id).await?),
        }
        for attachment in &message.attachments {
            self.save_attachment(owner, attachment).await?;
        }
        let item = ThreadItem::UserMessage(message.clone());
        self.save_item(owner, &message.thread_id, &item).await
    }

    /// Whether checkpoints are kept; always the same answer. When not, none are made, and the three
    /// calls below do nothing.
    fn keeps_checkpoints(&self) -> bool {
        false
    }

    /// Notes that a turn of the thread is under way, and what it has shown so far; takes the place
    /// of the thread's checkpoint before. A checkpoint of a thread that does not exist, or not for
    /// this owner, is dropped without an error: the turn may be that of a thread being deleted.
    ///
    /// A thread takes its checkpoint along when it is deleted. The items of a checkpoint are not the
    /// thread's: no other call finds or counts them, and none changes the checkpoint.
    async fn save_checkpoint(&self, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
        let _ = (owner, checkpoint);
        Ok(())
    }

    /// Forgets the thread's checkpoint: its turn is over. None to forget is no error, nor is a
    /// thread that does not exist, or not for this owner.
    async fn delete_checkpoint(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        let _ = (owner, thread_id);
        Ok(())
    }

    /// Loads at most `limit` checkpoints, of all owners, oldest thread first. Each is loaded until
    /// it or its thread is deleted.
    ///
    /// Before the first turn begins, these are the turns that a crash left open. Later they include
    /// turns under way, which a store does not tell apart; one that several processes share leaves
    /// out the turns that another process still runs.
    ///
    /// An item that cannot be read any more is left out of its checkpoint, rather than that one
    /// damaged record keeps all turns from being closed.
    async fn load_checkpoints(&self, limit: usize) -> StoreResult<Vec<(Owner, Checkpoint)>> {
        let _ = limit;
        Ok(Vec::new())
    }

    /// Creates or replaces the record of an attachment.
    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()>;

    /// Loads the record of an attachment.
    async fn load_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<Attachment>;

    /// Deletes the record of an attachment.
    async fn delete_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<()>;
}
