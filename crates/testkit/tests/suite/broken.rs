//! A store with one fault.

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Order, Page, ThreadId, ThreadItem, ThreadMetadata,
    UserMessageItem,
};
use chatkit_server::{
    Checkpoint, MemoryStore, Owner, PageRequest, RecordKind, Store, StoreError, StoreResult,
    ThreadPatch, Visibility,
};
use tokio::sync::Mutex;

use crate::notes::Notes;

/// What a store may get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    ItemsSortedByTime,
    SavingMovesToTheEnd,
    HiddenItemsCutOutOfThePage,
    AlwaysMore,
    UnknownCursorIsTheFirstPage,
    OwnersNotChecked,
    AttachmentsStayWithoutTheirThread,
    HiddenItemsSurviveDeletingAfter,
    PatchReplacesTheThread,
    CompletedTwice,
    PendingItemsNewestFirst,
    OrphanThread,
    AttachmentsNotChecked,
    TextCutAtNul,
    IdsTrimmed,
    EveryHundredthItemLost,
    CheckpointsLoadedThoughNoneAreKept,
    CheckpointsStayWithoutTheirThread,
    CheckpointsOfNoThreadKept,
    CheckpointsOfAnotherReplaced,
    CheckpointsCheckedTooEarly,
    CheckpointsAdded,
    CheckpointsAreItems,
    CheckpointsNewestThreadFirst,
    CheckpointsWithoutLimit,
}

/// A store in memory that keeps checkpoints, with one fault at most.
pub(crate) struct Broken {
    store: MemoryStore,
    /// Held while a thread is made or deleted, so that a checkpoint finds it there or not.
    notes: Mutex<Notes>,
    fault: Option<Fault>,
}

impl Broken {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { store: MemoryStore::new(), notes: Mutex::default(), fault }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn owner(&self, owner: &Owner) -> Owner {
        if self.has(Fault::OwnersNotChecked) { Owner::default() } else { owner.clone() }
    }

    fn item_id(&self, id: &ItemId) -> ItemId {
        if self.has(Fault::IdsTrimmed) { id.trim().into() } else { id.clone() }
    }
}

