//! The life of an item: added, updated, done.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    dates,
    event::{Event, Item, Update, What},
    fault::{Fault, Findings},
    ids::ID_CLASH,
    stream::Stream,
    text::brief,
};

/// How far an item has come.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    kind: &'a str,
    state: State,
    frame: usize,
    created_at: Option<&'a Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Done,
    Removed,
}

impl<'a> Known<'a> {
    fn of(item: Item<'a>, state: State, frame: usize) -> Self {
        Self { kind: item.kind, state, frame, created_at: item.value.get("created_at") }
    }
}

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    let mut items = HashMap::new();
    let mut hidden = HashSet::new();
    let mut calls_a_tool = false;
    for event in &stream.events {
        hidden.extend(event.item().filter(Item::is_hidden).map(|item| item.id));
        if event.item_id().is_some_and(|id| stream.is_tainted(id) || hidden.contains(id)) {
            continue;
        }
        match event.what {
            What::Added(item) => added(&mut items, item, event.frame, found),
            What::Done(item) => {
                calls_a_tool |= item.kind == "client_tool_call";
                done(&mut items, item, event.frame, found);
            }
            What::Replaced(item) => replaced(stream, &mut items, item, event.frame, found),
            What::Removed(id) => removed(stream, &mut items, id, event.frame, found),
            What::Updated(update) => updated(stream, &items, update, event, found),
            _ => {}
        }
    }
    if stream.may_miss() {
        check_ends(&items, calls_a_tool, found);
    }
}

fn added<'a>(
    items: &mut HashMap<&'a str, Known<'a>>,
    item: Item<'a>,
    frame: usize,
    found: &mut Findings,
) {
    let now = Known::of(item, State::Pending, frame);
    let Some(before) = items.insert(item.id, now) else { return };
    // The handler of a tool that is called twice has a rule of its own.
    if before.kind == item.kind && item.kind == "client_tool_call" {
        return;
    }
    let is_another = match before.state {
        State::Pending => before.kind != item.kind,
        // A workflow may be opened again; of anything else the same id is another item's.
        State::Done => before.kind != item.kind || item.kind != "workflow",
        State::Removed => return,
    };
    if is_another {
        clash(&before, item, frame, found);
    } else {
        found.add(&ADDED_TWICE, Some(frame), || {
            let (kind, id) = (brief(item.kind), brief(item.id));
            format!("{kind} `{id}` was added at frame {} already", before.frame)
        });
    }
}

fn done<'a>(
    items: &mut HashMap<&'a str, Known<'a>>,
    item: Item<'a>,
    frame: usize,
    found: &mut Findings,
) {
    let now = Known::of(item, State::Done, frame);
    let Some(before) = items.insert(item.id, now) else { return };
    if before.kind != item.kind && before.state != State::Removed {
        clash(&before, item, frame, found);
    } else if before.state == State::Done && item.kind != "client_tool_call" {
        found.add(&DONE_TWICE, Some(frame), || {
            let (kind, id) = (brief(item.kind), brief(item.id));
            format!("{kind} `{id}` was done at frame {} already", before.frame)
        });
    } else if let Some(began) = before.created_at.filter(|_| before.state == State::Pending) {
        dates::check_change(began, item, frame, found);
    }
}

/// A replaced item is complete. It may be of another turn.
fn replaced<'a>(
    stream: &Stream<'_>,
    items: &mut HashMap<&'a str, Known<'a>>,
    item: Item<'a>,
    frame: usize,
    found: &mut Findings,
) {
    let now = Known::of(item, State::Done, frame);
    let before = items.insert(item.id, now).filter(|before| before.state != State::Removed);
    if before.is_none() && stream.begins_a_thread() && !stream.blind {
        found.add(&REPLACED_UNKNOWN, Some(frame), || {
            format!("{} `{}` replaces nothing in this new thread", brief(item.kind), brief(item.id))
        });
    }
}

fn removed<'a>(
    stream: &Stream<'_>,
    items: &mut HashMap<&'a str, Known<'a>>,
    id: &'a str,
    frame: usize,
    found: &mut Findings,
) {
    let now = Known { kind: "", state: State::Removed, frame, created_at: None };
    if items.insert(id, now).is_none() && stream.begins_a_thread() && !stream.blind {
        found.add(&REMOVED_UNKNOWN, Some(frame), || {
            format!("`{}` was never in this new thread", brief(id))
        });
    }
}

