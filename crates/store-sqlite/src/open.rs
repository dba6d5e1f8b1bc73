//! Opening a database: what is checked, in which order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::{
    OpenError, SqliteOptions, connection,
    file::{self, FileLock},
    migrations::{self, Content},
};

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

        let mut writer = connection::for_writing(&path).map_err(failed)?;
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
        if !connection::use_log(&writer).map_err(failed)? {
            return Err(OpenError::NoLog { path });
        }
        connection::prepare_writer(&writer, options).map_err(failed)?;
        migrations::migrate(&mut writer, version).map_err(failed)?;
        check_size(&path, &writer)?;

        let readers = (0..options.readers.get())
            .map(|_| connection::for_reading(&path))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        Ok(Self { path, lock, writer, readers })
    }
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
