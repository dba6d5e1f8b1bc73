//! The store: tables in memory, every change first in the journal.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chatkit_server::{
    Owner, PageRequest, RecordKind, Store, StoreError, StoreResult, Visibility, async_trait,
    protocol::{Attachment, AttachmentId, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata},
};

use crate::tables::{Change, Tables, ThreadRow, page};

/// Keeps threads in a journal: a file with one change per line, read back at the start.
pub struct JournalStore(Mutex<State>);

struct State {
    tables: Tables,
    journal: File,
}

impl JournalStore {
    /// Opens a journal, or begins one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or a line of it is no change.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let journal = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut tables = Tables::default();
        for line in BufReader::new(&journal).lines() {
            tables.apply(serde_json::from_str(&line?)?);
        }
        Ok(Self(Mutex::new(State { tables, journal })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What returned `Ok` is in the journal.
    fn commit(&mut self, change: Change) -> StoreResult<()> {
        let mut line = serde_json::to_vec(&change).map_err(StoreError::backend)?;
        line.push(b'\n');
        self.journal.write_all(&line).map_err(StoreError::backend)?;
        self.tables.apply(change);
        Ok(())
    }
}

impl std::fmt::Debug for JournalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for JournalStore {
    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        Ok(self.state().tables.thread(owner, id)?.thread.clone())
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        let mut state = self.state();
        let taken = |row: &ThreadRow| row.thread.id == thread.id && row.owner != *owner;
        if state.tables.threads.iter().any(taken) {
            return Err(StoreError::no_thread(&thread.id));
        }
        let owner = owner.as_str().to_owned();
        state.commit(Change::SaveThread { owner, thread: thread.clone() })
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        request: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        let state = self.state();
        let rows = state.tables.threads.iter().filter(|row| row.owner == *owner);
        let threads = rows.map(|row| &row.thread);
        Ok(page(threads, request, RecordKind::Thread, |thread| &thread.id, |_| true)?
            .map(Clone::clone))
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        let mut state = self.state();
        state.tables.thread(owner, id)?;
        state.commit(Change::DeleteThread { thread_id: id.clone() })
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        request: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let state = self.state();
        let items = state.tables.thread(owner, thread_id)?.items.iter();
        let wanted = |item: &ThreadItem| visibility == Visibility::All || !item.is_hidden();
        Ok(page(items, request, RecordKind::Item, |item| item.id(), wanted)?.map(Clone::clone))
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        let state = self.state();
        let row = state.tables.thread(owner, thread_id)?;
        let found = row.items.iter().find(|item| item.id() == id);
        found.cloned().ok_or_else(|| StoreError::no_item(id))
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let mut state = self.state();
        state.tables.thread(owner, thread_id)?;
        state.commit(Change::SaveItem { thread_id: thread_id.clone(), item: item.clone() })
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<()> {
        let mut state = self.state();
        state.tables.thread(owner, thread_id)?;
        state.commit(Change::DeleteItem { thread_id: thread_id.clone(), item_id: id.clone() })
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        let mut state = self.state();
        let taken = |(of, file): &(Owner, Attachment)| file.id == attachment.id && of != owner;
        if state.tables.attachments.iter().any(taken) {
            return Err(StoreError::no_attachment(&attachment.id));
        }
        let owner = owner.as_str().to_owned();
        state.commit(Change::SaveAttachment { owner, attachment: attachment.clone() })
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.state().tables.attachment(owner, id).cloned()
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        let mut state = self.state();
        state.tables.attachment(owner, id)?;
        state.commit(Change::DeleteAttachment { attachment_id: id.clone() })
    }
}
