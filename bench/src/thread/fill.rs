//! `chatkit-bench fill`: a thread of a length, in a database before a server opens it.

use chatkit_server::{
    Owner, Store as _, StoreError,
    protocol::{ThreadId, ThreadItem, ThreadMetadata},
};
use chatkit_store_sqlite::{Durability, SqliteOptions, SqliteStore};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize as _;
use tokio::runtime::Builder;

use super::item;
use crate::{BenchError, cli::FillOptions};

/// Items that are under way at the same time: they share a commit.
const AT_ONCE: usize = 64;

/// Stores a thread. What a server stores one after the other waits for the disk each time, which
/// takes minutes for many items; this does not.
pub(crate) fn fill(options: &FillOptions) -> Result<(), BenchError> {
    let sqlite = SqliteOptions::new().durability(Durability::Process);
    let store = SqliteStore::open_with(&options.sqlite, &sqlite)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (owner, thread) = (Owner::default(), ThreadId::new(options.thread.as_str()));
        let created_at = item(0, &options.thread)["created_at"].take();
        let metadata = ThreadMetadata::new(thread.clone(), serde_json::from_value(created_at)?);
        store.save_thread(&owner, &metadata).await.map_err(Box::new)?;
        stream::iter(0..options.items)
            .map(|number| {
                let (store, owner, thread) = (&store, &owner, &thread);
                async move {
                    let item = ThreadItem::deserialize(item(number, thread.as_str()))?;
                    store.save_item(owner, thread, &item).await.map_err(Box::<StoreError>::from)?;
                    Ok(())
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    })
}
