//! Checkpoints for a store that keeps none.

use chatkit_protocol::ThreadId;
use chatkit_server::{Checkpoint, Owner};

/// The checkpoints of a store's threads, in memory.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// In the order in which the threads were first saved.
    threads: Vec<(ThreadId, Option<(Owner, Checkpoint)>)>,
}

impl Notes {
    /// A thread was created or saved again.
    pub(crate) fn add_thread(&mut self, id: &ThreadId) {
        if self.position(id).is_none() {
            self.threads.push((id.clone(), None));
        }
    }

    /// A thread was deleted.
    pub(crate) fn delete_thread(&mut self, id: &ThreadId) {
        self.threads.retain(|(of, _)| of != id);
    }

    /// Takes the place of the checkpoint before, which it returns.
    pub(crate) fn put(
        &mut self,
        id: &ThreadId,
        note: Option<(Owner, Checkpoint)>,
    ) -> Option<(Owner, Checkpoint)> {
        let position = self.position(id)?;
        std::mem::replace(&mut self.threads[position].1, note)
    }

    /// All checkpoints, oldest thread first.
    pub(crate) fn list(&self) -> Vec<(Owner, Checkpoint)> {
        self.threads.iter().filter_map(|(_, note)| note.clone()).collect()
    }

    fn position(&self, id: &ThreadId) -> Option<usize> {
        self.threads.iter().position(|(of, _)| of == id)
    }
}
