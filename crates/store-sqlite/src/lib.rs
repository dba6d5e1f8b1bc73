//! A [ChatKit store](chatkit_server::Store) in one SQLite file.
//!
//! ```no_run
//! use chatkit_store_sqlite::SqliteStore;
//!
//! let store = SqliteStore::open("chat.db")?;
//! # Ok::<(), chatkit_store_sqlite::OpenError>(())
//! ```
//!
//! # One process per file
//!
//! A store holds an advisory lock on `<file>.lock` while it lives, which the operating system
//! releases when the process ends, however it ends. A second process gets
//! [`OpenError::Locked`] at once. Other programs may read the database at any time.
//!
//! # What is durable
//!
//! A call that returned `Ok` is committed. By default it also survives a power failure; see
//! [`Durability`] for what the other choice buys. Killing the process at any moment loses nothing
//! that was acknowledged, and the file opens again.
//!
//! # Checkpoints
//!
//! The store keeps checkpoints of turns under way, so that the start after a crash can close them:
//! one row per thread with such a turn. One that is damaged is loaded with the items that can still
//! be read, and a warning says what could not, so that its turn can be closed all the same.
//!
//! # How it works
//!
//! One thread owns the only connection that writes. It takes all requests that wait, runs each in
//! a savepoint of its own inside one transaction, commits, and then answers them, so that one sync
//! to disk serves many writers and one refused request does not touch its neighbours. Before it
//! begins it yields the processor once: on a busy machine those who are about to write then share
//! the commit, and on one with a core to spare nothing is waited for. A few other threads read,
//! each from a snapshot that contains everything acknowledged before.
//!
//! Records are kept as JSON beside the columns that queries need. A page of a thread is read
//! through an index on the thread and the item's place, so that it costs the same in a long thread
//! as in a short one.
//!
//! # When the disk is full
//!
//! Writes fail with [`StoreError::Backend`](chatkit_server::StoreError::Backend) around a
//! [`CallError`], reads go on, nothing that was acknowledged is lost, and writes succeed again as
//! soon as there is room.

mod attachments;
mod checkpoints;
mod codec;
mod connection;
mod error;
mod file;
mod items;
mod migrations;
mod misread;
mod open;
mod options;
mod page;
mod readers;
mod store;
mod threads;
mod writer;

pub use error::{CallError, OpenError};
pub use misread::Misread;
pub use options::{Durability, SqliteOptions};
pub use store::SqliteStore;
