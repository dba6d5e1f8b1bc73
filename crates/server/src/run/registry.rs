//! Which thread has a turn running: at most one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chatkit_protocol::ThreadId;
use tokio::sync::OwnedMutexGuard;

use super::{CancelReason, Cancellation};
use crate::Owner;

/// Gives each thread to one run at a time. Whoever comes later cancels those before and waits
/// until they have cleaned up.
///
/// Threads are told apart by owner as well, so that nobody can disturb another's thread by
/// guessing its id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    threads: HashMap<(Owner, ThreadId), Place>,
    shut_down: bool,
}

#[derive(Debug, Default)]
struct Place {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// The holder of the lock and those who wait for it, in the order they came.
    entered: Vec<Arc<Cancellation>>,
}

/// A thread held by one run. Dropped, it passes on to the next.
#[derive(Debug)]
pub(crate) struct Lease {
    _entry: Entry,
    _lock: OwnedMutexGuard<()>,
}

#[derive(Debug)]
struct Entry {
    registry: Registry,
    key: (Owner, ThreadId),
    cancellation: Arc<Cancellation>,
}

impl Registry {
    /// Takes over a thread: cancels the runs that hold it or wait for it, and waits for their end.
    pub(crate) async fn take_over(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        cancellation: &Arc<Cancellation>,
    ) -> Lease {
        let key = (owner.clone(), thread_id.clone());
        let (lock, entry) = {
            let mut state = self.state();
            if state.shut_down {
                cancellation.cancel(CancelReason::Shutdown);
            }
            let place = state.threads.entry(key.clone()).or_default();
            for earlier in &place.entered {
                earlier.cancel(CancelReason::Superseded);
            }
            place.entered.push(Arc::clone(cancellation));
            let cancellation = Arc::clone(cancellation);
            (Arc::clone(&place.lock), Entry { registry: self.clone(), key, cancellation })
        };
        Lease { _lock: lock.lock_owned().await, _entry: entry }
    }

    /// Cancels all runs, those to come included.
    pub(crate) fn shut_down(&self) {
        let mut state = self.state();
        state.shut_down = true;
        for cancellation in state.threads.values().flat_map(|place| &place.entered) {
            cancellation.cancel(CancelReason::Shutdown);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.registry.state();
        if let Some(place) = state.threads.get_mut(&self.key) {
            place.entered.retain(|entered| !Arc::ptr_eq(entered, &self.cancellation));
            if place.entered.is_empty() {
                state.threads.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancellation() -> Arc<Cancellation> {
        Arc::default()
    }

    #[tokio::test]
    async fn the_newest_supersedes_and_nothing_is_left_behind() {
        let registry = Registry::default();
        let (owner, thread) = (Owner::default(), ThreadId::from("thr_1"));
        let [first, second, third] = [cancellation(), cancellation(), cancellation()];

        let held = registry.take_over(&owner, &thread, &first).await;
        let mut waits = Box::pin(registry.take_over(&owner, &thread, &second));
        assert!(futures_util::poll!(&mut waits).is_pending());
        assert_eq!(first.reason(), Some(CancelReason::Superseded));
        let mut newest = Box::pin(registry.take_over(&owner, &thread, &third));
        assert!(futures_util::poll!(&mut newest).is_pending());
        assert_eq!(second.reason(), Some(CancelReason::Superseded));

        drop(held);
        drop(waits.await);
        let held = newest.await;
        assert_eq!(third.reason(), None);
        drop(held);
        assert!(registry.state().threads.is_empty());
    }

    #[tokio::test]
    async fn another_owner_does_not_disturb() {
        let registry = Registry::default();
        let thread = ThreadId::from("thr_1");
        let [mine, theirs] = [cancellation(), cancellation()];
        let _held = registry.take_over(&Owner::new("a"), &thread, &mine).await;
        let _other = registry.take_over(&Owner::new("b"), &thread, &theirs).await;
        assert_eq!(mine.reason(), None);
    }

    #[tokio::test]
    async fn after_shutdown_every_run_is_cancelled() {
        let registry = Registry::default();
        let (owner, thread) = (Owner::default(), ThreadId::from("thr_1"));
        let running = cancellation();
        let held = registry.take_over(&owner, &thread, &running).await;
        registry.shut_down();
        assert_eq!(running.reason(), Some(CancelReason::Shutdown));
        drop(held);
        let late = cancellation();
        let _held = registry.take_over(&owner, &thread, &late).await;
        assert_eq!(late.reason(), Some(CancelReason::Shutdown));
    }
}
