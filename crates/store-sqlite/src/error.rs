//! What can go wrong.

use std::{
    io,
    path::{Path, PathBuf},
};

use chatkit_server::StoreError;
use rusqlite::{ErrorCode, ffi};

use crate::misread::Misread;

/// A database that could not be opened. The file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder that should hold the database does not exist.
    #[error("cannot open `{path}`: its folder does not exist; create the folder first")]
    NoFolder {
        /// The database.
        path: PathBuf,
    },
    /// The path names something that is not a file.
    #[error("cannot open `{path}`: it is not a file; name a file in a folder that exists")]
    NotAFile {
        /// The database.
        path: PathBuf,
    },
    /// Another store has the database open.
    #[error(
        "cannot open `{path}`: {} has it open; stop that process first, or use another file",
        process(*pid)
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// The process that has it open, if it could be found out.
        pid: Option<u32>,
    },
    /// The file or its folder cannot be written.
    #[error(
        "cannot open `{path}`: it or its folder is read-only for this user; allow writing to both"
    )]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// A newer version of this store wrote the database.
    #[error(
        "cannot open `{path}`: it has version {found} and this program knows versions up to \
         {supported}; use a newer program, or a copy of the file from before the upgrade"
    )]
    NewerVersion {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: usize,
        /// The newest version known here.
        supported: usize,
    },
    /// The file is no SQLite database.
    #[error("cannot open `{path}`: it is not a database; move it away or use another file")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is the database of another application.
    #[error("cannot open `{path}`: it is the database of another program; use another file")]
    ForeignDatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "cannot open `{path}`: it is damaged ({detail}); restore a backup, or recover what is left \
         with `sqlite3 <file> .recover`"
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file system cannot hold a write-ahead log, as is the case with some network drives.
    #[error(
        "cannot open `{path}`: its file system cannot keep a write-ahead log; use a local disk"
    )]
    NoLog {
        /// The database.
        path: PathBuf,
    },
    /// There is no room left to open the database.
    #[error("cannot open `{path}`: the disk is full; free some space first")]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// The operating system refused something else.
    #[error("cannot open `{path}`")]
    Io {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// SQLite refused something else.
    #[error("cannot open `{path}`")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl OpenError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder { path },
            io::ErrorKind::IsADirectory => Self::NotAFile { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match Trouble::of(&source) {
            Trouble::DiskFull => Self::DiskFull { path },
            Trouble::ReadOnly => Self::ReadOnly { path },
            Trouble::NotADatabase => Self::NotADatabase { path },
            Trouble::Damaged => Self::Damaged { path, detail: source.to_string() },
            Trouble::Locked => Self::Locked { path, pid: None },
            Trouble::Io | Trouble::Other => Self::Sqlite { path, source },
        }
    }
}

/// A call that failed in the database: what
/// [`StoreError::Backend`](chatkit_server::StoreError::Backend) of this store holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no room left. Writes succeed again as soon as there is.
    #[error("the disk that holds `{path}` is full; free some space, no restart is needed")]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// The disk failed to read or write.
    #[error("the disk that holds `{path}` fails ({source})")]
    Io {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file or its folder cannot be written any more.
    #[error("`{path}` or its folder has become read-only")]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// Another program kept the database locked for too long.
    #[error("another program holds a lock on `{path}`; end its transaction")]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("`{path}` is damaged ({source}); stop the server and restore a backup")]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A record cannot be written as JSON that could be read again.
    #[error("{record} `{id}` nests deeper than {limit} levels, which could not be read again")]
    TooDeep {
        /// What it is.
        record: chatkit_server::RecordKind,
        /// Its id.
        id: String,
        /// The deepest nesting that can be kept.
        limit: usize,
    },
    /// A record could not be encoded or decoded.
    #[error("{record} `{id}` in `{path}` is not what this program can read or write ({source})")]
    Json {
        /// The database.
        path: PathBuf,
        /// What it is.
        record: chatkit_server::RecordKind,
        /// Its id.
        id: String,
        /// What is wrong with it.
        source: Misread,
    },
    /// A thread of the store panicked during the call. The call changed nothing.
    #[error("a call panicked in the store of `{path}`")]
    Panicked {
        /// The database.
        path: PathBuf,
    },
    /// The store is closed.
    #[error("the store of `{path}` is closed")]
    Closed {
        /// The database.
        path: PathBuf,
    },
    /// SQLite refused something else.
    #[error("the database `{path}` failed ({source})")]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
}

/// Why a piece of work did not succeed, before the path of the file is known.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A rule of the store says no.
    Refused(StoreError),
    Sqlite(rusqlite::Error),
    Json {
        record: chatkit_server::RecordKind,
        id: String,
        source: Misread,
    },
    TooDeep {
        record: chatkit_server::RecordKind,
        id: String,
        limit: usize,
    },
    Panicked,
    Closed,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    /// The error to return to the caller of a store of the file at `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        StoreError::backend(match self {
            Self::Refused(error) => return error,
            Self::Json { record, id, source } => CallError::Json { path, record, id, source },
            Self::TooDeep { record, id, limit } => CallError::TooDeep { record, id, limit },
            Self::Panicked => CallError::Panicked { path },
            Self::Closed => CallError::Closed { path },
            Self::Sqlite(source) => match Trouble::of(&source) {
                Trouble::DiskFull => CallError::DiskFull { path },
                Trouble::ReadOnly => CallError::ReadOnly { path },
                Trouble::NotADatabase | Trouble::Damaged => CallError::Damaged { path, source },
                Trouble::Locked => CallError::Locked { path },
                Trouble::Io => CallError::Io { path, source },
                Trouble::Other => CallError::Sqlite { path, source },
            },
        })
    }
}

/// The kinds of SQLite errors that an operator can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    DiskFull,
    ReadOnly,
    NotADatabase,
    Damaged,
    Locked,
    Io,
    Other,
}

impl Trouble {
    fn of(error: &rusqlite::Error) -> Self {
        let Some(error) = error.sqlite_error() else {
            return Self::Other;
        };
        match error.code {
            ErrorCode::DiskFull => Self::DiskFull,
            // The shared index of the log is written ahead so that it cannot fail when it is used.
            ErrorCode::SystemIoFailure if error.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
                Self::DiskFull
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                Self::ReadOnly
            }
            ErrorCode::NotADatabase => Self::NotADatabase,
            ErrorCode::DatabaseCorrupt => Self::Damaged,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Locked,
            ErrorCode::SystemIoFailure => Self::Io,
            _ => Self::Other,
        }
    }
}
