//! A run as others see it: readers, coordinators, requests that look at its thread.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chatkit_protocol::ThreadItem;
use tokio::time::Instant;

use super::{CancelReason, Cancellation, EventId, Log, RunId, Subscription};
use crate::{Observer, turn::TurnState};

/// A run: the task behind one streamed response, from the outside. Cheap to clone.
#[derive(Clone)]
pub struct RunHandle(Arc<Run>);

struct Run {
    log: Log,
    state: Mutex<TurnState>,
    cancellation: Arc<Cancellation>,
    /// Whether a client can find its way back.
    resumable: AtomicBool,
    /// Known once the responder starts.
    absence: OnceLock<Absence>,
    observer: Option<Arc<dyn Observer>>,
}

/// What the absence of all readers means. The one place where that is decided.
#[derive(Debug, Clone, Copy)]
struct Absence {
    /// How long a run goes on unseen for a client that can resume. None: the stream may not be
    /// cancelled by its user, for whom leaving is the way to do so.
    linger: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnAbsence {
    Cancel,
    GoOn,
    Linger(Duration),
}

impl Absence {
    fn new(allow_cancel: bool, linger: Duration) -> Self {
        Self { linger: allow_cancel.then_some(linger) }
    }

    fn rule(self, resumable: bool) -> OnAbsence {
        match self.linger {
            None => OnAbsence::GoOn,
            Some(linger) if resumable && !linger.is_zero() => OnAbsence::Linger(linger),
            Some(_) => OnAbsence::Cancel,
        }
    }
}

impl RunHandle {
    /// A run that nobody is told of.
    pub(crate) fn new(resumable: bool) -> Self {
        Self::observed(resumable, None)
    }

    pub(crate) fn observed(resumable: bool, observer: Option<Arc<dyn Observer>>) -> Self {
        Self(Arc::new(Run {
            log: Log::new(RunId::new()),
            state: Mutex::default(),
            cancellation: Arc::default(),
            resumable: AtomicBool::new(resumable),
            absence: OnceLock::new(),
            observer,
        }))
    }

    /// The run's id.
    pub fn id(&self) -> RunId {
        self.0.log.run()
    }

    /// Cancels the run, unless it was already: the first reason counts.
    pub fn cancel(&self, reason: CancelReason) {
        self.0.cancellation.cancel(reason);
    }

    /// Cancels the run for a newer message, and has it take back what it did.
    pub fn roll_back(&self) {
        self.0.cancellation.roll_back();
    }

    /// Why the run was cancelled, if it was.
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        self.0.cancellation.reason()
    }

    /// Whether its user may cancel it. Before the responder starts anybody may.
    pub fn allows_cancel(&self) -> bool {
        self.0.absence.get().is_none_or(|absence| absence.linger.is_some())
    }

    /// Joins the run, from its beginning or after a frame of it. Whoever does can do so again: from
    /// now on a lost connection does not cancel the run at once. `None` if the frame is not one of
    /// this run.
    pub fn attach(&self, after: Option<EventId>) -> Option<Subscription> {
        let after = match after {
            None => 0,
            Some(after) if after.run == self.id() => after.number,
            Some(_) => return None,
        };
        self.0.resumable.store(true, Ordering::Release);
        Some(Subscription::new(self.clone(), after))
    }

    /// The items that were added and are not done, as they stand, hidden ones left out.
    pub fn pending_items(&self) -> Vec<ThreadItem> {
        let mut items = self.state().visible_pending_items();
        items.iter_mut().for_each(crate::visible::item);
        items
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, TurnState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cancellation(&self) -> &Arc<Cancellation> {
        &self.0.cancellation
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.0.observer.as_deref()
    }

    pub(super) fn log(&self) -> &Log {
        &self.0.log
    }

    /// The responder starts: from now on it is known what the absence of readers means.
    pub(crate) fn mind_absence(&self, allow_cancel: bool, linger: Duration) {
        // A run starts its responder once.
        let _ = self.0.absence.set(Absence::new(allow_cancel, linger));
        if self.log().absent_since().is_some() {
            self.on_absence();
        }
    }

    /// A reader leaves. One that was told to reload will be back.
    pub(super) fn leave(&self, reader: u64) {
        let left = self.log().leave(reader);
        if left.told_to_reload {
            self.0.resumable.store(true, Ordering::Release);
        }
        if left.is_last {
            self.on_absence();
        }
    }

    /// Whether its clients have seen its end. What remains to be done then takes no time.
    pub(crate) fn has_ended(&self) -> bool {
        self.log().has_ended()
    }

    /// Whether somebody reads it.
    pub(crate) fn has_readers(&self) -> bool {
        self.log().has_readers()
    }

    /// When the run is to be cancelled if nobody joins it.
    pub(super) fn lingers_until(&self) -> Option<Instant> {
        match self.on_absence_rule()? {
            OnAbsence::Linger(linger) => self.log().absent_since()?.checked_add(linger),
            OnAbsence::Cancel | OnAbsence::GoOn => None,
        }
    }

    fn on_absence(&self) {
        match self.on_absence_rule() {
            Some(OnAbsence::Cancel) => self.cancel(CancelReason::Disconnect),
            Some(OnAbsence::Linger(_)) => self.cancellation().want_attention(),
            Some(OnAbsence::GoOn) | None => {}
        }
    }

    fn on_absence_rule(&self) -> Option<OnAbsence> {
        let absence = self.0.absence.get()?;
        Some(absence.rule(self.0.resumable.load(Ordering::Acquire)))
    }
}

impl PartialEq for RunHandle {
    /// Whether both are the same run.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle")
            .field("id", &self.id())
            .field("cancelled", &self.cancel_reason())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each turn keeps one to its end. Allocators round up to a size such as this.
    #[test]
    fn a_run_is_small() {
        let counts = 2 * size_of::<usize>();
        assert!(counts + size_of::<Run>() <= 448, "{}", size_of::<Run>());
    }

    #[test]
    fn what_absence_means() {
        let linger = Duration::from_secs(9);
        for (allow_cancel, resumable, linger, expected) in [
            (true, false, linger, OnAbsence::Cancel),
            (true, true, linger, OnAbsence::Linger(linger)),
            (true, true, Duration::ZERO, OnAbsence::Cancel),
            (false, false, linger, OnAbsence::GoOn),
            (false, true, linger, OnAbsence::GoOn),
        ] {
            assert_eq!(Absence::new(allow_cancel, linger).rule(resumable), expected);
        }
    }
}
