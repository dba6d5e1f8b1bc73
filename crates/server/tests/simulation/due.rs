//! When a turn must end, and for which reasons it may.

use chatkit_server::CancelReason;

use crate::{
    model::Ms,
    probe::{Probe, Stage},
    world::{SLACK, State, ms},
};

impl State {
    /// A reader joins a run.
    pub(crate) fn joins(&mut self, number: usize) {
        let now = self.now();
        let is_due = self.deserted_at(&self.probes[number]).is_some_and(|due| due <= now);
        let probe = &mut self.probes[number];
        probe.was_deserted |= is_due;
        probe.readers += 1;
        probe.absent_since = None;
        probe.resumable = true;
    }

    /// A reader leaves a run. One that was told to load the thread anew will be back.
    pub(crate) fn departs(&mut self, number: usize, was_lost: bool) {
        let now = self.now();
        let probe = &mut self.probes[number];
        probe.readers -= 1;
        probe.resumable |= was_lost;
        if probe.readers == 0 && probe.stage != Stage::Ended {
            probe.absent_since = Some(now);
        }
        self.trace(|| format!("a reader leaves #{number}"));
    }

    /// When a run without readers is to be cancelled.
    fn deserted_at(&self, probe: &Probe) -> Option<Ms> {
        let (absent, begun) = (probe.absent_since?, probe.begun?);
        let linger = ms(probe.options.linger);
        match (probe.allow_cancel, probe.resumable && linger > 0) {
            (false, _) => None,
            (true, false) => Some(absent.max(begun)),
            (true, true) => Some((absent + linger).max(begun)),
        }
    }

    /// Why a run is to be cancelled, and since when.
    fn dues(&self, probe: &Probe) -> Vec<(Ms, CancelReason)> {
        let after = |since: Option<Ms>, limit: Ms| Some(since? + limit).filter(|_| limit > 0);
        let options = &probe.options;
        let silence =
            if probe.heard_any { options.gap_timeout } else { options.first_event_timeout };
        let dues = [
            (after(probe.heard, ms(silence)), CancelReason::Stalled),
            (after(probe.begun, ms(options.turn_timeout)), CancelReason::Deadline),
            (self.deserted_at(probe), CancelReason::Disconnect),
            (probe.stop_at, CancelReason::Stop),
            (probe.superseded_at, CancelReason::Superseded),
            (probe.follower_at, CancelReason::Superseded),
            (self.shut_down_at, CancelReason::Shutdown),
        ];
        dues.into_iter().filter_map(|(due, reason)| Some((due?, reason))).collect()
    }

    /// The reasons there are to cancel a run.
    pub(crate) fn reasons(&mut self, number: usize) -> Vec<&'static str> {
        let now = self.now();
        let probe = &self.probes[number];
        let dues = self.dues(probe).into_iter().filter(|(due, _)| *due <= now);
        let mut reasons: Vec<_> = dues.map(|(_, reason)| reason.as_str()).collect();
        if probe.was_deserted {
            reasons.push(CancelReason::Disconnect.as_str());
        }
        reasons
    }

    /// A responder lives no longer than it may.
    pub(crate) fn check_overdue(&mut self, number: usize) {
        let now = self.now();
        let probe = &self.probes[number];
        let is_busy = probe.in_store > 0 || probe.model.awaiting.is_some();
        if probe.stage != Stage::Responding || is_busy {
            return;
        }
        let dues = self.dues(probe).into_iter().map(|(due, why)| (self.effective(due), why));
        let Some((due, reason)) = dues.min_by_key(|(due, _)| *due) else { return };
        let waits = probe.awaits_cancel || probe.winding_since.is_some();
        let grace = if waits { ms(probe.options.cancel_grace) } else { 0 };
        let last = self.effective(due.max(probe.free_at) + grace);
        if now > last + SLACK {
            self.fail(format!("#{number} goes on, though it was due at {due} ({reason:?})"));
        }
    }

    /// Looks at all runs.
    pub(crate) fn audit(&mut self) {
        for number in self.unfinished() {
            self.check_overdue(number);
        }
    }

    /// The responder is about to be polled.
    pub(crate) fn polling(&mut self, number: usize, is_cancelled: bool) {
        let now = self.now();
        self.step();
        self.in_responder = Some(number);
        self.check_overdue(number);
        if !is_cancelled {
            return;
        }
        let probe = &mut self.probes[number];
        if probe.winding_since.is_none() && !probe.awaits_cancel {
            self.fail(format!("#{number} is polled though it was cancelled"));
        }
        self.probes[number].winding_since.get_or_insert(now);
    }

    /// The responder was dropped.
    pub(crate) fn responder_gone(&mut self, number: usize) {
        self.check_overdue(number);
        self.in_responder = None;
        self.trace(|| format!("the responder of #{number} is gone"));
        self.closes(number);
    }

    /// The turn has come to its end, whichever.
    pub(crate) fn closes(&mut self, number: usize) {
        if self.probes[number].stage < Stage::Closing {
            let (now, reasons) = (self.now(), self.reasons(number));
            self.bump(number);
            let probe = &mut self.probes[number];
            probe.stage = Stage::Closing;
            probe.reasons = Some(reasons);
            probe.closed_at = Some(now);
            probe.closed_body = Some(probe.model.body.len());
        }
    }

    /// What clients may see of the run's thread has changed.
    pub(crate) fn bump(&mut self, number: usize) {
        if let Some(key) = self.probes[number].key.clone() {
            self.line(&key).epoch += 1;
        }
    }
}
