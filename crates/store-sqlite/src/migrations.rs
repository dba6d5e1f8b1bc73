//! The schema and its versions.

use rusqlite::{Connection, TransactionBehavior};

/// The migrations in order. The first makes version 1 of an empty file. Never change one that was
/// released: add another.
const MIGRATIONS: [&str; 2] = [
    include_str!("../migrations/0001_init.sql"),
    include_str!("../migrations/0002_checkpoints.sql"),
];

/// Marks a file as one of ours (`PRAGMA application_id`): "chat" in ASCII.
const APPLICATION_ID: i32 = 0x6368_6174;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing yet.
    Empty,
    /// The tables of some version of this store.
    Version(usize),
    /// The tables of another application.
    Foreign,
}

/// The version that this code reads and writes.
pub(crate) const fn latest() -> usize {
    MIGRATIONS.len()
}

/// Looks what a file holds. Changes nothing.
pub(crate) fn identify(connection: &Connection) -> rusqlite::Result<Content> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (id, usize::try_from(version)) {
        (APPLICATION_ID, Ok(version)) => Content::Version(version),
        (0, Ok(0)) if objects == 0 => Content::Empty,
        _ => Content::Foreign,
    })
}

/// Brings a file from a version to the latest, in one transaction.
pub(crate) fn migrate(connection: &mut Connection, from: usize) -> rusqlite::Result<()> {
    if from >= latest() {
        return Ok(());
    }
    let version = i64::try_from(latest()).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}
