//! The rows of checkpoints.

use chatkit_protocol::{ThreadId, ThreadItem};
use chatkit_server::{Checkpoint, Owner, RecordKind};
use rusqlite::{Connection, params};
use serde_json::value::RawValue;
use tracing::warn;

use crate::{codec, error::Failure, misread::Misread};

/// Encodes the items in the making as one JSON array.
pub(crate) fn encode(items: &[ThreadItem]) -> Result<String, Failure> {
    let bodies: Vec<String> = items
        .iter()
        .map(|item| codec::encode(RecordKind::Item, item.id(), item))
        .collect::<Result<_, _>>()?;
    Ok(format!("[{}]", bodies.join(",")))
}

/// Creates or replaces the checkpoint of a thread, if the owner has that thread.
pub(crate) fn save(
    connection: &Connection,
    owner: &Owner,
    thread_id: &ThreadId,
    items: &str,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO checkpoints (thread, items)
             SELECT place, ?3 FROM threads WHERE id = ?1 AND owner = ?2
             ON CONFLICT (thread) DO UPDATE SET items = excluded.items",
        )?
        .execute(params![thread_id.as_str(), owner.as_str(), items])?;
    Ok(())
}

/// Deletes the checkpoint of a thread, if there is one and the owner has that thread.
pub(crate) fn delete(
    connection: &Connection,
    owner: &Owner,
    thread_id: &ThreadId,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "DELETE FROM checkpoints
             WHERE thread = (SELECT place FROM threads WHERE id = ?1 AND owner = ?2)",
        )?
        .execute(params![thread_id.as_str(), owner.as_str()])?;
    Ok(())
}

/// `CROSS JOIN` keeps the order of the tables: the few checkpoints lead to their threads, and the
/// many threads are not searched for checkpoints.
const LIST_SQL: &str = "SELECT owner, id, items FROM checkpoints
     CROSS JOIN threads ON threads.place = checkpoints.thread
     ORDER BY checkpoints.thread LIMIT ?1";

/// Loads the checkpoints of all owners, oldest thread first.
pub(crate) fn list(
    connection: &Connection,
    limit: usize,
) -> Result<Vec<(Owner, Checkpoint)>, Failure> {
    let mut statement = connection.prepare_cached(LIST_SQL)?;
    let mut rows = statement.query(params![i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut checkpoints = Vec::new();
    while let Some(row) = rows.next()? {
        let owner = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let id = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let items = row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?;
        checkpoints.push((Owner::new(owner), Checkpoint::new(id.into(), decode(id, items))));
    }
    Ok(checkpoints)
}

/// Decodes the items that can be decoded. The others are left out, for the turn must be closed all
/// the same, and no other turn may wait for that.
fn decode(thread_id: &str, items: &[u8]) -> Vec<ThreadItem> {
    let bodies: Vec<&RawValue> = serde_json::from_slice(items).unwrap_or_else(|error| {
        let error = Misread::from(&error);
        warn!(thread = thread_id, %error, "a checkpoint cannot be read; its items are lost");
        Vec::new()
    });
    let decoded = bodies.iter().enumerate().map(|(position, body)| {
        serde_json::from_str(body.get()).inspect_err(|error| {
            let error = Misread::from(error);
            warn!(thread = thread_id, position, %error, "an item of a checkpoint cannot be read");
        })
    });
    decoded.filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations;

    /// Loading costs by the number of checkpoints, however many threads there are.
    #[test]
    fn the_list_starts_from_the_checkpoints_and_is_not_sorted() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::migrate(&mut connection, 0).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {LIST_SQL}")).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get::<_, String>("detail").unwrap());
        }
        let by_key = "SEARCH threads USING INTEGER PRIMARY KEY (rowid=?)";
        assert_eq!(plan, ["SCAN checkpoints", by_key]);
    }
}
