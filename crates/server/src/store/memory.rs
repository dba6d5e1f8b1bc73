//! A store in memory.

mod items;

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Order, Page, ThreadId, ThreadItem, ThreadMetadata,
    UserMessageItem,
};

use super::{PageRequest, RecordKind, Store, StoreError, StoreResult, ThreadPatch, Visibility};
use crate::Owner;
use items::Items;

/// Keeps everything in memory, for tests and for chats that need not survive.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    next: u64,
    /// Behind pointers, as the items: a table has room for more than it holds.
    threads: HashMap<ThreadId, Box<StoredThread>>,
    by_owner: HashMap<Owner, BTreeMap<u64, ThreadId>>,
    attachments: HashMap<AttachmentId, (Owner, Attachment)>,
}

#[derive(Debug)]
struct StoredThread {
    owner: Owner,
    place: u64,
    metadata: ThreadMetadata,
    items: Items,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// No call leaves the tables half changed, so a panic elsewhere does not spoil them.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<&StoredThread> {
        let found = self.threads.get(id).filter(|thread| thread.owner == *owner);
        found.map(|thread| &**thread).ok_or_else(|| StoreError::no_thread(id))
    }

    fn thread_mut(&mut self, owner: &Owner, id: &ThreadId) -> StoreResult<&mut StoredThread> {
        let found = self.threads.get_mut(id).filter(|thread| thread.owner == *owner);
        found.map(|thread| &mut **thread).ok_or_else(|| StoreError::no_thread(id))
    }

    fn attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<&Attachment> {
        match self.attachments.get(id) {
            Some((of, attachment)) if of == owner => Ok(attachment),
            _ => Err(StoreError::no_attachment(id)),
        }
    }

    fn save_thread(&mut self, owner: &Owner, metadata: &ThreadMetadata) -> StoreResult<()> {
        if self.threads.contains_key(&metadata.id) {
            self.thread_mut(owner, &metadata.id)?.metadata = metadata.clone();
            return Ok(());
        }
        let place = self.next;
        self.next += 1;
        self.by_owner.entry(owner.clone()).or_default().insert(place, metadata.id.clone());
        let thread = Box::new(StoredThread {
            owner: owner.clone(),
            place,
            metadata: metadata.clone(),
            items: Items::default(),
        });
        self.threads.insert(metadata.id.clone(), thread);
        Ok(())
    }

    fn save_attachment(&mut self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        if self.attachments.get(&attachment.id).is_some_and(|(of, _)| of != owner) {
            return Err(StoreError::no_attachment(&attachment.id));
        }
        self.attachments.insert(attachment.id.clone(), (owner.clone(), attachment.clone()));
        Ok(())
    }
}

impl StoredThread {
    fn item(&self, id: &ItemId) -> StoreResult<&ThreadItem> {
        self.items.get(id).ok_or_else(|| StoreError::no_item(id))
    }
}

/// Records of a page and those that may follow them.
type Records<'a, T> = Box<dyn Iterator<Item = &'a T> + 'a>;

