//! How a store is opened.

use std::num::{NonZeroU32, NonZeroUsize};

/// How a store is opened. The default suits a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    pub(crate) durability: Durability,
    pub(crate) readers: NonZeroUsize,
    pub(crate) max_pages: Option<NonZeroU32>,
}

/// What an acknowledged write survives.
///
/// What the difference costs, measured with `cargo bench -p chatkit-store-sqlite` on a virtual
/// machine with two busy cores, in items saved per second:
///
/// | writers at the same time | `Process` | `Power` |
/// | --- | --- | --- |
/// | 1 | 13,000 | 2,600 |
/// | 64 | 19,000 | 15,000 |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process, by `kill -9` too, but a failure of the operating system or of the
    /// power may lose the latest writes (never damage the file): `PRAGMA synchronous = NORMAL`.
    Process,
    /// A failure of the power too, with a disk that keeps what it says it has written: each commit
    /// waits for the disk, `PRAGMA synchronous = FULL`.
    ///
    /// Writers that come at the same time share the wait, so that only a lone writer feels it.
    #[default]
    Power,
}

impl SqliteOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What an acknowledged write survives; by default a failure of the power.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many threads read at the same time; by default four.
    #[must_use]
    pub fn readers(mut self, readers: NonZeroUsize) -> Self {
        self.readers = readers;
        self
    }

    /// The largest size of the database, in pages of 4,096 bytes; by default what the disk holds.
    ///
    /// A write that needs more fails as on a full disk. The write-ahead log, which is bounded
    /// separately, does not count.
    #[must_use]
    pub fn max_pages(mut self, pages: NonZeroU32) -> Self {
        self.max_pages = Some(pages);
        self
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        const READERS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
        Self { durability: Durability::default(), readers: READERS, max_pages: None }
    }
}
