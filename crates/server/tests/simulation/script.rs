//! What responders do, as seeds decide.

use std::collections::BTreeSet;

use chatkit_protocol::{ThreadItem, ThreadMetadata, ThreadStatus, ThreadStreamEvent};
use chatkit_server::Turn;

use crate::{
    acts::{self, Gaps},
    model::Ms,
    rng::Rng,
    world::{Ctx, World, ms},
};

/// A response from its beginning to its end.
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
    /// Whether an emitter is used, or a plain stream of events.
    pub(crate) emits: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Wait(Ms),
    /// Lets others go first.
    Pend,
    Event(Box<ThreadStreamEvent>),
    Change(Change),
    /// Reads the thread.
    Read,
}

/// A change of the thread.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    title: String,
    locks: Option<bool>,
}

impl Change {
    pub(crate) fn apply(self, thread: &mut ThreadMetadata) {
        thread.metadata.insert("note".to_owned(), format!("secret {}", self.title).into());
        thread.title = Some(self.title);
        match self.locks {
            Some(true) => thread.status = ThreadStatus::Locked { reason: None },
            Some(false) => thread.status = ThreadStatus::Active,
            None => {}
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    Custom,
    Coded,
    Unexpected,
    Panic,
    PanicAtOnce,
    PanicOnDrop,
    Silence,
    /// Waits to be told that the turn was cancelled, and then takes some time and may say something.
    AwaitCancel {
        then: Ms,
        speaks: bool,
    },
}

/// What a responder does in a turn.
pub(crate) fn plan(rng: &mut Rng, world: &World, turn: &Turn<Ctx>) -> Script {
    if turn.context().0.plain {
        let steps = acts::message(rng, turn, &mut Gaps::none(), acts::Fate::Done);
        return Script { steps, ending: Ending::Done, emits: false };
    }
    let options = &turn.context().0.options;
    let mut gaps = Gaps::of(rng, world.climate.gaps, ms(options.gap_timeout));
    let mut steps = Vec::new();
    if rng.one_in(4) {
        steps.push(Step::Wait(rng.between(0, 3 * ms(options.first_event_timeout) / 2)));
    }
    for _ in 0..rng.below(4) {
        let act = act(rng, world, turn, &mut gaps);
        if rng.one_in(4) {
            let other = self::act(rng, world, turn, &mut gaps);
            steps.extend(woven(rng, act, other));
        } else {
            steps.extend(act);
        }
    }
    leave_removed_alone(&mut steps);
    let ending = ending(rng, ms(options.cancel_grace));
    Script { steps, ending, emits: rng.one_in(4) }
}

fn act(rng: &mut Rng, world: &World, turn: &Turn<Ctx>, gaps: &mut Gaps) -> Vec<Step> {
    let change = |locks: Option<bool>, rng: &mut Rng| {
        let title = format!("title {}", rng.below(1000));
        vec![Step::Change(Change { title, locks })]
    };
    match rng.weighted(&[40, 12, 12, 4, 4, 8, 6, 5, 1, 2, 5, 8, 10, 3, 4, 1]) {
        0 => {
            let fate = acts::fate(rng);
            acts::message(rng, turn, gaps, fate)
        }
        1 => acts::widget(rng, turn, gaps),
        2 => acts::workflow(rng, turn, gaps),
        3 => acts::image(rng, turn, gaps),
        4 => acts::task(rng, turn),
        5 => acts::hidden(rng, turn, gaps),
        6 => acts::beside(rng),
        7 => change(None, rng),
        8 => change(Some(true), rng),
        9 => change(Some(false), rng),
        10 => vec![Step::Read],
        11 => acts::call(rng, turn),
        12 => acts::form(rng, turn),
        13 => acts::flood(rng, turn),
        14 => old_item(rng, world, turn),
        _ if rng.one_in(8) => acts::deluge(rng),
        _ => vec![gaps.step(rng)],
    }
}

/// Does something to an item of an earlier turn.
fn old_item(rng: &mut Rng, world: &World, turn: &Turn<Ctx>) -> Vec<Step> {
    let key = (turn.owner().clone(), turn.thread().id().clone());
    let mut items = world.disk.items(&key);
    items.retain(|item| matches!(item, ThreadItem::AssistantMessage(_) | ThreadItem::Widget(_)));
    let Some(item) = rng.pick_any(&items) else { return Vec::new() };
    let event = match item.clone() {
        ThreadItem::AssistantMessage(mut message) if rng.one_in(2) => {
            acts::says(&mut message, "said better");
            ThreadStreamEvent::replaced(ThreadItem::AssistantMessage(message))
        }
        item => ThreadStreamEvent::ThreadItemRemoved { item_id: item.id().clone() },
    };
    vec![Step::Event(Box::new(event))]
}

/// What was removed is not replaced any more: that would make it a new item.
fn leave_removed_alone(steps: &mut Vec<Step>) {
    let mut removed = BTreeSet::new();
    steps.retain(|step| match step {
        Step::Event(event) => match &**event {
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                removed.insert(item_id.clone());
                true
            }
            ThreadStreamEvent::ThreadItemReplaced { item } => !removed.contains(item.id()),
            _ => true,
        },
        _ => true,
    });
}

/// Two acts at once.
fn woven(rng: &mut Rng, one: Vec<Step>, other: Vec<Step>) -> Vec<Step> {
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    let mut woven = Vec::new();
    while one.peek().is_some() || other.peek().is_some() {
        let first = other.peek().is_none() || (one.peek().is_some() && rng.one_in(2));
        woven.extend(if first { one.next() } else { other.next() });
    }
    woven
}

fn ending(rng: &mut Rng, grace: Ms) -> Ending {
    match rng.weighted(&[50, 5, 4, 4, 4, 1, 2, 14, 10]) {
        0 => Ending::Done,
        1 => Ending::Custom,
        2 => Ending::Coded,
        3 => Ending::Unexpected,
        4 => Ending::Panic,
        5 => Ending::PanicAtOnce,
        6 => Ending::PanicOnDrop,
        7 => Ending::Silence,
        _ => Ending::AwaitCancel { then: rng.between(0, 2 * grace), speaks: rng.one_in(2) },
    }
}
