//! Which thread has a turn running: at most one.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chatkit_protocol::ThreadId;
use tokio::{sync::OwnedMutexGuard, time::timeout};

use super::{CancelReason, Cancellation};
use crate::Owner;

/// Gives each thread to one run at a time. Whoever [takes over](Self::take_over) cancels those
/// before and waits until they have cleaned up; whoever [follows](Self::follow) lets them finish.
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
    /// Whether a run holds the thread or waits for it.
    pub(crate) fn is_busy(&self, owner: &Owner, thread_id: &ThreadId) -> bool {
        self.state().threads.contains_key(&(owner.clone(), thread_id.clone()))
    }

    /// Takes over a thread: cancels the runs that hold it or wait for it, and waits for their end.
    pub(crate) async fn take_over(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        cancellation: &Arc<Cancellation>,
    ) -> Lease {
        let (lock, entry) = self.enter(owner, thread_id, cancellation);
        entry.supersede_earlier();
        Lease { _lock: lock.lock_owned().await, _entry: entry }
    }

    /// Waits for the end of the runs that hold the thread or wait for it, and cancels them only
    /// when they take longer than `patience`.
    pub(crate) async fn follow(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        cancellation: &Arc<Cancellation>,
        patience: Duration,
    ) -> Lease {
        let (lock, entry) = self.enter(owner, thread_id, cancellation);
        let mut held = pin!(lock.lock_owned());
        let lock = match timeout(patience, &mut held).await {
            Ok(lock) => lock,
            Err(_) => {
                entry.supersede_earlier();
                held.await
            }
        };
        Lease { _lock: lock, _entry: entry }
    }

    fn enter(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        cancellation: &Arc<Cancellation>,
    ) -> (Arc<tokio::sync::Mutex<()>>, Entry) {
        let key = (owner.clone(), thread_id.clone());
        let mut state = self.state();
        if state.shut_down {
            cancellation.cancel(CancelReason::Shutdown);
        }
        let place = state.threads.entry(key.clone()).or_default();
        place.entered.push(Arc::clone(cancellation));
        let cancellation = Arc::clone(cancellation);
        (Arc::clone(&place.lock), Entry { registry: self.clone(), key, cancellation })
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

impl Entry {
    fn supersede_earlier(&self) {
        let state = self.registry.state();
        let Some(place) = state.threads.get(&self.key) else {
            return;
        };
        for earlier in &place.entered {
            if Arc::ptr_eq(earlier, &self.cancellation) {
                break;
            }
            earlier.cancel(CancelReason::Superseded);
        }
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

    #[tokio::test(start_paused = true)]
    async fn who_follows_lets_the_others_finish_but_not_for_ever() {
        let registry = Registry::default();
        let (owner, thread) = (Owner::default(), ThreadId::from("thr_1"));
        let [first, second, third] = [cancellation(), cancellation(), cancellation()];
        let patience = Duration::from_secs(5);

        let held = registry.take_over(&owner, &thread, &first).await;
        let mut follows = Box::pin(registry.follow(&owner, &thread, &second, patience));
        assert!(futures_util::poll!(&mut follows).is_pending());
        drop(held);
        let held = follows.await;
        assert_eq!(first.reason(), None);

        let mut follows = Box::pin(registry.follow(&owner, &thread, &third, patience));
        assert!(timeout(patience * 2, &mut follows).await.is_err());
        assert_eq!(second.reason(), Some(CancelReason::Superseded));
        drop(held);
        drop(follows.await);
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
