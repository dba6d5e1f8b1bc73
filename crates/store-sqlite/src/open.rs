//! Opening a database: the order of checks, and the connections.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use crate::{
    Durability, OpenError, SqliteOptions,
    file::{self, FileLock},
    migrations::{self, Content},
};

/// How long a connection waits for a lock that another program holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than there are statements, so that each is prepared once per connection.
const STATEMENTS: usize = 64;

/// The log is cut back to this size, in bytes, when a checkpoint has emptied it.
const LOG_SIZE_LIMIT: u32 = 16 << 20;

/// A database that is ready for work.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) lock: FileLock,
    pub(crate) writer: Connection,
    pub(crate) readers: Vec<Connection>,
}

impl Database {
    /// Opens the file at `path`, makes it if there is none, and migrates it.
    pub(crate) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, OpenError> {
        let path = file::resolve(path)?;
        let lock = FileLock::take(&path)?;
        let failed = |error| OpenError::sqlite(&path, error);

        let mut writer =
            connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
                .map_err(failed)?;
        if writer.is_readonly("main").map_err(failed)? {
            return Err(OpenError::ReadOnly { path });
        }
        let version = match migrations::identify(&writer).map_err(failed)? {
            Content::Empty => 0,
            Content::Version(version) if version <= migrations::latest() => version,
            Content::Version(found) => {
                let supported = migrations::latest();
                return Err(OpenError::NewerVersion { path, found, supported });
            }
            Content::Foreign => return Err(OpenError::ForeignDatabase { path }),
        };
        prepare_writer(&writer, options).map_err(failed)?;
        migrations::migrate(&mut writer, version).map_err(failed)?;
        check_size(&path, &writer)?;

        let readers = (0..options.readers.get())
            .map(|_| connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        Ok(Self { path, lock, writer, readers })
    }
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn prepare_writer(writer: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
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

/// Finds a file that was cut short, for example by a copy that did not finish. The log is emptied
/// first: pages that it holds may not have reached the file yet.
fn check_size(path: &Path, writer: &Connection) -> Result<(), OpenError> {
    let failed = |error| OpenError::sqlite(path, error);
    let busy: i64 = writer
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(failed)?;
    if busy != 0 {
        return Ok(());
    }
    let pages: i64 =
        writer.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(failed)?;
    let page_size: i64 =
        writer.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
    let found = fs::metadata(path).map_err(|error| OpenError::io(path, error))?.len();
    let expected = u64::try_from(pages.saturating_mul(page_size)).unwrap_or_default();
    if found < expected {
        let detail = format!("{found} bytes long instead of {expected}");
        return Err(OpenError::Damaged { path: path.to_owned(), detail });
    }
    Ok(())
}
