//! What clients load, held against what there is.

use std::collections::BTreeSet;

use chatkit_protocol::{ItemId, Order, Page, ThreadItem};

use crate::{
    disk::Disk,
    probe::Stage,
    world::{Key, State, World},
};

/// A thread at one moment, for what is loaded until another.
#[derive(Debug)]
pub(crate) struct Before {
    epoch: u64,
    ids: BTreeSet<ItemId>,
}

/// Which page was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) limit: usize,
    pub(crate) order: Order,
    pub(crate) after: Option<String>,
}

impl World {
    pub(crate) fn before_page(&self, key: &Key) -> Before {
        self.with(|state| {
            let ids = all(state, &self.disk, key).iter().map(|item| item.id().clone()).collect();
            Before { epoch: state.line(key).epoch, ids }
        })
    }

    /// Checks a page that was loaded.
    pub(crate) fn check_page(
        &self,
        key: &Key,
        before: &Before,
        asked: &Asked,
        page: &Page<ThreadItem>,
    ) {
        self.note(|state| {
            let now = all(state, &self.disk, key);
            let is_quiet = state.line(key).epoch == before.epoch && !is_closing(state, key);
            let mut problems = Vec::new();
            let found: Vec<_> = page.data.iter().map(ThreadItem::id).collect();
            let unique: BTreeSet<_> = found.iter().collect();
            if unique.len() < found.len() {
                problems.push("an item twice");
            }
            if page.data.iter().any(ThreadItem::is_hidden) {
                problems.push("a hidden item");
            }
            if page.data.len() > asked.limit || (page.data.is_empty() && page.has_more) {
                problems.push("a wrong number of items");
            }
            if is_quiet {
                state.count("pages held against the store");
                let (expected, has_more) = cut(&now, asked);
                if expected != page.data || has_more != page.has_more {
                    state.fail(format!(
                        "{key:?} {asked:?}: expected {expected:?} {has_more}, found {page:?}"
                    ));
                }
            }
            let is_all = asked.after.is_none() && !page.has_more;
            let stays = |item: &&ThreadItem| before.ids.contains(item.id());
            if is_all && now.iter().filter(stays).any(|item| !found.contains(&item.id())) {
                problems.push("an item that was there all the time is missing");
            }
            for problem in problems {
                state.fail(format!("{key:?} {asked:?}: {problem}: {page:?}, with {now:?}"));
            }
        });
    }
}

/// What clients may see of a thread: what is stored, and behind it what is in the making.
pub(crate) fn all(state: &State, disk: &Disk, key: &Key) -> Vec<ThreadItem> {
    let mut items = disk.items(key);
    items.retain(|item| !item.is_hidden());
    // Of a turn that is at its end some may be gone, and the rest is about to be stored.
    let turn = state.holding_turn(key).filter(|probe| probe.stage != Stage::Closing);
    for pending in turn.into_iter().flat_map(|probe| &probe.model.pending) {
        let item = &pending.item;
        match items.iter_mut().find(|stored| stored.id() == item.id()) {
            _ if item.is_hidden() => {}
            Some(stored) => *stored = item.clone(),
            None => items.push(item.clone()),
        }
    }
    items
}

fn is_closing(state: &State, key: &Key) -> bool {
    state.holding_turn(key).is_some_and(|probe| probe.stage == Stage::Closing)
}

fn cut(items: &[ThreadItem], asked: &Asked) -> (Vec<ThreadItem>, bool) {
    let mut items = items.to_vec();
    if asked.order == Order::Desc {
        items.reverse();
    }
    if let Some(after) = &asked.after {
        let at = items.iter().position(|item| item.id().as_str() == after);
        items.drain(..at.map_or(items.len(), |at| at + 1));
    }
    let has_more = items.len() > asked.limit;
    items.truncate(asked.limit);
    (items, has_more)
}
