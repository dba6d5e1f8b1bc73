//! What a crash costs, and what is left in the end.

use chatkit_protocol::{ThreadItem, ThreadStreamEvent};
use chatkit_server::EndReason;

use crate::{
    model::{Ms, Pending},
    probe::Stage,
    view::{is_worth_keeping, text_of},
    world::{Key, SLACK, State, World, ms},
};

/// A turn that a crash has left open.
#[derive(Debug)]
pub(crate) struct Wreck {
    number: usize,
    key: Key,
    pending: Vec<Pending>,
    /// What was shown before must not be lost.
    safe_before: Ms,
}

impl World {
    /// The process is gone, from one moment to the next.
    pub(crate) fn crashes(&self) {
        self.with(|state| {
            let now = state.now();
            state.trace(|| "CRASH".to_owned());
            let open = state.unfinished().into_iter();
            let wrecks =
                open.filter_map(|number| state.wreck(number, now, self.climate.store_delay));
            let wrecks: Vec<_> = wrecks.collect();
            state.wrecks.extend(wrecks);
            state.is_alive = false;
        });
    }

    /// After a recovery: nothing is left open, and little is lost.
    pub(crate) fn has_recovered(&self) {
        let open: Vec<Key> = self.disk.checkpoints().keys().cloned().collect();
        self.with(|state| {
            if !std::mem::take(&mut state.is_recovering) {
                return;
            }
            for line in state.lines.values_mut() {
                line.has_stale_checkpoint = false;
            }
            let failed = std::mem::take(&mut state.not_recovered);
            for key in open {
                state.line(&key).has_stale_checkpoint = true;
                if !failed.contains(&key) {
                    state.fail(format!("{key:?} has a checkpoint after the recovery"));
                }
            }
            // What the store has refused is as it is.
            state.wrecks.retain(|wreck| !failed.contains(&wreck.key));
            state.recovered.retain(|key, _| !failed.contains(key));
            for wreck in std::mem::take(&mut state.wrecks) {
                state.check_wreck(&wreck, self);
            }
            for (key, ids) in std::mem::take(&mut state.recovered) {
                let items = self.disk.items(&key);
                let is_note = |item: &&ThreadItem| {
                    matches!(item, ThreadItem::SdkHiddenContext(note)
                        if note.content.contains("stopped unexpectedly"))
                };
                let notes = items.iter().rev().take_while(is_note).count();
                if notes != 1 && self.disk.has_thread(&key) {
                    let last = items.iter().rev().take(notes + 1);
                    let last: Vec<_> = last.collect();
                    state.fail(format!("{key:?}: recovered {ids:?}, and it ends with {last:?}"));
                }
                state.count("threads recovered");
            }
        });
    }

    /// The end of the world: what the store has is what it should.
    pub(crate) fn check_disk(&self) {
        let open: Vec<Key> = self.disk.checkpoints().keys().cloned().collect();
        self.with(|state| {
            for key in open {
                // Without a turn nothing may have been recovered.
                if !state.line(&key).has_stale_checkpoint && !state.is_recovering {
                    state.fail(format!("{key:?} has a checkpoint at the end"));
                }
            }
            let keys: Vec<Key> = state.lines.keys().cloned().collect();
            for key in keys {
                state.check_order(&key, &self.disk.items(&key));
            }
        });
    }
}

impl State {
    fn wreck(&self, number: usize, now: Ms, store_delay: Ms) -> Option<Wreck> {
        let probe = &self.probes[number];
        let interval = ms(probe.options.checkpoint_interval);
        let key = probe.key.clone()?;
        let is_clean = probe.is_clean() && !probe.checkpoint_failed && !probe.rolls_back;
        if interval == 0 || probe.stage < Stage::Responding || !is_clean {
            return None;
        }
        // From its end on a turn shows nothing more, and writes what it keeps.
        let last = probe.winding_since.or(probe.closed_at).unwrap_or(now);
        let safe_before = last.checked_sub(interval + 8 * store_delay + SLACK)?;
        // A jump of the clock leaves no time to write anything.
        let has_jumped = self.jumps.iter().any(|(_, to)| *to >= safe_before);
        let is_going = |item: &ThreadItem| {
            matches!(&probe.model.awaiting, Some(ThreadStreamEvent::ThreadItemRemoved { item_id })
                if item_id == item.id())
        };
        let mut pending = probe.model.pending.clone();
        pending.retain(|it| !probe.model.stored.contains_key(it.item.id()) && !is_going(&it.item));
        (!has_jumped).then_some(Wreck { number, key, pending, safe_before })
    }

    fn check_wreck(&mut self, wreck: &Wreck, world: &World) {
        if !world.disk.has_thread(&wreck.key) {
            return;
        }
        self.count("turns crashed");
        for pending in wreck.pending.iter().filter(|it| is_worth_keeping(&it.item)) {
            let safe = pending.lengths.iter().take_while(|(at, _)| *at < wreck.safe_before).last();
            let Some(&(_, safe)) = safe else { continue };
            self.count("partial items recovered");
            let found = world.disk.item(&wreck.key, pending.item.id());
            let shown = text_of(&pending.item);
            let stored = found.as_ref().and_then(text_of);
            let is_right = match (&shown, &stored, &found) {
                (Some(shown), Some(stored), _) => shown.starts_with(stored) && stored.len() >= safe,
                (Some(shown), None, _) => shown[..safe].trim().is_empty(),
                (None, _, Some(_)) => true,
                // What it showed when is not known.
                (None, _, None) => {
                    matches!(pending.item, ThreadItem::Workflow(_) | ThreadItem::GeneratedImage(_))
                }
            };
            if !is_right {
                self.fail(format!(
                    "#{} had shown {:?}, {safe} bytes of text before {}, and {found:?} is left",
                    wreck.number, pending.item, wreck.safe_before
                ));
            }
        }
    }

    /// What turns have stored stands in the order in which they had the thread.
    fn check_order(&mut self, key: &Key, items: &[ThreadItem]) {
        let grants: Vec<_> = items
            .iter()
            .filter(|item| !self.lines[key].recovered.contains(item.id()))
            .filter_map(|item| self.lines[key].writers.get(item.id()))
            .map(|number| (self.probes[*number].life, self.probes[*number].grant))
            .collect();
        if !grants.is_sorted() {
            self.fail(format!("{key:?} is out of order: {grants:?}"));
        }
    }

    /// Of two submissions of a form exactly one wins.
    pub(crate) fn check_submissions(&mut self, numbers: [usize; 2]) {
        self.count("double submissions");
        let probes = numbers.map(|number| &self.probes[number]);
        let wins = probes.iter().filter(|probe| probe.completed).count();
        let has_excuse = probes.iter().any(|probe| {
            probe.store_failures + probe.store_refusals > 0
                || probe.was_refused
                || probe.stage == Stage::Asked
                || (probe.begun.is_none() && !probe.completed)
        });
        if wins == 2 || (wins == 0 && !has_excuse) {
            self.fail(format!("{wins} of the submissions {numbers:?} have won"));
        }
    }

    /// A message to which nothing could go wrong was answered, unless the thread takes none.
    pub(crate) fn check_plain(&mut self, number: usize, is_locked: bool) {
        self.count("plain messages");
        let (end, stage) = (self.probes[number].end, self.probes[number].stage);
        if !is_locked && end != Some(EndReason::Completed) {
            self.fail(format!("#{number} should have been answered: {stage:?} {end:?}"));
        }
    }
}
