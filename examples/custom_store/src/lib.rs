//! A store of one's own.
//!
//! [`JournalStore`] implements only what [`Store`](chatkit_server::Store) asks of every store: the
//! calls with a default stay as they are. The suite in `chatkit-testkit` says whether it keeps the
//! rules.

mod store;
mod tables;

pub use store::JournalStore;
