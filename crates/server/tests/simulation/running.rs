//! What a run does while its responder lives, and how it ends.

use chatkit_protocol::{ItemId, Op, RequestBody, ThreadStreamEvent};
use chatkit_server::{CancelReason, CancelledTurn, EndReason, StreamStats};

use crate::{
    probe::{Probe, Stage},
    view::{View, is_worth_keeping},
    world::{Ctx, State, World},
};

impl State {
    /// The engine has begun with a request.
    pub(crate) fn starts(&mut self, number: usize, request: &RequestBody) {
        self.is_run(number);
        self.count("runs");
        self.trace(|| format!("#{number} starts"));
        let is_first = self.probes[number].stage == Stage::Asked;
        if !is_first {
            self.fail(format!("#{number} starts again"));
        }
        let probe = &mut self.probes[number];
        probe.stage = Stage::Started;
        probe.op = request.op();
    }

    /// The stream options are about to be sent.
    pub(crate) fn begins(&mut self, number: usize) {
        let now = self.now();
        if self.probes[number].stage != Stage::Granted {
            let stage = self.probes[number].stage;
            self.fail(format!("#{number} begins at stage {stage:?}"));
        }
        self.bump(number);
        let probe = &mut self.probes[number];
        probe.stage = Stage::Begun;
        probe.begun = Some(now);
        if let Some(answered) = probe.answered.clone() {
            probe.model.sends(ThreadStreamEvent::replaced(answered));
        }
    }

    /// The responder is called.
    pub(crate) fn responds(&mut self, number: usize, input: Option<ItemId>, is_cancelled: bool) {
        let now = self.now();
        self.trace(|| format!("#{number} responds"));
        self.count("responses");
        if is_cancelled {
            self.fail(format!("the responder of #{number} is called though it was cancelled"));
        }
        let stage = self.probes[number].stage;
        if stage != Stage::Begun {
            self.fail(format!("#{number} responds at stage {stage:?}"));
        }
        let (key, life) = (self.probes[number].key.clone(), self.life);
        let mut others = self.probes.iter().filter(|other| other.life == life && other.key == key);
        if others.any(|other| other.stage == Stage::Responding) {
            self.fail(format!("#{number} responds beside another turn of its thread"));
        }
        let probe = &mut self.probes[number];
        probe.stage = Stage::Responding;
        probe.input = input;
        probe.heard = Some(now);
    }

    /// The responder gives an event, which the engine takes in the same moment.
    pub(crate) fn yields(&mut self, number: usize, event: ThreadStreamEvent) {
        let now = self.now();
        if self.probes[number].winding_since.is_some() {
            // What comes after the end is dropped.
            return;
        }
        self.trace(|| format!("#{number} yields {}", brief(&event)));
        self.bump(number);
        let probe = &mut self.probes[number];
        probe.heard = Some(now);
        probe.heard_any = true;
        probe.model.yields(event, now);
        if probe.model.broke_a_rule {
            probe.script_failed = true;
        }
    }

    /// The responder changes the thread now, with the engine's knowledge.
    pub(crate) fn is_heard(&mut self, number: usize) {
        let now = self.now();
        let probe = &mut self.probes[number];
        if probe.winding_since.is_none() {
            probe.heard = Some(now);
            probe.heard_any = true;
        }
    }

    /// The application is asked to clean up.
    pub(crate) fn cleans_up(&mut self, cancelled: &CancelledTurn<Ctx>) {
        let number = cancelled.turn().context().0.number;
        let reason = cancelled.reason();
        self.closes(number);
        self.trace(|| format!("#{number} is cleaned up: {reason:?}"));
        let probe = &mut self.probes[number];
        probe.input = cancelled.turn().input().map(|message| message.id.clone());
        probe.handlers_begun += 1;
        let expected: Vec<_> = probe.model.pending.iter().map(|pending| &pending.item).collect();
        let found: Vec<_> = cancelled.pending_items().iter().collect();
        if expected != found {
            let what = format!("#{number}: expected pending {expected:?}, found {found:?}");
            self.fail(what);
        }
        let probe = &self.probes[number];
        if cancelled.is_rolled_back() != (probe.rolls_back && reason == CancelReason::Superseded) {
            self.fail(format!("#{number}: rolled back: {}", cancelled.is_rolled_back()));
        }
    }

    /// The application has cleaned up, or has failed to.
    pub(crate) fn cleaned_up(&mut self, number: usize, was_spoiled: bool) {
        let probe = &mut self.probes[number];
        probe.handlers_ended += 1;
        probe.was_spoiled = was_spoiled;
    }
}

impl World {
    /// A run is over. Called for each once.
    pub(crate) fn run_ends(&self, stats: &StreamStats, number: usize) {
        self.note(|state| {
            state.trace(|| format!("#{number} ends: {} after {} events", stats.end, stats.events));
            let stage = state.probes[number].stage;
            if stage == Stage::Asked && stats.end == EndReason::Failed && state.is_recovering {
                // There could be no recovery before it.
                state.probes[number].stage = Stage::Ended;
                return;
            }
            if matches!(stage, Stage::Asked | Stage::Ended) {
                return state.fail(format!("#{number} ends at stage {stage:?}"));
            }
            state.leaves(number);
            let probe = &mut state.probes[number];
            let right =
                stats.op == probe.op && Some(stats.run_id) == probe.run.or(Some(stats.run_id));
            probe.stage = Stage::Ended;
            probe.end = Some(stats.end);
            probe.events = stats.events;
            if !right {
                state.fail(format!("#{number}: wrong stats: {stats:?}"));
            }
            state.count(stats.end.as_str());
            if is_rolled_back(&state.probes[number]) {
                state.count("rolled back");
            }
            if state.probes[number].waited {
                state.count("waited for the thread");
            }
            state.check_end(number, stats.end);
            state.check_stored(number, &self.disk);
            state.check_last_view(number);
        });
    }
}

