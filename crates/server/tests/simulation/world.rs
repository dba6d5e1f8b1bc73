//! All that is known about a world, beside the engine that is tested: who asked for what, who runs,
//! what was stored, and what went wrong.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use chatkit_protocol::{ItemId, ThreadId};
use chatkit_server::{Owner, RequestContext, RunHandle, RunId, RunOptions};
use tokio::{task, time::Instant};

use crate::{
    aftermath::Wreck,
    disk::Disk,
    model::Ms,
    probe::{Probe, Stage},
    rng::Rng,
};

/// What timers may be late.
pub(crate) const SLACK: Ms = 2;
/// More than any world needs: whoever takes more turns in circles.
const MAX_STEPS: u64 = 3_000_000;

/// A thread and its owner.
pub(crate) type Key = (Owner, ThreadId);

/// One seed's world.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) climate: Climate,
    pub(crate) disk: Disk,
    state: Mutex<State>,
}

/// What a world is like as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Climate {
    /// Store calls that fail, of 1000.
    pub(crate) faults: u64,
    /// What a store call takes at most, on each side of its effect.
    pub(crate) store_delay: Ms,
    /// The coordinator takes its time.
    pub(crate) slow_coordinator: bool,
    /// Clients come one soon after the other.
    pub(crate) haste: Ms,
    /// Milliseconds, 0 for none: what the limits of turns are about.
    pub(crate) limits: Ms,
    /// How the responders' gaps are.
    pub(crate) gaps: Ms,
}

/// The application's context of a request.
#[derive(Clone)]
pub(crate) struct Ctx(pub(crate) Arc<Request>);

/// What a client wants of its turn.
pub(crate) struct Request {
    pub(crate) number: usize,
    pub(crate) owner: Owner,
    pub(crate) options: RunOptions,
    pub(crate) allow_cancel: bool,
    pub(crate) handler: Handler,
    /// Answered by one plain message: to see that all is well.
    pub(crate) plain: bool,
}

/// How the application cleans up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handler {
    Default,
    Slow(Ms),
    Fails,
    Panics,
}

impl Request {
    /// The context of an op that starts no turn.
    pub(crate) fn of_no_turn(owner: &Owner, options: RunOptions) -> Self {
        Self {
            number: usize::MAX,
            owner: owner.clone(),
            options,
            allow_cancel: true,
            handler: Handler::Default,
            plain: false,
        }
    }
}

impl RequestContext for Ctx {
    fn owner(&self) -> Owner {
        self.0.owner.clone()
    }
}

/// Who does something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The run of a request.
    Run(usize),
    /// Another task: a JSON op, or a client.
    Task(task::Id),
    /// The world itself.
    World,
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(number) => write!(f, "#{number}"),
            Self::Task(_) => f.write_str("a task"),
            Self::World => f.write_str("the world"),
        }
    }
}

pub(crate) struct State {
    pub(crate) is_tracing: bool,
    pub(crate) trace: Vec<String>,
    pub(crate) violations: Vec<String>,
    pub(crate) life: u64,
    began: Option<Instant>,
    offset: Ms,
    last_now: Ms,
    /// Not between two lives, when nothing that happens counts.
    pub(crate) is_alive: bool,
    /// The store does not fail any more, and answers at once.
    pub(crate) is_calm: bool,
    pub(crate) is_recovering: bool,
    pub(crate) probes: Vec<Probe>,
    actors: HashMap<task::Id, usize>,
    pub(crate) runs: HashMap<RunId, usize>,
    pub(crate) lines: BTreeMap<Key, Line>,
    /// The request whose responder is being polled.
    pub(crate) in_responder: Option<usize>,
    /// When the clock jumped, from where to where.
    pub(crate) jumps: Vec<(Ms, Ms)>,
    pub(crate) shut_down_begun: bool,
    /// When all runs were told to shut down.
    pub(crate) shut_down_at: Option<Ms>,
    requests: Vec<Weak<Request>>,
    /// The run that a task has joined last.
    attached: HashMap<task::Id, usize>,
    /// Ids of events that clients have seen.
    pub(crate) event_ids: Vec<String>,
    /// The turns that the last crash left open.
    pub(crate) wrecks: Vec<Wreck>,
    /// What a recovery has stored.
    pub(crate) recovered: BTreeMap<Key, Vec<ItemId>>,
    /// Threads for which the store has failed while they were recovered.
    pub(crate) not_recovered: BTreeSet<Key>,
    pub(crate) threads_made: u64,
    pub(crate) items_made: BTreeMap<ThreadId, u64>,
    pub(crate) steps: u64,
    /// What the worlds' checks were worth: how often each was made.
    pub(crate) tally: BTreeMap<&'static str, u64>,
}

