//! The coordinator of one process.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chatkit_protocol::{ItemId, ThreadItem};
use tokio::{sync::oneshot, time::timeout};

use super::{Busy, Coordinator, Entry, Hold, Lease, StopOutcome, ThreadKey};
use crate::{CancelReason, EventId, RunHandle, Subscription};

/// A [`Coordinator`] for the runs of one process.
#[derive(Debug, Clone, Default)]
pub struct LocalCoordinator(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    threads: HashMap<ThreadKey, Line>,
    next_ticket: u64,
    shut_down: bool,
}

/// The run that holds a thread, and those who wait for it in the order they came.
#[derive(Debug, Default)]
struct Line {
    entered: VecDeque<Entered>,
    /// Items that runs have taken back, for the next one.
    removed: Vec<ItemId>,
}

#[derive(Debug)]
struct Entered {
    ticket: u64,
    run: RunHandle,
    is_turn: bool,
    /// Tells a run that waits that the thread is its own.
    granted: Option<oneshot::Sender<()>>,
    /// Those who wait for the end of this one. Dropped with it, they know.
    ended: Vec<oneshot::Sender<()>>,
}

/// What a run waits for that is not the first.
struct Wait {
    turn: oneshot::Receiver<()>,
    /// Who had the thread when it came.
    holder: Option<RunHandle>,
}

/// A place in a thread's line.
struct Place {
    coordinator: LocalCoordinator,
    thread: ThreadKey,
    ticket: u64,
}

#[async_trait]
impl Coordinator for LocalCoordinator {
    async fn enter(
        &self,
        thread: &ThreadKey,
        run: &RunHandle,
        entry: Entry,
    ) -> Result<Lease, Busy> {
        let (place, wait) = self.join_line(thread, run, entry)?;
        if let Some(Wait { turn, holder }) = wait {
            let mut turn = pin!(turn);
            match entry {
                // The sender lives in the line: it is used when the place is the first.
                Entry::Follow(patience) if timeout(patience, &mut turn).await.is_ok() => {}
                Entry::Follow(_) => {
                    if let Some(holder) = holder {
                        holder.cancel(CancelReason::Superseded);
                    }
                    let _ = turn.await;
                }
                _ => drop(turn.await),
            }
        }
        let removed = place.with_line(|line| std::mem::take(&mut line.removed)).unwrap_or_default();
        Ok(Lease::new(place, removed))
    }

    async fn is_busy(&self, thread: &ThreadKey) -> bool {
        self.state().threads.get(thread).is_some_and(Line::is_busy)
    }

    async fn stop(&self, thread: &ThreadKey) -> StopOutcome {
        let ended = {
            let mut state = self.state();
            let line = state.threads.get_mut(thread);
            let Some(entered) = line.and_then(|line| line.turn_mut()) else {
                return StopOutcome::NotRunning;
            };
            if !entered.run.allows_cancel() {
                return StopOutcome::NotAllowed;
            }
            entered.run.cancel(CancelReason::Stop);
            let (sender, ended) = oneshot::channel();
            entered.ended.push(sender);
            ended
        };
        // Nothing is ever sent: the end is the end of the sender.
        let _ = ended.await;
        StopOutcome::Stopped
    }

    async fn attach(&self, thread: &ThreadKey, after: Option<EventId>) -> Option<Subscription> {
        let mut state = self.state();
        let line = state.threads.get_mut(thread)?;
        match after {
            None => line.turn_mut()?.run.attach(None),
            Some(after) => {
                let mut turns = line.entered.iter().filter(|entered| entered.is_turn);
                turns.find(|entered| entered.run.id() == after.run)?.run.attach(Some(after))
            }
        }
    }

    async fn pending_items(&self, thread: &ThreadKey) -> Vec<ThreadItem> {
        let run =
            self.state().threads.get(thread).and_then(|line| Some(line.holder()?.run.clone()));
        run.map(|run| run.pending_items()).unwrap_or_default()
    }