/// Cuts a page out of the records behind its cursor.
fn cut<T, U>(
    mut records: Records<'_, T>,
    limit: usize,
    convert: impl Fn(&T) -> U,
    id: impl Fn(&U) -> String,
) -> Page<U> {
    let data: Vec<U> = records.by_ref().take(limit).map(convert).collect();
    let has_more = !data.is_empty() && records.next().is_some();
    let after = data.last().filter(|_| has_more).map(id);
    Page { data, has_more, after }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<ThreadMetadata> {
        Ok(self.tables().thread(owner, thread_id)?.metadata.clone())
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        self.tables().save_thread(owner, thread)
    }

    async fn update_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        let mut tables = self.tables();
        let thread = tables.thread_mut(owner, thread_id)?;
        patch.apply(&mut thread.metadata);
        Ok(thread.metadata.clone())
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        let tables = self.tables();
        let after = match &page.after {
            None => None,
            Some(id) => {
                let thread = tables.thread(owner, &ThreadId::from(id.as_str()));
                Some(thread.map_err(|_| StoreError::no_cursor(RecordKind::Thread, id))?.place)
            }
        };
        let Some(of_owner) = tables.by_owner.get(owner) else {
            return Ok(Page::default());
        };
        let threads: Records<'_, ThreadId> = match (page.order, after) {
            (Order::Asc, None) => Box::new(of_owner.values()),
            (Order::Asc, Some(after)) => {
                let behind = of_owner.range((Bound::Excluded(after), Bound::Unbounded));
                Box::new(behind.map(|(_, id)| id))
            }
            (Order::Desc, None) => Box::new(of_owner.values().rev()),
            (Order::Desc, Some(after)) => Box::new(of_owner.range(..after).rev().map(|(_, id)| id)),
        };
        let ids = cut(threads, page.limit, Clone::clone, ToString::to_string);
        let data = ids.data.iter().filter_map(|id| tables.threads.get(id));
        Ok(Page {
            data: data.map(|thread| thread.metadata.clone()).collect(),
            has_more: ids.has_more,
            after: ids.after,
        })
    }

    async fn delete_thread(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        let mut tables = self.tables();
        let place = tables.thread(owner, thread_id)?.place;
        tables.threads.remove(thread_id);
        if let Some(of_owner) = tables.by_owner.get_mut(owner) {
            of_owner.remove(&place);
        }
        tables.attachments.retain(|_, (of, attachment)| {
            of != owner || attachment.thread_id.as_ref() != Some(thread_id)
        });
        Ok(())
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let tables = self.tables();
        let items = &tables.thread(owner, thread_id)?.items;
        let no_cursor = |id: &String| StoreError::no_cursor(RecordKind::Item, id);
        let records: Records<'_, ThreadItem> = match (page.order, &page.after) {
            (Order::Asc, None) => Box::new(items.iter()),
            (Order::Asc, Some(id)) => Box::new(items.after(id).ok_or_else(|| no_cursor(id))?),
            (Order::Desc, None) => Box::new(items.iter().rev()),
            (Order::Desc, Some(id)) => {
                Box::new(items.before(id).ok_or_else(|| no_cursor(id))?.rev())
            }
        };
        let wanted = |item: &&ThreadItem| visibility == Visibility::All || !item.is_hidden();
        let records = Box::new(records.filter(wanted));
        Ok(cut(records, page.limit, ThreadItem::clone, |item| item.id().to_string()))
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.tables().thread(owner, thread_id)?.item(item_id).cloned()
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        self.tables().thread_mut(owner, thread_id)?.items.save(item.clone());
        Ok(())
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<()> {
        self.tables().thread_mut(owner, thread_id)?.items.remove(item_id);
        Ok(())
    }

    async fn complete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let mut tables = self.tables();
        let thread = tables.thread_mut(owner, thread_id)?;
        if !thread.item(item.id())?.is_pending() {
            return Err(StoreError::not_pending(item.id()));
        }
        thread.items.save(item.clone());
        Ok(())
    }

    async fn load_pending_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        let tables = self.tables();
        let items = tables.thread(owner, thread_id)?.items.iter();
        Ok(items.filter(|item| item.is_pending()).cloned().collect())
    }

    async fn delete_items_after(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<usize> {
        let mut tables = self.tables();
        let items = &mut tables.thread_mut(owner, thread_id)?.items;
        items.remove_after(item_id).ok_or_else(|| StoreError::no_item(item_id))
    }

    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        let mut tables = self.tables();
        for attachment in &message.attachments {
            let taken_by = &tables.attachment(owner, &attachment.id)?.thread_id;
            if taken_by.as_ref().is_some_and(|thread_id| *thread_id != message.thread_id) {
                return Err(StoreError::attachment_taken(&attachment.id));
            }
        }
        match new_thread {
            Some(thread) => tables.save_thread(owner, thread)?,
            None => tables.thread(owner, &message.thread_id).map(|_| ())?,
        }
        for attachment in &message.attachments {
            tables.save_attachment(owner, attachment)?;
        }
        tables
            .thread_mut(owner, &message.thread_id)?
            .items
            .save(ThreadItem::UserMessage(message.clone()));
        Ok(())
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.tables().save_attachment(owner, attachment)
    }

    async fn load_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<Attachment> {
        self.tables().attachment(owner, attachment_id).cloned()
    }

    async fn delete_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<()> {
        let mut tables = self.tables();
        tables.attachment(owner, attachment_id)?;
        tables.attachments.remove(attachment_id);
        Ok(())
    }
}
