//! The rows of attachment records.

use chatkit_protocol::{Attachment, AttachmentId, ThreadId};
use chatkit_server::{Owner, RecordKind, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{codec, error::Failure};

/// The record of an attachment as its row holds it, encoded before it comes to the thread that
/// writes.
#[derive(Debug)]
pub(crate) struct AttachmentRow {
    id: AttachmentId,
    thread_id: Option<ThreadId>,
    body: String,
}

impl AttachmentRow {
    pub(crate) fn new(attachment: &Attachment) -> Result<Self, Failure> {
        Ok(Self {
            id: attachment.id.clone(),
            thread_id: attachment.thread_id.clone(),
            body: codec::encode(RecordKind::Attachment, &attachment.id, attachment)?,
        })
    }
}

pub(crate) fn save(
    connection: &Connection,
    owner: &Owner,
    attachment: &AttachmentRow,
) -> Result<(), Failure> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO attachments (owner, id, thread_id, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET thread_id = excluded.thread_id, body = excluded.body
             WHERE owner = excluded.owner",
        )?
        .execute(params![
            owner.as_str(),
            attachment.id.as_str(),
            attachment.thread_id.as_deref(),
            attachment.body
        ])?;
    if changed == 0 { Err(StoreError::no_attachment(&attachment.id).into()) } else { Ok(()) }
}

/// Replaces the record of an attachment that exists and belongs to no thread but this one.
pub(crate) fn attach(
    connection: &Connection,
    owner: &Owner,
    thread_id: &ThreadId,
    attachment: &AttachmentRow,
) -> Result<(), Failure> {
    let stored: Option<Option<String>> = connection
        .prepare_cached("SELECT thread_id FROM attachments WHERE id = ?1 AND owner = ?2")?
        .query_row(params![attachment.id.as_str(), owner.as_str()], |row| row.get(0))
        .optional()?;
    let of_thread = stored.ok_or_else(|| StoreError::no_attachment(&attachment.id))?;
    if of_thread.is_some_and(|other| *thread_id != *other) {
        return Err(StoreError::attachment_taken(&attachment.id).into());
    }
    save(connection, owner, attachment)
}

pub(crate) fn load(
    connection: &Connection,
    owner: &Owner,
    id: &AttachmentId,
) -> Result<Attachment, Failure> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM attachments WHERE id = ?1 AND owner = ?2")?
        .query_row(params![id.as_str(), owner.as_str()], |row| row.get(0))
        .optional()?;
    let body = body.ok_or_else(|| StoreError::no_attachment(id))?;
    codec::decode(RecordKind::Attachment, id, &body)
}

pub(crate) fn delete(
    connection: &Connection,
    owner: &Owner,
    id: &AttachmentId,
) -> Result<(), Failure> {
    let deleted = connection
        .prepare_cached("DELETE FROM attachments WHERE id = ?1 AND owner = ?2")?
        .execute(params![id.as_str(), owner.as_str()])?;
    if deleted == 0 { Err(StoreError::no_attachment(id).into()) } else { Ok(()) }
}

/// Deletes the records of a thread's attachments.
pub(crate) fn delete_of_thread(
    connection: &Connection,
    owner: &Owner,
    thread_id: &ThreadId,
) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM attachments WHERE thread_id = ?1 AND owner = ?2")?
        .execute(params![thread_id.as_str(), owner.as_str()])?;
    Ok(())
}
