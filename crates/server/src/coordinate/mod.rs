//! Who has a thread: at most one run at a time.

mod local;

pub use local::LocalCoordinator;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use chatkit_protocol::{ItemId, ThreadId, ThreadItem};

use crate::{EventId, Owner, RunHandle, Subscription};

/// A thread among those of all owners. Owners are told apart, so that nobody can disturb another's
/// thread by guessing its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThreadKey {
    /// Whose thread it is.
    pub owner: Owner,
    /// The thread.
    pub thread_id: ThreadId,
}

/// How a run comes to its thread when others are there before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// Cancels them.
    Interrupt,
    /// Cancels them and has them take back what they did.
    Rollback,
    /// Does not enter, unless they are at their end.
    Reject,
    /// Waits for their end, unless as many wait already whose clients are still there.
    Enqueue {
        /// How many may wait.
        limit: usize,
    },
    /// Waits for their end, and cancels the one that has the thread now if it takes longer than
    /// this to end.
    Follow(Duration),
    /// Cancels them to work on the thread without being a turn: cannot be stopped or joined.
    Exclusive,
}

/// Why a run may not have its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Busy {
    /// A turn is running, and the request does not wait.
    #[error("a response is being written: wait for its end or stop it first")]
    Running,
    /// As many requests wait as may.
    #[error("too many messages wait for their turn: wait for the next response")]
    QueueFull,
}

/// What became of a request to stop a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopOutcome {
    /// The turn has ended, and what it keeps is stored.
    Stopped,
    /// There was none.
    NotRunning,
    /// The turn may not be cancelled.
    NotAllowed,
}

/// Gives each thread to one run at a time, and finds the run of a thread.
///
/// Rules for every implementation: the next run gets a thread when the one before has stored what
/// it keeps (its [`Lease`] is dropped), in the order of arrival; nothing is left of a thread that
/// nobody has. [`LocalCoordinator`] serves one process.
#[async_trait]
pub trait Coordinator: Send + Sync + 'static {
    /// Has a run wait for its thread.
    ///
    /// # Errors
    ///
    /// When the way of entering does not allow it; then nothing has happened.
    async fn enter(&self, thread: &ThreadKey, run: &RunHandle, entry: Entry)
    -> Result<Lease, Busy>;

    /// Whether a run that is not at its end holds the thread or waits for it.
    async fn is_busy(&self, thread: &ThreadKey) -> bool;

    /// Stops the turn of a thread and waits for its end. Those that wait for the thread are next.
    async fn stop(&self, thread: &ThreadKey) -> StopOutcome;

    /// Joins the turn of a thread, from its beginning or after a frame. `None` when there is no
    /// turn, or the frame is of another one.
    async fn attach(&self, thread: &ThreadKey, after: Option<EventId>) -> Option<Subscription>;

    /// The items in the making of the thread's turn, as clients see them.
    async fn pending_items(&self, thread: &ThreadKey) -> Vec<ThreadItem>;

    /// Cancels all runs of this process, those to come included.
    fn shut_down(&self);
}

/// A thread held by one run. Dropped, it passes on to the next.
pub struct Lease {
    hold: Box<dyn Hold>,
    removed: Box<[ItemId]>,
}

/// How a coordinator holds a thread for a run until it is dropped.
pub trait Hold: Send + Sync {
    /// Takes note of items that the run has taken back, for the next one to tell its client.
    fn pass_on(&mut self, removed: Vec<ItemId>);
}

impl Lease {
    /// A thread that is held, and what the runs before have taken back.
    pub fn new(hold: impl Hold + 'static, removed: Vec<ItemId>) -> Self {
        Self { hold: Box::new(hold), removed: removed.into() }
    }

    /// What the runs before have taken back, and clients are to be told.
    pub(crate) fn removed(&self) -> &[ItemId] {
        &self.removed
    }

    /// Leaves it to the next run to tell its client what this one has taken back, and what this
    /// one was to tell.
    pub(crate) fn pass_on(&mut self, own: Vec<ItemId>) {
        let mut removed = std::mem::take(&mut self.removed).into_vec();
        removed.extend(own);
        self.hold.pass_on(removed);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("removed", &self.removed).finish_non_exhaustive()
    }
}
