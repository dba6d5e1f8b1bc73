//! The thread as a responder may change it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use chatkit_protocol::{ThreadId, ThreadMetadata};

use crate::ThreadPatch;

/// The thread of a turn. What a responder changes here is saved, and clients hear of it
/// (`thread.updated`), after the responder's next event or at the end of the turn.
#[derive(Debug, Clone)]
pub struct ThreadHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    id: ThreadId,
    changes: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stored: ThreadMetadata,
    /// As the responder has changed it; most do not.
    changed: Option<Box<ThreadMetadata>>,
}

impl State {
    fn current(&self) -> &ThreadMetadata {
        self.changed.as_deref().unwrap_or(&self.stored)
    }
}

impl ThreadHandle {
    pub(crate) fn new(thread: ThreadMetadata) -> Self {
        Self(Arc::new(Shared {
            id: thread.id.clone(),
            changes: AtomicU64::new(0),
            state: Mutex::new(State { stored: thread, changed: None }),
        }))
    }

    /// The thread's id.
    pub fn id(&self) -> &ThreadId {
        &self.0.id
    }

    /// The thread as it is now, with changes that are not saved yet.
    pub fn get(&self) -> ThreadMetadata {
        self.state().current().clone()
    }

    /// Changes title, status, image domains or metadata. Id and creation time cannot be changed.
    pub fn update(&self, change: impl FnOnce(&mut ThreadMetadata)) {
        let mut state = self.state();
        let State { stored, changed } = &mut *state;
        let current = changed.get_or_insert_with(|| Box::new(stored.clone()));
        change(current);
        current.id = stored.id.clone();
        current.created_at = stored.created_at;
        self.0.changes.fetch_add(1, Ordering::Release);
    }

    /// How often the thread was changed: a cheap way to see that nothing happened.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// What differs from the stored thread, if anything does.
    pub(crate) fn unsaved(&self) -> Option<ThreadPatch> {
        let state = self.state();
        let patch = ThreadPatch::between(&state.stored, state.changed.as_deref()?);
        (!patch.is_empty()).then_some(patch)
    }

    /// Takes over the thread as it was stored, which may have changes of other writers, and keeps
    /// what the responder changed since the patch was made.
    pub(crate) fn saved(&self, saved: &ThreadPatch, stored: ThreadMetadata) {
        let mut state = self.state();
        let mut at_patch = state.stored.clone();
        saved.apply(&mut at_patch);
        let since = ThreadPatch::between(&at_patch, state.current());
        let changed = (!since.is_empty()).then(|| {
            let mut current = Box::new(stored.clone());
            since.apply(&mut current);
            current
        });
        *state = State { stored, changed };
    }

    /// A closure of the application that panics leaves the thread half changed at worst, and only
    /// in fields that it was about to change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_made_while_saving_are_not_lost() {
        let thread = ThreadMetadata::new("thr_1".into(), "2026-01-01T00:00:00Z".parse().unwrap());
        let handle = ThreadHandle::new(thread.clone());
        assert_eq!(handle.unsaved(), None);

        handle.update(|thread| thread.title = Some("first".to_owned()));
        let patch = handle.unsaved().unwrap();
        handle.update(|thread| {
            thread.metadata.insert("mine".to_owned(), 1.into());
        });
        let mut stored = thread;
        patch.apply(&mut stored);
        stored.metadata.insert("theirs".to_owned(), 2.into());
        handle.saved(&patch, stored);

        assert_eq!(handle.get().title.as_deref(), Some("first"));
        assert_eq!(handle.get().metadata.len(), 2);
        assert_eq!(handle.unsaved().unwrap().metadata, [("mine".to_owned(), Some(1.into()))]);
    }
}