/// A thread as its coordinator must see it.
#[derive(Default)]
pub(crate) struct Line {
    pub(crate) entered: Vec<Entered>,
    pub(crate) holder: Option<Actor>,
    /// Items that were taken back and that no client was told of yet.
    pub(crate) to_tell: Vec<ItemId>,
    /// Items that were taken back; whether clients were told is not known.
    pub(crate) may_tell: Vec<ItemId>,
    /// Changes whenever what clients may see of the thread does.
    pub(crate) epoch: u64,
    /// Who stored an item first.
    pub(crate) writers: BTreeMap<ItemId, usize>,
    /// What a recovery has stored, at any time.
    pub(crate) recovered: BTreeSet<ItemId>,
    /// The store has failed to delete a checkpoint.
    pub(crate) has_stale_checkpoint: bool,
    pub(crate) store_calls: u64,
}

pub(crate) struct Entered {
    pub(crate) actor: Actor,
    pub(crate) run: RunHandle,
    pub(crate) is_turn: bool,
    pub(crate) was_granted: bool,
}

impl World {
    pub(crate) fn new(seed: u64, is_tracing: bool) -> Self {
        let mut rng = Rng::of(seed, &[1]);
        let climate = Climate {
            faults: *rng.pick(&[0, 0, 0, 0, 5, 20, 60]),
            store_delay: *rng.pick(&[0, 0, 0, 5, 40, 300, 2000]),
            slow_coordinator: rng.one_in(3),
            haste: *rng.pick(&[5, 60, 300, 1500]),
            limits: *rng.pick(&[0, 40, 400, 400, 3000]),
            gaps: *rng.pick(&[0, 5, 60, 300, 600]),
        };
        let state = State {
            is_tracing,
            trace: Vec::new(),
            violations: Vec::new(),
            life: 0,
            began: None,
            offset: 0,
            last_now: 0,
            is_alive: false,
            is_calm: false,
            is_recovering: false,
            probes: Vec::new(),
            actors: HashMap::new(),
            runs: HashMap::new(),
            lines: BTreeMap::new(),
            in_responder: None,
            jumps: Vec::new(),
            shut_down_begun: false,
            shut_down_at: None,
            requests: Vec::new(),
            attached: HashMap::new(),
            event_ids: Vec::new(),
            wrecks: Vec::new(),
            recovered: BTreeMap::new(),
            not_recovered: BTreeSet::new(),
            threads_made: 0,
            items_made: BTreeMap::new(),
            steps: 0,
            tally: BTreeMap::new(),
        };
        Self { seed, climate, disk: Disk::default(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state())
    }

    /// The end of the trace, for when the world hangs.
    pub(crate) fn last_of_trace(&self) -> Vec<String> {
        for _ in 0..1000 {
            if let Ok(state) = self.state.try_lock() {
                return state.trace.iter().rev().take(100).rev().cloned().collect();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        vec!["somebody does not let go of the world".to_owned()]
    }

    /// Takes note of something, unless the process has just crashed.
    pub(crate) fn note(&self, act: impl FnOnce(&mut State)) {
        let mut state = self.state();
        if state.is_alive {
            act(&mut state);
        }
    }

    pub(crate) fn fail(&self, what: impl FnOnce() -> String) {
        self.note(|state| state.fail(what()));
    }

    pub(crate) fn trace(&self, what: impl FnOnce() -> String) {
        self.note(|state| state.trace(what));
    }

    pub(crate) fn now(&self) -> Ms {
        self.with(|state| state.now())
    }

    /// A request that a client is about to send.
    pub(crate) fn asks(&self, ask: Ask) -> Ctx {
        self.with(|state| {
            let number = state.probes.len();
            let Ask { owner, resumable, options, allow_cancel, handler, plain, what } = ask;
            state.trace(|| format!("{owner:?} asks #{number}: {what}, resumable {resumable}, {options:?}, allow_cancel {allow_cancel}, handler {handler:?}"));
            let request =
                Arc::new(Request { number, owner, options, allow_cancel, handler, plain });
            state.requests.push(Arc::downgrade(&request));
            let life = state.life;
            state.probes.push(Probe::new(number, life, &request, resumable));
            Ctx(request)
        })
    }
}

/// What a request is like beside its op.
pub(crate) struct Ask {
    pub(crate) owner: Owner,
    pub(crate) resumable: bool,
    pub(crate) options: RunOptions,
    pub(crate) allow_cancel: bool,
    pub(crate) handler: Handler,
    pub(crate) plain: bool,
    pub(crate) what: String,
}

impl State {
    pub(crate) fn now(&mut self) -> Ms {
        if let Some(began) = self.began {
            let since = Instant::now().saturating_duration_since(began).as_millis();
            self.last_now = self.offset + u64::try_from(since).unwrap();
        }
        self.last_now
    }

    /// The process starts.
    pub(crate) fn begins_life(&mut self) {
        self.offset = self.last_now + 1000;
        self.began = Some(Instant::now());
        self.is_alive = true;
        self.is_calm = false;
        self.shut_down_begun = false;
        self.shut_down_at = None;
        let life = self.life;
        self.trace(|| format!("life {life} begins"));
    }

    /// The process is gone. What is returned is to be dropped once the world is not looked at any
    /// more: it may be the last of some task, whose end the world hears of.
    #[must_use]
    pub(crate) fn ends_life(&mut self) -> Vec<Entered> {
        // The runtime and its clock are gone.
        self.began = None;
        let life = self.life;
        self.trace(|| format!("life {life} ends"));
        self.is_alive = false;
        self.life += 1;
        self.in_responder = None;
        self.actors.clear();
        self.runs.clear();
        self.attached.clear();
        let mut gone = Vec::new();
        for line in self.lines.values_mut() {
            gone.append(&mut line.entered);
            line.holder = None;
            line.to_tell.clear();
            line.may_tell.clear();
        }
        gone
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        let (now, what) = (self.now(), what.into());
        self.trace(|| format!("VIOLATION {what}"));
        if self.violations.len() < 20 {
            self.violations.push(format!("{now} ms: {what}"));
        }
    }

    pub(crate) fn trace(&mut self, what: impl FnOnce() -> String) {
        if self.is_tracing {
            let now = self.now();
            self.trace.push(format!("{now:>9} {}", what()));
        }
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// Something was done; too much is a world that turns in circles.
    pub(crate) fn step(&mut self) {
        self.steps += 1;
        // Whoever turns in circles may never let the world look at it.
        assert!(self.steps < MAX_STEPS, "the world does not come to an end");
    }

    pub(crate) fn line(&mut self, key: &Key) -> &mut Line {
        self.lines.entry(key.clone()).or_default()
    }

    pub(crate) fn actor(&self) -> Actor {
        match task::try_id() {
            None => Actor::World,
            Some(id) => self.actors.get(&id).map_or(Actor::Task(id), |run| Actor::Run(*run)),
        }
    }

    /// The task that runs belongs to a request.
    pub(crate) fn is_run(&mut self, number: usize) {
        if let Some(id) = task::try_id() {
            self.actors.insert(id, number);
        }
    }

    pub(crate) fn is_attached(&mut self, to: usize) {
        if let Some(id) = task::try_id() {
            self.attached.insert(id, to);
        }
    }

    /// The run that this task has just joined, if it has.
    pub(crate) fn take_attached(&mut self) -> Option<usize> {
        self.attached.remove(&task::try_id()?)
    }

    /// How many requests somebody still holds something of.
    pub(crate) fn requests_held(&self) -> usize {
        self.requests.iter().filter(|request| request.strong_count() > 0).count()
    }

    /// When something due at a time can happen at the earliest: the clock may have jumped over it.
    pub(crate) fn effective(&self, due: Ms) -> Ms {
        let over = |(from, to): &&(Ms, Ms)| *from <= due + SLACK && due <= *to;
        self.jumps.iter().find(over).map_or(due, |(_, to)| *to)
    }

    /// The turn that holds a thread.
    pub(crate) fn holding_turn(&self, key: &Key) -> Option<&Probe> {
        match self.lines.get(key)?.holder? {
            Actor::Run(number) => Some(&self.probes[number]),
            _ => None,
        }
    }

    /// Whether a run of this life is so far and no further.
    pub(crate) fn has_stage(&self, stage: Stage) -> bool {
        self.probes.iter().any(|probe| probe.life == self.life && probe.stage == stage)
    }

    /// Runs of this life that have not ended.
    pub(crate) fn unfinished(&self) -> Vec<usize> {
        let life = self.life;
        let of_life = self.probes.iter().filter(|probe| probe.life == life);
        of_life
            .filter(|probe| !matches!(probe.stage, Stage::Asked | Stage::Ended))
            .map(|probe| probe.number)
            .collect()
    }
}

/// A duration in milliseconds.
pub(crate) fn ms(duration: Duration) -> Ms {
    u64::try_from(duration.as_millis()).unwrap_or(Ms::MAX)
}
