//! Connections to the database.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{Durability, SqliteOptions};

/// How long a connection waits for a lock that another program holds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than there are statements, so that each is prepared once per connection.
const STATEMENTS: usize = 64;

/// The log is written back into the file when it holds so many pages. A page that changed often in
/// the meantime is written back once, so a longer log takes less writing; it also takes longer to
/// read again after a crash.
const LOG_PAGES: u32 = 4_000;

/// The log is cut back to this size, in bytes, when it was written back as a whole.
const LOG_SIZE_LIMIT: u32 = 16 << 20;

/// The connection that writes, and makes the file if there is none. It has not touched the file
/// yet.
pub(crate) fn for_writing(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
}

/// A connection that reads.
pub(crate) fn for_reading(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Keeps changes of the file, which is known to be ours, in a write-ahead log from now on. Returns
/// whether that is possible: it takes memory shared between connections, which some network file
/// systems do not have.
pub(crate) fn use_log(writer: &Connection) -> rusqlite::Result<bool> {
    writer.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
        row.get::<_, String>(0).map(|mode| mode == "wal")
    })
}

/// Sets what holds for the connection alone.
pub(crate) fn prepare_writer(writer: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    let synchronous = match options.durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    writer.pragma_update(None, "synchronous", synchronous)?;
    writer.pragma_update(None, "foreign_keys", true)?;
    writer.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    writer.pragma_update(None, "journal_size_limit", LOG_SIZE_LIMIT)?;
    if let Some(pages) = options.max_pages {
        writer.pragma_update(None, "max_page_count", pages.get())?;
    }
    Ok(())
}

/// Runs a statement without parameters or rows.
pub(crate) fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Ends a transaction that is still open, for example after a panic or an error on commit.
pub(crate) fn roll_back(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() { Ok(()) } else { execute(connection, "ROLLBACK") }
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection stays with one thread.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without this, SQLite prepares most statements anew for each binding, to see whether another
    // plan suits it better. Here one plan suits all, and preparing takes longer than running.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}