impl State {
    fn check_end(&mut self, number: usize, end: EndReason) {
        let probe = &self.probes[number];
        let problem = match end {
            EndReason::Completed if !probe.script_ended => Some("its responder had not ended"),
            EndReason::Completed if probe.store_failures > 0 => Some("the store had failed"),
            EndReason::Failed if !may_fail(probe) => Some("nothing had failed"),
            EndReason::Refused if !may_be_refused(probe) => Some("it was right, or had begun"),
            EndReason::Cancelled(reason) => {
                let reasons = probe.reasons.as_deref().unwrap_or_default();
                (!reasons.contains(&reason.as_str())).then_some("there was no reason")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            let reasons = probe.reasons.clone();
            self.fail(format!("#{number} ended as {end}, but {problem} ({reasons:?})"));
        }
        let probe = &self.probes[number];
        let is_cancelled = matches!(end, EndReason::Cancelled(_));
        let handlers = (probe.handlers_begun, probe.handlers_ended);
        let expected = usize::from(is_cancelled);
        if handlers.0 != expected || (!probe.was_spoiled && handlers.1 != expected) {
            self.fail(format!("#{number} ended as {end}, and was cleaned up {handlers:?} times"));
        }
        let probe = &self.probes[number];
        let rolled_back = is_rolled_back(probe);
        let notes = usize::from(is_cancelled && !rolled_back);
        if probe.notes > notes || (probe.is_clean() && probe.notes != notes) {
            let found = probe.notes;
            self.fail(format!("#{number} ended as {end} with {found} notes"));
        }
        if self.probes[number].in_store > 0 {
            self.fail(format!("#{number} ended while the store worked for it"));
        }
    }

    /// Holds what a reader has shown at the end against what was sent and stored.
    pub(crate) fn check_last_view(&mut self, number: usize) {
        let probe = &self.probes[number];
        let (Some(end), Some((view, last))) = (probe.end, &probe.last_view) else { return };
        let mut problems = Vec::new();
        if *last != probe.events {
            problems.push(format!("{} frames were sent, {last} were read", probe.events));
        }
        let sent = &probe.model.view;
        let rolled_back = is_rolled_back(probe);
        for shown in &sent.items {
            let id = shown.item.id();
            let pending = probe.model.pending_item(id);
            let found = view.item(id);
            let is_right = match (found, pending) {
                (_, _)
                    if rolled_back
                        && probe.store_failures == 0
                        && probe.model.shown.contains(id) =>
                {
                    found.is_none()
                }
                (Some(found), None) => found == shown,
                (Some(found), Some(_)) => {
                    let must_be_done = matches!(end, EndReason::Cancelled(_)) && probe.is_clean()
                        || end == EndReason::Completed;
                    let is_older = probe.model.stored.get(id) == Some(&found.item);
                    (found.item == shown.item || (is_older && !probe.is_clean()))
                        && (found.done || !must_be_done)
                }
                (None, Some(item)) => {
                    (!is_worth_keeping(item) && end != EndReason::Failed) || !probe.is_clean()
                }
                (None, None) => rolled_back,
            };
            if !is_right {
                problems.push(format!("{shown:?} was sent, {found:?} is shown"));
            }
        }
        for shown in &view.items {
            if sent.item(shown.item.id()).is_none() {
                problems.push(format!("{shown:?} is shown and was not sent"));
            }
        }
        if !view.same_beside(sent) {
            problems.push(format!("beside items {sent:?} was sent, {view:?} is shown"));
        }
        if let Some(problem) = error_problem(end, view) {
            problems.push(problem);
        }
        self.count("last views");
        for problem in problems {
            self.fail(format!("#{number} ended as {end}: {problem}"));
        }
    }
}

/// Whether the error that ends a stream is the one that belongs there.
fn error_problem(end: EndReason, view: &View) -> Option<String> {
    use CancelReason::{Deadline, Shutdown, Stalled};
    let wants_retry = matches!(end, EndReason::Cancelled(Shutdown | Stalled | Deadline));
    let wants_error = wants_retry || matches!(end, EndReason::Failed | EndReason::Refused);
    let is_right = match &view.error {
        Some(error) => wants_error && (error.allow_retry || !wants_retry),
        None => !wants_error,
    };
    (!is_right).then(|| format!("the last error is {:?}", view.error))
}

pub(crate) fn is_rolled_back(probe: &Probe) -> bool {
    probe.rolls_back && probe.end == Some(EndReason::Cancelled(CancelReason::Superseded))
}

/// Whether a run that failed had a reason to.
fn may_fail(probe: &Probe) -> bool {
    probe.script_failed
        || probe.store_failures > 0
        || (probe.begun.is_none() && probe.recovery_failed)
}

/// Whether the request of a run had a reason to be refused.
fn may_be_refused(probe: &Probe) -> bool {
    let could_be_refused = probe.op != Op::ThreadsCreate;
    probe.begun.is_none() && (probe.was_refused || could_be_refused)
}

/// An event in short.
pub(crate) fn brief(event: &ThreadStreamEvent) -> String {
    let mut text = serde_json::to_string(event).unwrap();
    if text.len() > 300 {
        let end = (0..=300).rev().find(|end| text.is_char_boundary(*end)).unwrap();
        text.truncate(end);
        text.push('…');
    }
    text
}
