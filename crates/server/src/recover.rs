//! After a crash.

use std::collections::HashSet;

use chatkit_protocol::{Order, SdkHiddenContextItem, ThreadId, ThreadItem, Timestamp};

use crate::{
    Checkpoint, IdKind, Owner, PageRequest, Store, StoreError, StoreResult, Visibility,
    turn::is_worth_keeping,
};

/// Checkpoints that are loaded at once.
const BATCH: usize = 100;

/// The note that the model finds in the thread.
const NOTE: &str = "The response was cut short because the server stopped unexpectedly.";

/// Closes the turns that a crash left open; says how many. A thread that cannot be read or written
/// is logged and left as it is.
pub(crate) async fn recover(store: &dyn Store) -> StoreResult<usize> {
    let mut seen: HashSet<(Owner, ThreadId)> = HashSet::new();
    let mut closed = 0;
    loop {
        // What could not be forgotten is loaded again.
        let mut open = store.load_checkpoints(BATCH + seen.len()).await?;
        open.retain(|(owner, checkpoint)| {
            seen.insert((owner.clone(), checkpoint.thread_id.clone()))
        });
        if open.is_empty() {
            return Ok(closed);
        }
        for (owner, checkpoint) in &open {
            let thread = &checkpoint.thread_id;
            match close(store, owner, checkpoint).await {
                Ok(()) => {
                    closed += 1;
                    tracing::info!(%thread, "a turn that a crash left open was closed");
                }
                Err(error) => {
                    tracing::error!(%thread, %error, "a turn that a crash left open stays open");
                }
            }
        }
    }
}

/// Keeps what the turn had shown and was not stored yet, leaves a note, and forgets the checkpoint.
/// Cut short, it is done again at the next start, and keeps nothing twice.
async fn close(store: &dyn Store, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
    let Checkpoint { thread_id, pending_items } = checkpoint;
    for item in pending_items.iter().filter(|item| is_worth_keeping(item)) {
        match store.load_item(owner, thread_id, item.id()).await {
            // Done after the checkpoint was made: what is stored is newer.
            Ok(_) => {}
            Err(StoreError::NotFound { .. }) => store.save_item(owner, thread_id, item).await?,
            Err(error) => return Err(error),
        }
    }
    if is_noted(store, owner, thread_id).await? {
        return store.delete_checkpoint(owner, thread_id).await;
    }
    let note = ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
        id: store.generate_item_id(IdKind::SdkHiddenContext, thread_id),
        thread_id: thread_id.clone(),
        created_at: Timestamp::now(),
        content: NOTE.to_owned(),
    });
    store.save_item(owner, thread_id, &note).await?;
    store.delete_checkpoint(owner, thread_id).await
}

/// Whether the thread ends with the note already, as when this was cut short itself.
async fn is_noted(store: &dyn Store, owner: &Owner, thread_id: &ThreadId) -> StoreResult<bool> {
    let newest = PageRequest::first(1, Order::Desc);
    let page = store.load_thread_items(owner, thread_id, &newest, Visibility::All).await?;
    Ok(matches!(&page.data[..], [ThreadItem::SdkHiddenContext(note)] if note.content == NOTE))
}
