//! The threads and items that stand in an event or an answer, wherever they stand.

use serde_json::Value;

use super::event::{list, text};

/// A thread or an item, and where it was seen.
#[derive(Debug, Clone)]
pub(super) struct Sighting<'a> {
    pub(super) frame: Option<usize>,
    pub(super) what: Entity,
    /// Its place within the event or answer.
    pub(super) path: String,
    pub(super) value: &'a Value,
}

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entity {
    Thread,
    Item,
}

impl<'a> Sighting<'a> {
    /// Its id, empty if it has none.
    pub(super) fn id(&self) -> &'a str {
        text(self.value, "id")
    }

    /// Its type, empty for a thread.
    pub(super) fn kind(&self) -> &'a str {
        match self.what {
            Entity::Thread => "",
            Entity::Item => text(self.value, "type"),
        }
    }

    /// What to call it in a finding.
    pub(super) fn name(&self) -> &str {
        match self.what {
            Entity::Thread => "thread",
            Entity::Item => match self.kind() {
                "" => "item",
                kind => kind,
            },
        }
    }
}

/// The threads and items of an event.
pub(super) fn in_event<'a>(frame: usize, event: &'a Value, all: &mut Vec<Sighting<'a>>) {
    if let Some(item) = event.get("item") {
        all.push(Sighting {
            frame: Some(frame),
            what: Entity::Item,
            path: "item".to_owned(),
            value: item,
        });
    }
    if let Some(thread) = event.get("thread") {
        in_thread(Some(frame), thread, "thread", all);
    }
}

/// A thread and the items of its page.
pub(super) fn in_thread<'a>(
    frame: Option<usize>,
    thread: &'a Value,
    path: &str,
    all: &mut Vec<Sighting<'a>>,
) {
    all.push(Sighting { frame, what: Entity::Thread, path: path.to_owned(), value: thread });
    if let Some(page) = thread.get("items") {
        for (at, item) in list(page, "data").iter().enumerate() {
            let path = format!("{}items.data[{at}]", prefix(path));
            all.push(Sighting { frame, what: Entity::Item, path, value: item });
        }
    }
}

/// A path to go on from.
pub(super) fn prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}.") }
}
