//! Where threads are kept.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use chatkit_server::{MemoryStore, Store};
use chatkit_store_sqlite::{OpenError, SqliteStore};

/// The value of `--database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// `memory:`
    Memory,
    /// `sqlite:PATH`
    Sqlite(PathBuf),
}

impl Database {
    pub(crate) fn open(&self) -> Result<Arc<dyn Store>, OpenError> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStore::new()),
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
        })
    }

    /// The folder for the bytes of attachments, beside the database.
    pub(crate) fn attachments_folder(&self) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Sqlite(path) => Some(path.with_extension("attachments")),
        }
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::Sqlite(path) => Some(path),
        }
    }
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => {
                // `sqlite:///abs` and `sqlite://rel` are common spellings elsewhere.
                Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            _ => Err("expected `sqlite:PATH` or `memory:`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_kinds_of_database() {
        assert_eq!("memory:".parse(), Ok(Database::Memory));
        assert_eq!("sqlite:a.db".parse(), Ok(Database::Sqlite("a.db".into())));
        assert_eq!("sqlite:/var/a.db".parse(), Ok(Database::Sqlite("/var/a.db".into())));
        assert_eq!("sqlite:///var/a.db".parse(), Ok(Database::Sqlite("/var/a.db".into())));
        for wrong in ["", "sqlite:", "memory", "memory:x", "postgres:x", "a.db"] {
            assert!(wrong.parse::<Database>().is_err(), "{wrong}");
        }
    }
}