    fn shut_down(&self) {
        let mut state = self.state();
        state.shut_down = true;
        for entered in state.threads.values().flat_map(|line| &line.entered) {
            entered.run.cancel(CancelReason::Shutdown);
        }
    }
}

impl LocalCoordinator {
    /// Takes a place in a thread's line. Whoever is not the first gets what to wait for.
    fn join_line(
        &self,
        thread: &ThreadKey,
        run: &RunHandle,
        entry: Entry,
    ) -> Result<(Place, Option<Wait>), Busy> {
        let mut state = self.state();
        let mut holder = None;
        if let Some(line) = state.threads.get(thread) {
            let mut waiting = line.entered.iter().skip(1);
            match entry {
                Entry::Reject if line.is_busy() => return Err(Busy::Running),
                Entry::Enqueue { limit }
                    if waiting.by_ref().filter(|waits| waits.run.has_readers()).count()
                        >= limit =>
                {
                    return Err(Busy::QueueFull);
                }
                Entry::Rollback => line.entered.iter().for_each(|it| it.run.roll_back()),
                Entry::Interrupt | Entry::Exclusive => {
                    line.entered.iter().for_each(|it| it.run.cancel(CancelReason::Superseded));
                }
                Entry::Reject | Entry::Enqueue { .. } | Entry::Follow(_) => {}
            }
            holder = line.entered.front().map(|entered| entered.run.clone());
        }
        if state.shut_down {
            run.cancel(CancelReason::Shutdown);
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        let line = state.threads.entry(thread.clone()).or_default();
        let (granted, turn) = match line.entered.is_empty() {
            true => (None, None),
            false => {
                let (sender, receiver) = oneshot::channel();
                (Some(sender), Some(receiver))
            }
        };
        // Mostly nobody follows while a run has the thread.
        line.entered.reserve_exact(1);
        line.entered.push_back(Entered {
            ticket,
            run: run.clone(),
            is_turn: entry != Entry::Exclusive,
            granted,
            ended: Vec::new(),
        });
        let place = Place { coordinator: self.clone(), thread: thread.clone(), ticket };
        Ok((place, turn.map(|turn| Wait { turn, holder })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Whether any run is not at its end: a client that has seen the end may send the next message
    /// before the thread is free.
    fn is_busy(&self) -> bool {
        self.entered.iter().any(|entered| !entered.run.has_ended())
    }

    fn holder(&self) -> Option<&Entered> {
        self.entered.front().filter(|entered| entered.is_turn)
    }

    /// The turn that a user means: the one that holds the thread, or the one that is to follow it
    /// if that was cancelled already.
    fn turn_mut(&mut self) -> Option<&mut Entered> {
        let mut turns = self.entered.iter().filter(|entered| entered.is_turn);
        let is_cancelled = |entered: &&Entered| entered.run.cancel_reason().is_some();
        let meant = turns.clone().find(|entered| !is_cancelled(entered));
        let ticket = meant.or_else(|| turns.next())?.ticket;
        self.entered.iter_mut().find(|entered| entered.ticket == ticket)
    }
}

impl Place {
    fn with_line<T>(&self, look: impl FnOnce(&mut Line) -> T) -> Option<T> {
        self.coordinator.state().threads.get_mut(&self.thread).map(look)
    }
}

impl Hold for Place {
    fn pass_on(&mut self, removed: Vec<ItemId>) {
        self.with_line(|line| line.removed.extend(removed));
    }
}

impl Drop for Place {
    /// Whoever is first now has the thread.
    fn drop(&mut self) {
        let mut state = self.coordinator.state();
        let Some(line) = state.threads.get_mut(&self.thread) else {
            return;
        };
        line.entered.retain(|entered| entered.ticket != self.ticket);
        match line.entered.front_mut() {
            None => {
                state.threads.remove(&self.thread);
            }
            Some(first) => {
                if let Some(granted) = first.granted.take() {
                    // A run that does not wait any more leaves the line by itself.
                    let _ = granted.send(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
