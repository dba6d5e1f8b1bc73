//! Connections to the database.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{Durability, SqliteOptions};

/// How long a connection waits for a lock that another program holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than there are statements, so that each is prepared once per connection.
const STATEMENTS: usize = 64;

/// The log is cut back to this size, in bytes, when a checkpoint has emptied it.
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

/// Turns the file, which is known to be ours, to the log, and the connection to its duty.
pub(crate) fn prepare_writer(writer: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    writer.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match options.durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    writer.pragma_update(None, "synchronous", synchronous)?;
    writer.pragma_update(None, "foreign_keys", true)?;
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