fn updated(
    stream: &Stream<'_>,
    items: &HashMap<&str, Known<'_>>,
    update: Update<'_>,
    event: &Event<'_>,
    found: &mut Findings,
) {
    let frame = Some(event.frame);
    let Some(known) = items.get(update.id) else {
        if stream.blind {
            return;
        }
        let fault = if stream.begins_a_thread() {
            UPDATE_WITHOUT_ADDED
        } else {
            UPDATE_WITHOUT_ADDED.as_note()
        };
        return found.add(&fault, frame, || {
            format!("{} for `{}`, which was not added", brief(update.kind), brief(update.id))
        });
    };
    let state = match known.state {
        State::Pending if fits(update.kind, known.kind) => return,
        State::Pending => {
            return found.add(&UPDATE_DOES_NOT_FIT, frame, || {
                let (update, id) = (brief(update.kind), brief(update.id));
                format!("{update} for `{id}`, a {}", brief(known.kind))
            });
        }
        State::Done => "done",
        State::Removed => "removed",
    };
    found.add(&UPDATE_AFTER_DONE, frame, || {
        let (update, id) = (brief(update.kind), brief(update.id));
        format!("{update} for `{id}`, which was {state} at frame {}", known.frame)
    });
}

/// Whether an update is one of the item's. Unknown ones may be.
fn fits(update: &str, item: &str) -> bool {
    let meant_for = match update.split_once('.') {
        Some(("assistant_message", _)) => "assistant_message",
        Some(("widget", _)) => "widget",
        Some(("workflow", _)) => "workflow",
        Some(("generated_image", _)) => "generated_image",
        _ => return true,
    };
    meant_for == item
}

fn check_ends(items: &HashMap<&str, Known<'_>>, calls_a_tool: bool, found: &mut Findings) {
    let mut open: Vec<_> = items
        .iter()
        .filter(|(_, known)| known.state == State::Pending)
        // A workflow may go on when the client's tool has answered.
        .filter(|(_, known)| !(calls_a_tool && known.kind == "workflow"))
        .collect();
    open.sort_by_key(|(_, known)| known.frame);
    for (id, known) in open {
        found.add(&MISSING_DONE, Some(known.frame), || {
            let (kind, id) = (brief(known.kind), brief(id));
            format!("{kind} `{id}` was added and neither done nor removed")
        });
    }
}

fn clash(before: &Known<'_>, item: Item<'_>, frame: usize, found: &mut Findings) {
    found.add(&ID_CLASH, Some(frame), || {
        let (kind, id, other) = (brief(item.kind), brief(item.id), brief(before.kind));
        format!("{kind} `{id}` has the id of the {other} of frame {}", before.frame)
    });
}

const ADDED_TWICE: Fault = Fault::warning(
    "added-twice",
    "The item begins anew: the client shows it twice, or what it held so far is gone.",
    "Send `thread.item.added` once for an item, then updates.",
);

const DONE_TWICE: Fault = Fault::warning(
    "done-twice",
    "The client finishes the item twice and the server stores it twice.",
    "Send `thread.item.done` once for an item; use `thread.item.replaced` to change it later.",
);

const MISSING_DONE: Fault = Fault::error(
    "missing-done",
    "The item is shown as unfinished and is not stored: it is gone when the page is loaded again.",
    "End each item with `thread.item.done` that has all of its content, also when the turn is cut \
     short.",
);

const UPDATE_WITHOUT_ADDED: Fault = Fault::error(
    "update-without-added",
    "The client has no such item and ignores the update: its content is never shown.",
    "Send `thread.item.added` before updates, with the same id.",
);

const UPDATE_AFTER_DONE: Fault = Fault::warning(
    "update-after-done",
    "What is stored lacks the update: it is gone when the page is loaded again, if it is shown at \
     all.",
    "Send all updates before `thread.item.done`; use `thread.item.replaced` to change it later.",
);

const UPDATE_DOES_NOT_FIT: Fault = Fault::error(
    "update-does-not-fit",
    "The client cannot apply the update to an item of this type: its content is never shown.",
    "Send the update to the item it belongs to.",
);

const REPLACED_UNKNOWN: Fault = Fault::warning(
    "replaced-unknown",
    "The client has nothing to replace: the item is not shown, or in the wrong place.",
    "Send new items with `thread.item.done`.",
);

const REMOVED_UNKNOWN: Fault = Fault::note(
    "removed-unknown",
    "The client has nothing to remove. If an item was meant, it stays.",
    "Name the id that the item was added with.",
);
