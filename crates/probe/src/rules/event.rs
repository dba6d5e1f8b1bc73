//! An event as the rules look at it.

use serde_json::Value;

/// An event of the stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'a> {
    /// The number of its frame.
    pub(super) frame: usize,
    /// Its type, empty if it has none.
    pub(super) kind: &'a str,
    pub(super) value: &'a Value,
    pub(super) what: What<'a>,
}

/// What an event does.
#[derive(Debug, Clone, Copy)]
pub(super) enum What<'a> {
    Added(Item<'a>),
    Done(Item<'a>),
    Replaced(Item<'a>),
    Removed(&'a str),
    Updated(Update<'a>),
    Progress(&'a str),
    /// Anything else, unknown events too.
    Other,
    /// An event of the wrong shape: nothing is said of what is in it.
    Broken,
}

/// An item of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) value: &'a Value,
}

/// A change of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) value: &'a Value,
}

impl<'a> Event<'a> {
    /// Reads an event whose shape was looked at and is sound, or is not.
    pub(super) fn read(frame: usize, value: &'a Value, is_sound: bool) -> Self {
        let kind = text(value, "type");
        let what = if is_sound { what(kind, value).unwrap_or(What::Other) } else { What::Broken };
        Self { frame, kind, value, what }
    }

    /// The item that begins, ends or is replaced.
    pub(super) fn item(&self) -> Option<Item<'a>> {
        match self.what {
            What::Added(item) | What::Done(item) | What::Replaced(item) => Some(item),
            _ => None,
        }
    }

    /// The id of the item the event is about, even if its shape is wrong.
    pub(super) fn item_id(&self) -> Option<&'a str> {
        let id = self.value.get("item_id").or_else(|| self.value.get("item")?.get("id"))?;
        id.as_str()
    }

    /// Whether the event is about an item.
    pub(super) fn is_about_an_item(&self) -> bool {
        self.kind.starts_with("thread.item.")
    }
}

impl<'a> Item<'a> {
    pub(super) fn read(value: &'a Value) -> Option<Self> {
        let id = value.get("id")?.as_str()?;
        let kind = value.get("type")?.as_str()?;
        Some(Self { id, kind, value })
    }

    /// Whether the item is for the model only.
    pub(super) fn is_hidden(&self) -> bool {
        is_hidden(self.kind)
    }
}

/// Whether items of a type are for the model only.
pub(super) fn is_hidden(kind: &str) -> bool {
    matches!(kind, "hidden_context_item" | "sdk_hidden_context")
}

/// A text field; empty if there is none.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A field with an index.
pub(super) fn index(value: &Value, field: &str) -> Option<usize> {
    value.get(field)?.as_u64()?.try_into().ok()
}

/// A field with a list; empty if there is none.
pub(super) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn what<'a>(kind: &str, value: &'a Value) -> Option<What<'a>> {
    let item = || Item::read(value.get("item")?);
    Some(match kind {
        "thread.item.added" => What::Added(item()?),
        "thread.item.done" => What::Done(item()?),
        "thread.item.replaced" => What::Replaced(item()?),
        "thread.item.removed" => What::Removed(text(value, "item_id")),
        "thread.item.updated" => {
            let update = value.get("update")?;
            What::Updated(Update {
                id: text(value, "item_id"),
                kind: text(update, "type"),
                value: update,
            })
        }
        "progress_update" => What::Progress(text(value, "text")),
        _ => What::Other,
    })
}
