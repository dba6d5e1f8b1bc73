//! The line before a thread, as the rules of coordinators want it.

use chatkit_server::{Busy, Entry, RunHandle, RunId, StopOutcome};

use crate::{
    model::Ms,
    probe::Stage,
    world::{Actor, Entered, Key, State, ms},
};

impl State {
    /// A run is about to enter a thread's line.
    pub(crate) fn enters(&mut self, key: &Key, run: &RunHandle, entry: Entry) {
        let (now, actor) = (self.now(), self.actor());
        self.trace(|| format!("{actor:?} enters {} by {entry:?}", key.1));
        let before: Vec<(Actor, bool)> = self
            .line(key)
            .entered
            .iter()
            .map(|it| (it.actor, it.run.cancel_reason().is_some()))
            .collect();
        for (place, (earlier, is_cancelled)) in before.into_iter().enumerate() {
            if let Actor::Run(number) = earlier {
                self.is_overtaken(number, place == 0, entry, is_cancelled, now);
            }
        }
        if let Actor::Run(number) = actor {
            let probe = &mut self.probes[number];
            if probe.stage != Stage::Started {
                self.fail(format!("#{number} enters at stage {:?}", self.probes[number].stage));
            }
            let probe = &mut self.probes[number];
            probe.stage = Stage::Waiting;
            probe.run = Some(run.id());
            probe.key = Some(key.clone());
            self.runs.insert(run.id(), number);
        }
        let is_turn = entry != Entry::Exclusive;
        let entered = Entered { actor, run: run.clone(), is_turn, was_granted: false };
        self.line(key).entered.push(entered);
    }

    fn is_overtaken(
        &mut self,
        number: usize,
        is_first: bool,
        entry: Entry,
        is_cancelled: bool,
        now: Ms,
    ) {
        let probe = &mut self.probes[number];
        match entry {
            Entry::Interrupt | Entry::Exclusive => {
                probe.superseded_at.get_or_insert(now);
            }
            Entry::Rollback => {
                probe.superseded_at.get_or_insert(now);
                probe.rolls_back |= !is_cancelled;
            }
            Entry::Follow(patience) if is_first => {
                let at = now + ms(patience);
                probe.follower_at = Some(probe.follower_at.map_or(at, |before| before.min(at)));
            }
            _ => {}
        }
    }

    /// The coordinator does not let a run in.
    pub(crate) fn is_turned_away(&mut self, key: &Key, entry: Entry, busy: Busy) {
        let actor = self.actor();
        self.trace(|| format!("{actor:?} is turned away: {busy:?}"));
        let waiting = self.waiting(key);
        self.line(key).entered.retain(|it| it.actor != actor);
        let others = self.line(key).entered.len();
        let is_right = match (entry, busy) {
            (Entry::Reject, Busy::Running) => others > 0,
            (Entry::Enqueue { limit }, Busy::QueueFull) => waiting >= limit,
            _ => false,
        };
        if !is_right {
            self.fail(format!("{actor:?} was turned away with {others} before it: {busy:?}"));
        }
        if let Actor::Run(number) = actor {
            self.probes[number].was_refused = true;
        }
    }

    /// Whether the responders of all who came before the actor are gone: their clients may have seen
    /// the end already.
    fn are_closing_before(&mut self, key: &Key) -> bool {
        let actor = self.actor();
        let earlier: Vec<_> = self.line(key).entered.iter().map(|it| it.actor).collect();
        earlier.into_iter().filter(|earlier| *earlier != actor).all(|earlier| match earlier {
            Actor::Run(number) => self.probes[number].stage >= Stage::Closing,
            _ => false,
        })
    }

    /// A run that has not been turned away waits.
    pub(crate) fn is_let_in(&mut self, key: &Key, entry: Entry) {
        if let Actor::Run(number) = self.actor() {
            self.probes[number].waited = true;
        }
        let waiting = self.waiting(key);
        match entry {
            Entry::Reject if self.are_closing_before(key) => {}
            Entry::Reject => self.fail("Reject has let a run in behind another"),
            Entry::Enqueue { limit } if waiting >= limit => {
                self.fail(format!("{waiting} wait before one who may wait behind {limit}"));
            }
            _ => {}
        }
    }

    /// Those who wait for the thread before the one who has just come, and whose clients are there.
    fn waiting(&mut self, key: &Key) -> usize {
        let actor = self.actor();
        let entered = self.line(key).entered.iter().map(|it| it.actor);
        let waiting: Vec<_> = entered.skip(1).filter(|it| *it != actor).collect();
        let is_read =
            |it: &Actor| matches!(it, Actor::Run(number) if self.probes[*number].readers > 0);
        waiting.iter().filter(|it| is_read(it)).count()
    }

