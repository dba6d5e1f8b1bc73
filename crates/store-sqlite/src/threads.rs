//! The rows of threads.

use chatkit_protocol::{Order, Page, ThreadId, ThreadMetadata};
use chatkit_server::{Owner, PageRequest, RecordKind, StoreError, ThreadPatch};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    codec,
    error::Failure,
    page::{self, Cut},
};

/// Where a thread stands among all threads, which is the key that its items and its checkpoint refer
/// to.
pub(crate) fn place(connection: &Connection, owner: &Owner, id: &ThreadId) -> Result<i64, Failure> {
    find(connection, owner, id)?.ok_or_else(|| StoreError::no_thread(id).into())
}

fn find(connection: &Connection, owner: &Owner, id: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT place FROM threads WHERE id = ?1 AND owner = ?2")?
        .query_row(params![id, owner.as_str()], |row| row.get(0))
        .optional()
}

pub(crate) fn load(
    connection: &Connection,
    owner: &Owner,
    id: &ThreadId,
) -> Result<ThreadMetadata, Failure> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM threads WHERE id = ?1 AND owner = ?2")?
        .query_row(params![id.as_str(), owner.as_str()], |row| row.get(0))
        .optional()?;
    let body = body.ok_or_else(|| StoreError::no_thread(id))?;
    codec::decode(RecordKind::Thread, id, &body)
}

/// Creates or replaces a thread whose metadata is encoded already.
pub(crate) fn save(
    connection: &Connection,
    owner: &Owner,
    id: &ThreadId,
    body: &str,
) -> Result<(), Failure> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO threads (owner, id, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET body = excluded.body WHERE owner = excluded.owner",
        )?
        .execute(params![owner.as_str(), id.as_str(), body])?;
    if changed == 0 { Err(StoreError::no_thread(id).into()) } else { Ok(()) }
}

/// As [`save`], and returns the [`place`]. Made for threads that are new.
pub(crate) fn save_and_place(
    connection: &Connection,
    owner: &Owner,
    id: &ThreadId,
    body: &str,
) -> Result<i64, Failure> {
    let created = connection
        .prepare_cached(
            "INSERT INTO threads (owner, id, body) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![owner.as_str(), id.as_str(), body])?;
    if created == 1 {
        return Ok(connection.last_insert_rowid());
    }
    save(connection, owner, id, body)?;
    place(connection, owner, id)
}

pub(crate) fn encode(thread: &ThreadMetadata) -> Result<String, Failure> {
    codec::encode(RecordKind::Thread, &thread.id, thread)
}

pub(crate) fn update(
    connection: &Connection,
    owner: &Owner,
    id: &ThreadId,
    patch: &ThreadPatch,
) -> Result<ThreadMetadata, Failure> {
    let mut thread = load(connection, owner, id)?;
    patch.apply(&mut thread);
    save(connection, owner, id, &encode(&thread)?)?;
    Ok(thread)
}

pub(crate) fn list(
    connection: &Connection,
    owner: &Owner,
    request: &PageRequest,
) -> Result<Page<ThreadMetadata>, Failure> {
    let after = match &request.after {
        None => None,
        Some(after) => Some(
            find(connection, owner, after)?
                .ok_or_else(|| StoreError::no_cursor(RecordKind::Thread, after))?,
        ),
    };
    let sql = match request.order {
        Order::Asc => {
            "SELECT id, body FROM threads WHERE owner = ?1 AND place > ?2
             ORDER BY place ASC LIMIT ?3"
        }
        Order::Desc => {
            "SELECT id, body FROM threads WHERE owner = ?1 AND place < ?2
             ORDER BY place DESC LIMIT ?3"
        }
    };
    let cut = Cut::new(request, after);
    page::read(
        connection,
        sql,
        params![owner.as_str(), cut.beyond, cut.rows],
        request,
        RecordKind::Thread,
    )
}

/// Deletes a thread and, through the foreign keys, its items and its checkpoint.
pub(crate) fn delete(connection: &Connection, owner: &Owner, id: &ThreadId) -> Result<(), Failure> {
    let deleted = connection
        .prepare_cached("DELETE FROM threads WHERE id = ?1 AND owner = ?2")?
        .execute(params![id.as_str(), owner.as_str()])?;
    if deleted == 0 { Err(StoreError::no_thread(id).into()) } else { Ok(()) }
}
