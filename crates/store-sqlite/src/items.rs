//! The rows of items.

use chatkit_protocol::{ItemId, Order, Page, ThreadItem};
use chatkit_server::{PageRequest, RecordKind, StoreError, Visibility};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    codec,
    error::Failure,
    page::{self, Cut},
};

/// An item as its row holds it, encoded before it comes to the thread that writes.
#[derive(Debug)]
pub(crate) struct ItemRow {
    pub(crate) id: ItemId,
    kind: &'static str,
    hidden: bool,
    pending: bool,
    body: String,
}

impl ItemRow {
    pub(crate) fn new(item: &ThreadItem) -> Result<Self, Failure> {
        Ok(Self {
            id: item.id().clone(),
            kind: item.kind(),
            hidden: item.is_hidden(),
            pending: item.is_pending(),
            body: codec::encode(RecordKind::Item, item.id(), item)?,
        })
    }
}

/// Appends an item, or replaces the one with the same id in its place.
pub(crate) fn save(connection: &Connection, thread: i64, item: &ItemRow) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO items (thread, seq, id, kind, hidden, pending, body)
             VALUES (
                 ?1,
                 (SELECT coalesce(max(seq), 0) + 1 FROM items WHERE thread = ?1),
                 ?2, ?3, ?4, ?5, ?6
             )
             ON CONFLICT (thread, id) DO UPDATE SET
                 kind = excluded.kind, hidden = excluded.hidden,
                 pending = excluded.pending, body = excluded.body",
        )?
        .execute(params![
            thread,
            item.id.as_str(),
            item.kind,
            item.hidden,
            item.pending,
            item.body
        ])?;
    Ok(())
}

/// Replaces an item that waits for the client.
pub(crate) fn complete(
    connection: &Connection,
    thread: i64,
    item: &ItemRow,
) -> Result<(), Failure> {
    let completed = connection
        .prepare_cached(
            "UPDATE items SET kind = ?3, hidden = ?4, pending = ?5, body = ?6
             WHERE thread = ?1 AND id = ?2 AND pending = 1",
        )?
        .execute(params![
            thread,
            item.id.as_str(),
            item.kind,
            item.hidden,
            item.pending,
            item.body
        ])?;
    if completed == 1 {
        return Ok(());
    }
    find(connection, thread, &item.id)?.ok_or_else(|| StoreError::no_item(&item.id))?;
    Err(StoreError::not_pending(&item.id).into())
}

fn find(connection: &Connection, thread: i64, id: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT seq FROM items WHERE thread = ?1 AND id = ?2")?
        .query_row(params![thread, id], |row| row.get(0))
        .optional()
}

pub(crate) fn load(
    connection: &Connection,
    thread: i64,
    id: &ItemId,
) -> Result<ThreadItem, Failure> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM items WHERE thread = ?1 AND id = ?2")?
        .query_row(params![thread, id.as_str()], |row| row.get(0))
        .optional()?;
    let body = body.ok_or_else(|| StoreError::no_item(id))?;
    codec::decode(RecordKind::Item, id, &body)
}

pub(crate) fn list(
    connection: &Connection,
    thread: i64,
    request: &PageRequest,
    visibility: Visibility,
) -> Result<Page<ThreadItem>, Failure> {
    let after = match &request.after {
        None => None,
        Some(after) => Some(
            find(connection, thread, after)?
                .ok_or_else(|| StoreError::no_cursor(RecordKind::Item, after))?,
        ),
    };
    let sql = page_sql(visibility, request.order);
    let cut = Cut::new(request, after);
    page::read(connection, sql, params![thread, cut.beyond, cut.rows], request, RecordKind::Item)
}

fn page_sql(visibility: Visibility, order: Order) -> &'static str {
    match (visibility, order) {
        (Visibility::All, Order::Asc) => {
            "SELECT id, body FROM items WHERE thread = ?1 AND seq > ?2
             ORDER BY seq ASC LIMIT ?3"
        }
        (Visibility::All, Order::Desc) => {
            "SELECT id, body FROM items WHERE thread = ?1 AND seq < ?2
             ORDER BY seq DESC LIMIT ?3"
        }
        (Visibility::Visible, Order::Asc) => {
            "SELECT id, body FROM items WHERE thread = ?1 AND hidden = 0 AND seq > ?2
             ORDER BY seq ASC LIMIT ?3"
        }
        (Visibility::Visible, Order::Desc) => {
            "SELECT id, body FROM items WHERE thread = ?1 AND hidden = 0 AND seq < ?2
             ORDER BY seq DESC LIMIT ?3"
        }
    }
}

const PENDING_SQL: &str =
    "SELECT id, body FROM items WHERE thread = ?1 AND pending = 1 ORDER BY seq ASC";

/// The items that wait for the client, oldest first.
pub(crate) fn list_pending(
    connection: &Connection,
    thread: i64,
) -> Result<Vec<ThreadItem>, Failure> {
    let all = PageRequest::first(usize::MAX, Order::Asc);
    Ok(page::read(connection, PENDING_SQL, params![thread], &all, RecordKind::Item)?.data)
}

/// Deletes an item, if there is one.
pub(crate) fn delete(connection: &Connection, thread: i64, id: &ItemId) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM items WHERE thread = ?1 AND id = ?2")?
        .execute(params![thread, id.as_str()])?;
    Ok(())
}

/// Deletes everything after an item and returns how many those were.
pub(crate) fn delete_after(
    connection: &Connection,
    thread: i64,
    id: &ItemId,
) -> Result<usize, Failure> {
    let seq = find(connection, thread, id)?.ok_or_else(|| StoreError::no_item(id))?;
    let deleted = connection
        .prepare_cached("DELETE FROM items WHERE thread = ?1 AND seq > ?2")?
        .execute(params![thread, seq])?;
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations;

    /// Pages and pending items come straight from an index, in its order, so that they cost the
    /// same in a long thread as in a short one.
    #[test]
    fn lists_are_read_from_an_index_and_not_sorted() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::migrate(&mut connection, 0).unwrap();
        for (sql, index) in [
            (page_sql(Visibility::All, Order::Asc), "items_of_thread (thread=? AND seq>?)"),
            (page_sql(Visibility::All, Order::Desc), "items_of_thread (thread=? AND seq<?)"),
            (page_sql(Visibility::Visible, Order::Asc), "items_visible (thread=? AND seq>?)"),
            (page_sql(Visibility::Visible, Order::Desc), "items_visible (thread=? AND seq<?)"),
            (PENDING_SQL, "items_pending (thread=?)"),
        ] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let mut rows = statement.raw_query();
            let mut plan = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                plan.push(row.get::<_, String>("detail").unwrap());
            }
            assert_eq!(plan, [format!("SEARCH items USING INDEX {index}")], "{sql}");
        }
    }
}
