//! The store.

use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata, UserMessageItem,
};
use chatkit_server::{Checkpoint, Owner, PageRequest, Store, StoreResult, ThreadPatch, Visibility};
use rusqlite::Connection;

use crate::{
    OpenError, SqliteOptions,
    attachments::{self, AttachmentRow},
    checkpoints,
    error::Failure,
    file::FileLock,
    items::{self, ItemRow},
    open::Database,
    readers::Readers,
    threads,
    writer::Writer,
};

/// A store in one SQLite file. See the [crate's documentation](crate) for what it promises.
///
/// Dropping it waits until the writes under way are committed and closes the file.
pub struct SqliteStore {
    // In the order in which they are dropped: the connection that writes is the last to close and
    // so leaves no log behind, and only then may another process come.
    readers: Readers,
    writer: Writer,
    _lock: FileLock,
    path: Arc<Path>,
}

impl SqliteStore {
    /// Opens the database at `path`, makes it if there is none, and migrates it if an older version
    /// wrote it. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. Nothing is lost then: the file is as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, &SqliteOptions::default())
    }

    /// Opens the database at `path` in another way than the default.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        let database = Database::open(path.as_ref(), options)?;
        let path: Arc<Path> = database.path.into();
        let failed = |error| OpenError::io(&path, error);
        let writer = Writer::start(Arc::clone(&path), database.writer).map_err(failed)?;
        let readers = Readers::start(Arc::clone(&path), database.readers).map_err(failed)?;
        Ok(Self { readers, writer, _lock: database.lock, path })
    }

    /// The absolute path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn refuse<T>(&self, encoded: Result<T, Failure>) -> StoreResult<T> {
        encoded.map_err(|failure| failure.at(&self.path))
    }

    /// Reads from a thread of the owner's.
    async fn read_thread<T: Send + 'static>(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        work: impl FnOnce(&Connection, i64) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        let (owner, thread_id) = (owner.clone(), thread_id.clone());
        self.readers
            .run(move |connection| {
                let thread = threads::place(connection, &owner, &thread_id)?;
                work(connection, thread)
            })
            .await
    }

    /// Writes to a thread of the owner's.
    async fn write_thread<T: Send + 'static>(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        work: impl Fn(&Connection, i64) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        let (owner, thread_id) = (owner.clone(), thread_id.clone());
        self.writer
            .run(move |connection| {
                let thread = threads::place(connection, &owner, &thread_id)?;
                work(connection, thread)
            })
            .await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<ThreadMetadata> {
        let (owner, thread_id) = (owner.clone(), thread_id.clone());
        self.readers.run(move |connection| threads::load(connection, &owner, &thread_id)).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        let (owner, id) = (owner.clone(), thread.id.clone());
        let body = self.refuse(threads::encode(thread))?;
        self.writer.run(move |connection| threads::save(connection, &owner, &id, &body)).await
    }

    async fn update_thread(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        let (owner, id, patch) = (owner.clone(), thread_id.clone(), patch.clone());
        self.writer.run(move |connection| threads::update(connection, &owner, &id, &patch)).await
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        let (owner, page) = (owner.clone(), page.clone());
        self.readers.run(move |connection| threads::list(connection, &owner, &page)).await
    }

    async fn delete_thread(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        let (owner, id) = (owner.clone(), thread_id.clone());
        self.writer
            .run(move |connection| {
                threads::delete(connection, &owner, &id)?;
                attachments::delete_of_thread(connection, &owner, &id)
            })
            .await
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let page = page.clone();
        self.read_thread(owner, thread_id, move |connection, thread| {
            items::list(connection, thread, &page, visibility)
        })
        .await
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        let id = item_id.clone();
        self.read_thread(owner, thread_id, move |connection, thread| {
            items::load(connection, thread, &id)
        })
        .await
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let item = self.refuse(ItemRow::new(item))?;
        self.write_thread(owner, thread_id, move |connection, thread| {
            items::save(connection, thread, &item)
        })
        .await
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<()> {
        let id = item_id.clone();
        self.write_thread(owner, thread_id, move |connection, thread| {
            items::delete(connection, thread, &id)
        })
        .await
    }

    async fn complete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let item = self.refuse(ItemRow::new(item))?;
        self.write_thread(owner, thread_id, move |connection, thread| {
            items::complete(connection, thread, &item)
        })
        .await
    }

    async fn load_pending_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        self.read_thread(owner, thread_id, items::list_pending).await
    }

    async fn delete_items_after(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<usize> {
        let id = item_id.clone();
        self.write_thread(owner, thread_id, move |connection, thread| {
            items::delete_after(connection, thread, &id)
        })
        .await
    }

    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        let attachments: Vec<AttachmentRow> =
            self.refuse(message.attachments.iter().map(AttachmentRow::new).collect())?;
        let item = self.refuse(ItemRow::new(&ThreadItem::UserMessage(message.clone())))?;
        let new_thread = match new_thread {
            Some(thread) => Some((thread.id.clone(), self.refuse(threads::encode(thread))?)),
            None => None,
        };
        let (owner, thread_id) = (owner.clone(), message.thread_id.clone());
        self.writer
            .run(move |connection| {
                let mut created = None;
                if let Some((id, body)) = &new_thread {
                    let place = threads::save_and_place(connection, &owner, id, body)?;
                    created = (*id == thread_id).then_some(place);
                }
                let thread = match created {
                    Some(place) => place,
                    None => threads::place(connection, &owner, &thread_id)?,
                };
                for attachment in &attachments {
                    attachments::attach(connection, &owner, &thread_id, attachment)?;
                }
                items::save(connection, thread, &item)
            })
            .await
    }

    fn keeps_checkpoints(&self) -> bool {
        true
    }

    async fn save_checkpoint(&self, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
        let (owner, id) = (owner.clone(), checkpoint.thread_id.clone());
        let items = self.refuse(checkpoints::encode(&checkpoint.pending_items))?;
        self.writer.run(move |connection| checkpoints::save(connection, &owner, &id, &items)).await
    }

    async fn delete_checkpoint(&self, owner: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        let (owner, id) = (owner.clone(), thread_id.clone());
        self.writer.run(move |connection| checkpoints::delete(connection, &owner, &id)).await
    }

    async fn load_checkpoints(&self, limit: usize) -> StoreResult<Vec<(Owner, Checkpoint)>> {
        self.readers.run(move |connection| checkpoints::list(connection, limit)).await
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        let owner = owner.clone();
        let attachment = self.refuse(AttachmentRow::new(attachment))?;
        self.writer.run(move |connection| attachments::save(connection, &owner, &attachment)).await
    }

    async fn load_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<Attachment> {
        let (owner, id) = (owner.clone(), attachment_id.clone());
        self.readers.run(move |connection| attachments::load(connection, &owner, &id)).await
    }

    async fn delete_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> StoreResult<()> {
        let (owner, id) = (owner.clone(), attachment_id.clone());
        self.writer.run(move |connection| attachments::delete(connection, &owner, &id)).await
    }
}
