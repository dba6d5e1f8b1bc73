//! A store that is slow and fails now and then, over what outlives the process.

use std::{sync::Arc, time::Duration};

use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata, UserMessageItem,
};
use chatkit_server::{
    Checkpoint, IdKind, Owner, PageRequest, Store, StoreError, StoreResult, ThreadPatch,
    Visibility, async_trait,
};

use crate::{
    pause::let_others,
    storing::{Outcome, What},
    world::{Key, World},
};

pub(crate) struct SimStore(pub(crate) Arc<World>);

impl SimStore {
    /// Makes a call: takes its time, fails without an effect, or has its effect and takes its time
    /// to say so.
    async fn call<T>(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        what: What<'_>,
        effect: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let key: Key = (owner.clone(), thread_id.clone());
        let flight = self.0.store_begins(&key, what);
        pass(flight.before, flight.yields).await;
        if flight.fails {
            self.0.store_ends(&key, what, &flight, Outcome::Failed);
            return Err(StoreError::backend("the disk is full"));
        }
        let result = effect.await;
        if result.is_ok() {
            self.0.store_applied(&key, what, &flight);
        }
        pass(flight.after, flight.yields).await;
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Refused };
        self.0.store_ends(&key, what, &flight, outcome);
        result
    }
}

/// Lets time pass, or others go first.
async fn pass(millis: u64, yields: u64) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    } else {
        let_others(yields).await;
    }
}

#[async_trait]
impl Store for SimStore {
    fn generate_thread_id(&self) -> ThreadId {
        let number = self.0.with(|state| {
            state.threads_made += 1;
            state.threads_made
        });
        format!("thr_{number}").into()
    }

    fn generate_item_id(&self, kind: IdKind, thread: &ThreadId) -> ItemId {
        let number = self.0.with(|state| {
            let made = state.items_made.entry(thread.clone()).or_default();
            *made += 1;
            *made
        });
        let prefix = match kind {
            IdKind::ToolCall => "tc",
            IdKind::Task => "tsk",
            IdKind::Workflow => "wf",
            IdKind::SdkHiddenContext => "shcx",
            _ => "msg",
        };
        format!("{prefix}_{number}_{thread}").into()
    }

    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        let memory = &self.0.disk.memory;
        self.call(owner, id, What::Read, memory.load_thread(owner, id)).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        let memory = &self.0.disk.memory;
        let effect = memory.save_thread(owner, thread);
        self.call(owner, &thread.id, What::SaveThread, effect).await
    }

    async fn update_thread(
        &self,
        owner: &Owner,
        id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        let memory = &self.0.disk.memory;
        let effect = memory.update_thread(owner, id, patch);
        let thread = self.call(owner, id, What::UpdateThread, effect).await?;
        self.0.note(|state| state.thread_saved(state.actor(), &thread));
        Ok(thread)
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        let memory = &self.0.disk.memory;
        let effect = memory.load_threads(owner, page);
        self.call(owner, &"none".into(), What::Read, effect).await
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        let world = &self.0;
        let effect = async {
            world.disk.memory.delete_thread(owner, id).await?;
            world.disk.checkpoints().remove(&(owner.clone(), id.clone()));
            Ok(())
        };
        self.call(owner, id, What::DeleteThread, effect).await
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let memory = &self.0.disk.memory;
        let effect = memory.load_thread_items(owner, id, page, visibility);
        self.call(owner, id, What::Read, effect).await
    }

    async fn load_item(
        &self,
        owner: &Owner,
        id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        let memory = &self.0.disk.memory;
        self.call(owner, id, What::Read, memory.load_item(owner, id, item_id)).await
    }

    async fn save_item(&self, owner: &Owner, id: &ThreadId, item: &ThreadItem) -> StoreResult<()> {
        let memory = &self.0.disk.memory;
        let effect = memory.save_item(owner, id, item);
        self.call(owner, id, What::Save(item), effect).await
    }

    async fn delete_item(&self, owner: &Owner, id: &ThreadId, item_id: &ItemId) -> StoreResult<()> {
        let memory = &self.0.disk.memory;
        let effect = memory.delete_item(owner, id, item_id);
        self.call(owner, id, What::Delete(item_id), effect).await
    }

    async fn complete_item(
        &self,
        owner: &Owner,
        id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let memory = &self.0.disk.memory;
        let effect = memory.complete_item(owner, id, item);
        self.call(owner, id, What::Complete(item), effect).await
    }

    async fn load_pending_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        let memory = &self.0.disk.memory;
        self.call(owner, id, What::Read, memory.load_pending_items(owner, id)).await
    }

    async fn delete_items_after(
        &self,
        owner: &Owner,
        id: &ThreadId,
        item_id: &ItemId,
    ) -> StoreResult<usize> {
        let memory = &self.0.disk.memory;
        let effect = memory.delete_items_after(owner, id, item_id);
        self.call(owner, id, What::DeleteAfter, effect).await
    }

    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        let memory = &self.0.disk.memory;
        let effect = memory.add_user_message(owner, new_thread, message);
        self.call(owner, &message.thread_id, What::AddMessage(message), effect).await
    }

    fn keeps_checkpoints(&self) -> bool {
        true
    }

    async fn save_checkpoint(&self, owner: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
        let (world, id) = (&self.0, &checkpoint.thread_id);
        let effect = async {
            let key = (owner.clone(), id.clone());
            if world.disk.has_thread(&key) {
                world.disk.checkpoints().insert(key, checkpoint.clone());
            }
            Ok(())
        };
        self.call(owner, id, What::SaveCheckpoint(checkpoint), effect).await
    }

    async fn delete_checkpoint(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        let world = &self.0;
        let effect = async {
            world.disk.checkpoints().remove(&(owner.clone(), id.clone()));
            Ok(())
        };
        self.call(owner, id, What::DeleteCheckpoint, effect).await
    }

    async fn load_checkpoints(&self, limit: usize) -> StoreResult<Vec<(Owner, Checkpoint)>> {
        let world = &self.0;
        let effect = async {
            let checkpoints = world.disk.checkpoints();
            let open = checkpoints.iter().take(limit);
            Ok(open.map(|((owner, _), checkpoint)| (owner.clone(), checkpoint.clone())).collect())
        };
        self.call(&Owner::default(), &"none".into(), What::Read, effect).await
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.0.disk.memory.save_attachment(owner, attachment).await
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.0.disk.memory.load_attachment(owner, id).await
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        self.0.disk.memory.delete_attachment(owner, id).await
    }
}