    /// The coordinator gives a run its thread.
    pub(crate) fn is_granted(&mut self, key: &Key) {
        let actor = self.actor();
        self.trace(|| format!("{actor:?} has {}", key.1));
        self.count("grants");
        let grant = self.tally["grants"];
        let line = self.line(key);
        // A deletion ends with its task, which nobody hears of.
        while let Some(first) = line.entered.first()
            && matches!(first.actor, Actor::Task(_))
            && first.was_granted
            && first.actor != actor
        {
            line.entered.remove(0);
        }
        if line.entered.first().is_none_or(|first| first.actor != actor) {
            let before: Vec<_> = line.entered.iter().map(|it| it.actor).collect();
            self.fail(format!("{actor:?} has the thread out of its order: {before:?}"));
        }
        let line = self.line(key);
        line.holder = Some(actor);
        line.epoch += 1;
        if let Some(first) = line.entered.iter_mut().find(|it| it.actor == actor) {
            first.was_granted = true;
        }
        let to_tell = std::mem::take(&mut line.to_tell);
        let may_tell = std::mem::take(&mut line.may_tell);
        if let Actor::Run(number) = actor {
            let probe = &mut self.probes[number];
            probe.stage = Stage::Granted;
            probe.grant = grant;
            probe.must_tell = to_tell;
            probe.may_tell = may_tell;
        }
    }

    /// A run is over, or was refused: it has no part in the line any more.
    pub(crate) fn leaves(&mut self, number: usize) {
        let Some(key) = self.probes[number].key.clone() else { return };
        let line = self.line(&key);
        line.entered.retain(|it| it.actor != Actor::Run(number));
        if line.holder == Some(Actor::Run(number)) {
            line.holder = None;
            line.epoch += 1;
        }
    }

    /// The turn that a user means: the first that was not cancelled, or else the first.
    fn meant(&self, key: &Key) -> Option<&Entered> {
        let mut turns = self.lines.get(key)?.entered.iter().filter(|it| it.is_turn);
        let alive = turns.clone().find(|it| it.run.cancel_reason().is_none());
        alive.or_else(|| turns.next())
    }

    /// A turn is about to be stopped: which, and how that should end.
    pub(crate) fn stops(&mut self, key: &Key) -> (Option<usize>, StopOutcome) {
        let now = self.now();
        let Some(&Entered { actor: Actor::Run(number), .. }) = self.meant(key) else {
            return (None, StopOutcome::NotRunning);
        };
        let probe = &mut self.probes[number];
        if probe.begun.is_some() && !probe.allow_cancel {
            return (Some(number), StopOutcome::NotAllowed);
        }
        probe.stop_at.get_or_insert(now);
        self.trace(|| format!("stops #{number}"));
        (Some(number), StopOutcome::Stopped)
    }

    /// The answer to a stop.
    pub(crate) fn stopped(&mut self, meant: (Option<usize>, StopOutcome), outcome: StopOutcome) {
        self.count("stops");
        if meant.1 != outcome {
            self.fail(format!("stop: expected {meant:?}, found {outcome:?}"));
        }
        if let (Some(number), StopOutcome::Stopped) = meant {
            // It is over once its part in the line is.
            if self.probes[number].stage != Stage::Ended {
                self.fail(format!("#{number} goes on after it was stopped"));
            }
        }
    }

    /// The turn that one who attaches should join.
    pub(crate) fn to_attach(&self, key: &Key, run: Option<RunId>) -> Option<usize> {
        let entered = match run {
            None => self.meant(key)?,
            Some(run) => {
                let mut entered = self.lines.get(key)?.entered.iter();
                entered.find(|it| it.is_turn && it.run.id() == run)?
            }
        };
        match entered.actor {
            Actor::Run(number) => Some(number),
            _ => None,
        }
    }

    /// The answer to an attach.
    pub(crate) fn attaches(&mut self, expected: Option<usize>, joined: bool) {
        self.count(if joined { "attached" } else { "not attached" });
        if expected.is_some() != joined {
            self.fail(format!("attach: expected to join {expected:?}, and it was {joined}"));
        }
        if let (Some(number), true) = (expected, joined) {
            self.joins(number);
            self.is_attached(number);
        }
    }

    /// All runs are told to end.
    pub(crate) fn shuts_down(&mut self) {
        let now = self.now();
        self.trace(|| "all runs are told to shut down".to_owned());
        self.shut_down_at = Some(now);
    }
}