#[async_trait]
impl Store for Broken {
    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        self.store.load_thread(&self.owner(owner), id).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        let mut notes = self.notes.lock().await;
        self.store.save_thread(&self.owner(owner), thread).await?;
        notes.add_thread(&thread.id);
        Ok(())
    }

    async fn update_thread(
        &self,
        owner: &Owner,
        id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        if !self.has(Fault::PatchReplacesTheThread) {
            return self.store.update_thread(&self.owner(owner), id, patch).await;
        }
        let mut thread = self.load_thread(owner, id).await?;
        tokio::task::yield_now().await;
        patch.apply(&mut thread);
        self.save_thread(owner, &thread).await?;
        Ok(thread)
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        self.store.load_threads(&self.owner(owner), page).await
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        let mut notes = self.notes.lock().await;
        if !self.has(Fault::AttachmentsStayWithoutTheirThread) {
            self.store.delete_thread(&self.owner(owner), id).await?;
            if !self.has(Fault::CheckpointsStayWithoutTheirThread) {
                notes.delete_thread(id);
            }
            return Ok(());
        }
        let file = AttachmentId::from("file");
        let kept = self.store.load_attachment(owner, &file).await;
        self.store.delete_thread(owner, id).await?;
        match kept {
            Ok(kept) => self.store.save_attachment(owner, &kept).await,
            Err(_) => Ok(()),
        }
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
        request: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let owner = &self.owner(owner);
        let cut_late = self.has(Fault::HiddenItemsCutOutOfThePage);
        let asked = if cut_late { Visibility::All } else { visibility };
        let mut page = self.store.load_thread_items(owner, id, request, asked).await;
        if self.has(Fault::UnknownCursorIsTheFirstPage)
            && matches!(page, Err(StoreError::NotFound { kind: RecordKind::Item, .. }))
        {
            let first = PageRequest::first(request.limit, request.order);
            page = self.store.load_thread_items(owner, id, &first, asked).await;
        }
        let mut page = page?;
        if cut_late && visibility == Visibility::Visible {
            page.data.retain(|item| !item.is_hidden());
        }
        if self.has(Fault::ItemsSortedByTime) {
            page.data.sort_by_key(ThreadItem::created_at);
        }
        if self.has(Fault::AlwaysMore) {
            page.has_more = !page.data.is_empty();
        }
        Ok(page)
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.store.load_item(&self.owner(owner), thread_id, &self.item_id(id)).await
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let owner = &self.owner(owner);
        if self.has(Fault::SavingMovesToTheEnd) {
            self.store.delete_item(owner, thread_id, item.id()).await?;
        }
        if self.has(Fault::EveryHundredthItemLost) && item.id().ends_with("99") {
            return self.store.load_thread(owner, thread_id).await.map(drop);
        }
        let mut item = item.clone();
        if let ThreadItem::AssistantMessage(message) = &mut item {
            if self.has(Fault::TextCutAtNul) {
                for content in &mut message.content {
                    content.text.truncate(content.text.find('\0').unwrap_or(usize::MAX));
                }
            }
            message.id = self.item_id(&message.id);
        }
        self.store.save_item(owner, thread_id, &item).await
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<()> {
        self.store.delete_item(&self.owner(owner), thread_id, &self.item_id(id)).await
    }

    async fn complete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        if !self.has(Fault::CompletedTwice) {
            return self.store.complete_item(&self.owner(owner), thread_id, item).await;
        }
        if !self.load_item(owner, thread_id, item.id()).await?.is_pending() {
            return Err(StoreError::not_pending(item.id()));
        }
        tokio::task::yield_now().await;
        self.save_item(owner, thread_id, item).await
    }

    async fn load_pending_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        let mut items = self.store.load_pending_items(&self.owner(owner), id).await?;
        if self.has(Fault::PendingItemsNewestFirst) {
            items.reverse();
        }
        Ok(items)
    }

    async fn delete_items_after(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<usize> {
        if !self.has(Fault::HiddenItemsSurviveDeletingAfter) {
            return self.store.delete_items_after(&self.owner(owner), thread_id, id).await;
        }
        let after = PageRequest { limit: 10_000, order: Order::Asc, after: Some(id.to_string()) };
        let page =
            self.store.load_thread_items(owner, thread_id, &after, Visibility::Visible).await?;
        for item in &page.data {
            self.store.delete_item(owner, thread_id, item.id()).await?;
        }
        Ok(page.data.len())
    }

    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        let owner = &self.owner(owner);
        if let Some(thread) = new_thread.filter(|_| self.has(Fault::OrphanThread)) {
            self.store.save_thread(owner, thread).await?;
        }
        if self.has(Fault::AttachmentsNotChecked) {
            for attachment in &message.attachments {
                self.store.save_attachment(owner, attachment).await?;
            }
        }
        let mut notes = self.notes.lock().await;
        self.store.add_user_message(owner, new_thread, message).await?;
        notes.add_thread(&message.thread_id);
        Ok(())
    }

    fn keeps_checkpoints(&self) -> bool {
        !self.has(Fault::CheckpointsLoadedThoughNoneAreKept)
    }

    async fn save_checkpoint(&self, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
        let (id, mut saved) = (&checkpoint.thread_id, checkpoint.clone());
        let mut notes = self.notes.lock().await;
        let exists = self.store.load_thread(owner, id).await.is_ok();
        if self.has(Fault::CheckpointsCheckedTooEarly) {
            drop(notes);
            tokio::task::yield_now().await;
            notes = self.notes.lock().await;
            if exists {
                notes.add_thread(id);
            }
        }
        if self.has(Fault::CheckpointsOfNoThreadKept) {
            notes.add_thread(id);
        } else if !exists && !self.has(Fault::CheckpointsOfAnotherReplaced) {
            return Ok(());
        }
        if self.has(Fault::CheckpointsAreItems) {
            for item in &saved.pending_items {
                self.store.save_item(owner, id, item).await?;
            }
        }
        if self.has(Fault::CheckpointsAdded) {
            let before = notes.put(id, None).map(|(_, before)| before.pending_items);
            saved.pending_items.splice(0..0, before.unwrap_or_default());
        }
        notes.put(id, Some((owner.clone(), saved)));
        Ok(())
    }

    async fn delete_checkpoint(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        let mut notes = self.notes.lock().await;
        if self.store.load_thread(owner, thread_id).await.is_ok() {
            notes.put(thread_id, None);
        }
        Ok(())
    }

    async fn load_checkpoints(&self, limit: usize) -> StoreResult<Vec<(Owner, Checkpoint)>> {
        let mut list = self.notes.lock().await.list();
        if self.has(Fault::CheckpointsNewestThreadFirst) {
            list.reverse();
        }
        if !self.has(Fault::CheckpointsWithoutLimit) {
            list.truncate(limit);
        }
        Ok(list)
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.store.save_attachment(&self.owner(owner), attachment).await
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.store.load_attachment(&self.owner(owner), id).await
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        self.store.delete_attachment(&self.owner(owner), id).await
    }
}
