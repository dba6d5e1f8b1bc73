//! After a crash.

use chatkit_protocol::{Order, SdkHiddenContextItem, ThreadItem, Timestamp};

use crate::{
    Checkpoint, IdKind, Owner, PageRequest, Store, StoreError, StoreResult, Visibility,
    turn::is_worth_keeping,
};

/// Checkpoints that are loaded at once.
const BATCH: usize = 100;

/// The note that the model finds in the thread.
const NOTE: &str = "The response was cut short because the server stopped unexpectedly.";

/// Closes the turns that a crash left open; says how many.
pub(crate) async fn recover(store: &dyn Store) -> StoreResult<usize> {
    let mut closed = 0;
    loop {
        let open = store.load_checkpoints(BATCH).await?;
        for (owner, checkpoint) in &open {
            close(store, owner, checkpoint).await?;
        }
        closed += open.len();
        if open.len() < BATCH {
            return Ok(closed);
        }
    }
}

/// Keeps what the turn had shown and was not stored yet, leaves a note if the turn was not at its
/// end, and forgets the checkpoint.
async fn close(store: &dyn Store, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
    let Checkpoint { thread_id, pending_items } = checkpoint;
    let mut was_cut_short = is_unanswered(store, owner, checkpoint).await?;
    for item in pending_items {
        match store.load_item(owner, thread_id, item.id()).await {
            // Done after the checkpoint was made: what is stored is newer.
            Ok(_) => continue,
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        was_cut_short = true;
        if is_worth_keeping(item) {
            store.save_item(owner, thread_id, item).await?;
        }
    }
    if was_cut_short {
        let note = ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
            id: store.generate_item_id(IdKind::SdkHiddenContext, thread_id),
            thread_id: thread_id.clone(),
            created_at: Timestamp::now(),
            content: NOTE.to_owned(),
        });
        store.save_item(owner, thread_id, &note).await?;
    }
    tracing::info!(thread = %thread_id, was_cut_short, "a turn that a crash left open was closed");
    store.delete_checkpoint(owner, thread_id).await
}

/// Whether the thread ends with what the user sent.
async fn is_unanswered(
    store: &dyn Store,
    owner: &Owner,
    Checkpoint { thread_id, .. }: &Checkpoint,
) -> StoreResult<bool> {
    let newest = PageRequest::first(1, Order::Desc);
    let last = store.load_thread_items(owner, thread_id, &newest, Visibility::All).await?;
    Ok(last.data.first().is_none_or(|item| match item {
        ThreadItem::UserMessage(_) => true,
        // The output of a client tool or an answer that nobody went on from.
        ThreadItem::ClientToolCall(_) | ThreadItem::StructuredInput(_) => !item.is_pending(),
        _ => false,
    }))
}
