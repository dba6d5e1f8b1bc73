//! Who may write what when.

use chatkit_protocol::{
    ItemId, Op, Page, Thread, ThreadItem, ThreadMetadata, ThreadStreamEvent, UserMessageItem,
};
use chatkit_server::{CancelReason, Checkpoint, EndReason};

use crate::{
    disk::Disk,
    model::Ms,
    probe::Stage,
    rng::{Rng, number_of},
    running::is_rolled_back,
    view::{is_worth_keeping, text_of},
    world::{Actor, Climate, Key, State, World},
};

/// A call of the store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    Read,
    SaveThread,
    UpdateThread,
    DeleteThread,
    Save(&'a ThreadItem),
    Delete(&'a ItemId),
    Complete(&'a ThreadItem),
    DeleteAfter,
    AddMessage(&'a UserMessageItem),
    SaveCheckpoint(&'a Checkpoint),
    DeleteCheckpoint,
}

/// A call under way.
pub(crate) struct Flight {
    pub(crate) actor: Actor,
    /// The run that waits for it.
    waiting: Option<usize>,
    pub(crate) before: Ms,
    pub(crate) after: Ms,
    pub(crate) yields: u64,
    pub(crate) fails: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Not found, or a conflict.
    Refused,
    Failed,
}

impl World {
    pub(crate) fn store_begins(&self, key: &Key, what: What<'_>) -> Flight {
        self.with(|state| {
            state.step();
            let actor = state.actor();
            let line = state.line(key);
            line.store_calls += 1;
            let mut rng = Rng::of(self.seed, &[2, number_of(&key.1), line.store_calls]);
            if !state.is_recovering && state.is_alive {
                state.check_write(actor, key, what, &self.disk);
            }
            let mut waiting = None;
            if let (Actor::Run(number), None) = (actor, state.in_responder) {
                let probe = &mut state.probes[number];
                let is_beside =
                    matches!(what, What::SaveCheckpoint(_)) && probe.stage == Stage::Responding;
                if !is_beside {
                    probe.in_store += 1;
                    waiting = Some(number);
                }
            }
            let Climate { faults, store_delay, .. } = self.climate;
            let delay = |rng: &mut Rng| {
                if state.is_calm || rng.one_in(3) { 0 } else { rng.between(0, store_delay) }
            };
            let (before, after) = (delay(&mut rng), delay(&mut rng));
            let fails = !state.is_calm && rng.below(1000) < faults;
            Flight { actor, waiting, before, after, yields: rng.below(3), fails }
        })
    }

    pub(crate) fn store_applied(&self, key: &Key, what: What<'_>, flight: &Flight) {
        self.note(|state| {
            let is_recovering = state.is_recovering;
            let line = state.line(key);
            if !matches!(what, What::Read | What::SaveCheckpoint(_) | What::DeleteCheckpoint) {
                line.epoch += 1;
            }
            if let What::Delete(id) = what {
                line.writers.remove(id);
            }
            let saved = match what {
                What::Save(item) => Some(item.id()),
                What::AddMessage(message) => Some(&message.id),
                _ => None,
            };
            match (saved, flight.actor) {
                (Some(id), Actor::Run(number)) if !is_recovering => {
                    line.writers.entry(id.clone()).or_insert(number);
                }
                (Some(id), _) => {
                    line.recovered.insert(id.clone());
                    state.recovered.entry(key.clone()).or_default().push(id.clone());
                }
                (None, _) => {}
            }
        });
    }

    pub(crate) fn store_ends(&self, key: &Key, what: What<'_>, flight: &Flight, outcome: Outcome) {
        self.note(|state| {
            let now = state.now();
            if !matches!(what, What::Read) || outcome == Outcome::Failed {
                state.trace(|| format!("{:?} {what:?} on {}: {outcome:?}", flight.actor, key.1));
            }
            if outcome == Outcome::Failed && state.is_recovering {
                state.not_recovered.insert(key.clone());
            }
            if outcome == Outcome::Failed && matches!(what, What::DeleteCheckpoint) {
                state.line(key).has_stale_checkpoint = true;
            }
            if let Some(number) = flight.waiting {
                state.probes[number].in_store -= 1;
                state.probes[number].free_at = now;
            }
            let Actor::Run(number) = flight.actor else { return };
            if state.is_recovering {
                state.probes[number].recovery_failed |= outcome == Outcome::Failed;
                return;
            }
            match (outcome, what) {
                (Outcome::Done, _) => state.is_written(number, what, now),
                (Outcome::Refused, _) => state.probes[number].store_refusals += 1,
                (Outcome::Failed, What::SaveCheckpoint(_)) => {
                    state.probes[number].checkpoint_failed = true;
                }
                (Outcome::Failed, What::DeleteCheckpoint) => {}
                (Outcome::Failed, _) if flight.waiting.is_some() => {
                    state.probes[number].store_failures += 1;
                    state.probes[number].model.awaiting = None;
                }
                (Outcome::Failed, _) => {}
            }
        });
    }
}

impl State {
    fn check_write(&mut self, actor: Actor, key: &Key, what: What<'_>, disk: &Disk) {
        if matches!(what, What::Read) {
            return;
        }
        let holds = self.line(key).holder == Some(actor);
        let problem = match actor {
            Actor::World => Some("nobody may write"),
            Actor::Task(_) => match what {
                What::UpdateThread => None,
                What::DeleteThread => (!holds).then_some("it does not hold the thread"),
                _ => Some("only turns may"),
            },
            Actor::Run(number) => self.write_problem(number, holds, what, disk),
        };
        if let Some(problem) = problem {
            self.fail(format!("{actor:?} writes {what:?} on {}: {problem}", key.1));
        }
    }

    fn write_problem(
        &mut self,
        number: usize,
        holds: bool,
        what: What<'_>,
        disk: &Disk,
    ) -> Option<&'static str> {
        let probe = &self.probes[number];
        let answers =
            matches!(probe.op, Op::ThreadsAddClientToolOutput | Op::ThreadsAddStructuredInput);
        if !probe.holds() {
            let may = answers && matches!(what, What::Complete(_) | What::Delete(_));
            return (!may || probe.stage == Stage::Ended).then_some("it has not got the thread");
        }
        if !holds {
            return Some("another holds the thread");
        }
        let awaiting = probe.model.awaiting.as_ref();
        match (probe.stage, what) {
            (_, What::SaveCheckpoint(checkpoint)) => {
                let shown = |item: &ThreadItem| match probe.model.pending_item(item.id()) {
                    // It may be of the time before it was begun anew.
                    _ if probe.model.stored.contains_key(item.id()) => true,
                    Some(now) => text_of(now)
                        .zip(text_of(item))
                        .is_none_or(|(now, then)| now.starts_with(&then)),
                    None => true,
                };
                let is_right = checkpoint.pending_items.iter().all(shown) && probe.begun.is_some();
                (!is_right).then_some("it was not shown so")
            }
            (_, What::UpdateThread) => probe.begun.is_none().then_some("it has not begun"),
            (Stage::Granted, What::AddMessage(_) | What::DeleteAfter) => None,
            (Stage::Responding, What::Save(item)) => match awaiting {
                Some(
                    ThreadStreamEvent::ThreadItemDone { item: expected }
                    | ThreadStreamEvent::ThreadItemReplaced { item: expected },
                ) if **expected == *item => None,
                _ => Some("its responder did not say so"),
            },
            (Stage::Responding, What::Delete(id)) => match awaiting {
                Some(ThreadStreamEvent::ThreadItemRemoved { item_id }) if item_id == id => None,
                _ => Some("its responder did not say so"),
            },
            (Stage::Closing, What::Save(note @ ThreadItem::SdkHiddenContext(_))) => {
                self.note_problem(number, note, disk)
            }
            (Stage::Closing, What::Save(item)) => {
                let is_right = probe.model.pending_item(item.id()) == Some(item);
                (!is_right || !is_worth_keeping(item)).then_some("it was not shown so")
            }
            (Stage::Closing, What::Delete(_) | What::DeleteAfter) => {
                (!probe.rolls_back).then_some("it is not rolled back")
            }
            (Stage::Closing, What::DeleteCheckpoint) => None,
            _ => Some("not now"),
        }
    }

    /// A note stands once behind all that was kept, and says why.
    fn note_problem(&self, number: usize, note: &ThreadItem, disk: &Disk) -> Option<&'static str> {
        let probe = &self.probes[number];
        let ThreadItem::SdkHiddenContext(note) = note else { return None };
        let fits =
            probe.reasons.iter().flatten().any(|reason| note.content.contains(words(reason)));
        if probe.notes > 0 || probe.rolls_back && !fits {
            return Some("there is a note already, or none should be");
        }
        if !fits {
            return Some("the note does not fit");
        }
        let key = probe.key.as_ref()?;
        let mut kept = probe.model.pending.iter().filter(|it| is_worth_keeping(&it.item));
        let all_stored = kept.all(|it| disk.item(key, it.item.id()).as_ref() == Some(&it.item));
        (probe.is_clean() && !all_stored).then_some("what was shown is not stored")
    }

    fn is_written(&mut self, number: usize, what: What<'_>, now: Ms) {
        self.bump(number);
        let probe = &mut self.probes[number];
        match (probe.stage, what) {
            (Stage::Responding, What::Save(_) | What::Delete(_)) => {
                probe.model.written();
                probe.heard = Some(now);
            }
            (Stage::Closing, What::Save(ThreadItem::SdkHiddenContext(_))) => probe.notes += 1,
            (Stage::Closing, What::Save(item)) if probe.script_ended && probe.is_clean() => {
                probe.model.is_stored(item);
                if !item.is_hidden() {
                    probe.model.sends(ThreadStreamEvent::done(item.clone()));
                }
            }
            (_, What::AddMessage(message)) => probe.input = Some(message.id.clone()),
            (_, What::Complete(item)) => {
                probe.completed = true;
                if matches!(item, ThreadItem::StructuredInput(_)) {
                    probe.answered = Some(item.clone());
                }
            }
            _ => {}
        }
    }

    /// The thread was saved: clients hear of it.
    pub(crate) fn thread_saved(&mut self, actor: Actor, thread: &ThreadMetadata) {
        let now = self.now();
        if let Actor::Run(number) = actor {
            let probe = &mut self.probes[number];
            let thread = Box::new(Thread::new(thread.clone(), Page::default()));
            probe.model.sends(ThreadStreamEvent::ThreadUpdated { thread });
            if probe.stage == Stage::Responding {
                probe.heard = Some(now);
            }
        }
    }

    /// What a run leaves in the store is what it has shown.
    pub(crate) fn check_stored(&mut self, number: usize, disk: &Disk) {
        let probe = &self.probes[number];
        let Some(key) = probe.key.clone() else { return };
        if probe.begun.is_none() {
            // It was refused: the next one tells what it was to tell.
            let (to_tell, is_sure) = (probe.must_tell.clone(), probe.store_failures == 0);
            let may_tell = probe.may_tell.clone();
            self.line(&key).may_tell.extend(may_tell);
            let line = self.line(&key);
            return if is_sure { &mut line.to_tell } else { &mut line.may_tell }.extend(to_tell);
        }
        let mut problems = Vec::new();
        let rolled_back = is_rolled_back(probe);
        let was_cut = matches!(probe.end, Some(EndReason::Cancelled(_) | EndReason::Failed));
        for (id, item) in &probe.model.stored {
            let found = disk.item(&key, id);
            // It may have replaced an item of another turn.
            let line = &self.lines[&key];
            let is_own = line.writers.get(id) == Some(&number) && !line.recovered.contains(id);
            let is_right = match &found {
                _ if rolled_back && !is_own => true,
                _ if rolled_back => found.is_none() || probe.store_failures > 0,
                // Its client may have answered already.
                _ if item.is_pending() => true,
                _ if probe.model.pending_item(id).is_some() => found.is_some(),
                _ => found.as_ref() == Some(item),
            };
            if !is_right {
                problems.push(format!("{item:?} was done, and {found:?} is stored"));
            }
        }
        for pending in &probe.model.pending {
            let item = &pending.item;
            let found = disk.item(&key, item.id());
            let is_kept = was_cut && !rolled_back && is_worth_keeping(item);
            let was_stored = probe.model.stored.contains_key(item.id());
            let is_right = match &found {
                Some(found) => (is_kept && found == item) || (was_stored && !rolled_back),
                None => !is_kept,
            };
            if !is_right && probe.is_clean() {
                problems.push(format!("{item:?} was shown, and {found:?} is stored"));
            }
        }
        if let Some(input) = &probe.input
            && disk.item(&key, input).is_some() == rolled_back
            && probe.store_failures == 0
        {
            problems
                .push(format!("rolled back {rolled_back}, and the message is not as it should"));
        }
        if disk.checkpoints().contains_key(&key) && !self.lines[&key].has_stale_checkpoint {
            problems.push("its checkpoint is left".to_owned());
        }
        if rolled_back {
            let own = probe.input.iter().chain(&probe.model.shown);
            let gone = own.filter(|id| disk.item(&key, id).is_none());
            let taken_back: Vec<_> = probe.must_tell.iter().chain(gone).cloned().collect();
            let (may_tell, is_sure) = (probe.may_tell.clone(), probe.store_failures == 0);
            let line = self.line(&key);
            line.may_tell.extend(may_tell);
            if is_sure { &mut line.to_tell } else { &mut line.may_tell }.extend(taken_back);
        }
        self.count("runs held against the store");
        let end = self.probes[number].end;
        for problem in problems {
            self.fail(format!("#{number} ended as {end:?}: {problem}"));
        }
    }
}

/// What the note of a reason must say.
fn words(reason: &str) -> &'static str {
    let reasons = [
        (CancelReason::Stop, "The user stopped the response."),
        (CancelReason::Disconnect, "the connection was lost"),
        (CancelReason::Superseded, "sent something new"),
        (CancelReason::Shutdown, "shutting down"),
        (CancelReason::Deadline, "took too long"),
        (CancelReason::Stalled, "nothing more came"),
    ];
    let of_reason = reasons.iter().find(|(other, _)| other.as_str() == reason);
    of_reason.map_or("no such reason", |(_, words)| *words)
}
