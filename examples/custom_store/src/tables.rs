//! The rows of the store, and what a change does to them.

use chatkit_server::{
    Owner, PageRequest, RecordKind, StoreError, StoreResult,
    protocol::{
        Attachment, AttachmentId, ItemId, Order, Page, ThreadId, ThreadItem, ThreadMetadata,
    },
};
use serde::{Deserialize, Serialize};

/// A change, as it stands in the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    SaveThread { owner: String, thread: ThreadMetadata },
    DeleteThread { thread_id: ThreadId },
    SaveItem { thread_id: ThreadId, item: ThreadItem },
    DeleteItem { thread_id: ThreadId, item_id: ItemId },
    SaveAttachment { owner: String, attachment: Attachment },
    DeleteAttachment { attachment_id: AttachmentId },
}

/// Everything, in the order in which it was first saved.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) threads: Vec<ThreadRow>,
    pub(crate) attachments: Vec<(Owner, Attachment)>,
}

pub(crate) struct ThreadRow {
    pub(crate) owner: Owner,
    pub(crate) thread: ThreadMetadata,
    pub(crate) items: Vec<ThreadItem>,
}

impl Tables {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::SaveThread { owner, thread } => match self.row(&thread.id) {
                Some(row) => row.thread = thread,
                None => {
                    let owner = Owner::new(owner);
                    self.threads.push(ThreadRow { owner, thread, items: Vec::new() });
                }
            },
            Change::DeleteThread { thread_id } => {
                if let Some(at) = self.threads.iter().position(|row| row.thread.id == thread_id) {
                    let row = self.threads.remove(at);
                    self.attachments.retain(|(owner, file)| {
                        *owner != row.owner || file.thread_id.as_ref() != Some(&thread_id)
                    });
                }
            }
            Change::SaveItem { thread_id, item } => {
                if let Some(row) = self.row(&thread_id) {
                    match row.items.iter_mut().rev().find(|other| other.id() == item.id()) {
                        Some(same) => *same = item,
                        None => row.items.push(item),
                    }
                }
            }
            Change::DeleteItem { thread_id, item_id } => {
                if let Some(row) = self.row(&thread_id) {
                    row.items.retain(|item| *item.id() != item_id);
                }
            }
            Change::SaveAttachment { owner, attachment } => {
                self.attachments.retain(|(_, other)| other.id != attachment.id);
                self.attachments.push((Owner::new(owner), attachment));
            }
            Change::DeleteAttachment { attachment_id } => {
                self.attachments.retain(|(_, other)| other.id != attachment_id);
            }
        }
    }

    /// What belongs to another owner does not exist.
    pub(crate) fn thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<&ThreadRow> {
        let row = self.threads.iter().find(|row| row.thread.id == *id && row.owner == *owner);
        row.ok_or_else(|| StoreError::no_thread(id))
    }

    pub(crate) fn attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<&Attachment> {
        let found = self.attachments.iter().find(|(of, file)| file.id == *id && of == owner);
        found.map(|(_, file)| file).ok_or_else(|| StoreError::no_attachment(id))
    }

    fn row(&mut self, id: &ThreadId) -> Option<&mut ThreadRow> {
        self.threads.iter_mut().find(|row| row.thread.id == *id)
    }
}

/// Cuts a page out of rows in order. The row that the page follows may be one that is not wanted.
pub(crate) fn page<'a, T: 'a>(
    rows: impl DoubleEndedIterator<Item = &'a T>,
    request: &PageRequest,
    kind: RecordKind,
    id: impl Fn(&T) -> &str,
    wanted: impl Fn(&T) -> bool,
) -> StoreResult<Page<&'a T>> {
    let mut rows: Box<dyn Iterator<Item = &'a T>> = match request.order {
        Order::Asc => Box::new(rows),
        Order::Desc => Box::new(rows.rev()),
    };
    if let Some(after) = &request.after {
        let found = rows.by_ref().any(|row| id(row) == after);
        found.then_some(()).ok_or_else(|| StoreError::no_cursor(kind, after))?;
    }
    let mut rows = rows.filter(|row| wanted(row));
    let data: Vec<_> = rows.by_ref().take(request.limit).collect();
    let has_more = !data.is_empty() && rows.next().is_some();
    let after = data.last().filter(|_| has_more).map(|row| id(row).to_owned());
    Ok(Page { data, has_more, after })
}
