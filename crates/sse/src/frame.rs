//! What stands between two empty lines.

/// What stands between two empty lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its `id` field: the last one, if there are several.
    pub id: Option<String>,
    /// Its `event` field, unless it is empty.
    pub event: Option<String>,
    /// Its `data` lines, joined by line feeds. Without one the frame is no event.
    pub data: Option<String>,
    /// Its comments without their colon and one space behind it. There are none unless the parser
    /// was told to keep them.
    pub comments: Vec<String>,
}

/// A frame with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The `id` field of its frame.
    pub id: Option<String>,
    /// The event's name, if it has one.
    pub event: Option<String>,
    /// The event's data: its `data` lines, joined by line feeds.
    pub data: String,
}

impl Frame {
    /// The frame as an event, if it is one.
    pub fn into_event(self) -> Option<Event> {
        let Self { id, event, data, .. } = self;
        data.map(|data| Event { id, event, data })
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_none() && self.comments.is_empty() && self.id.is_none() && self.event.is_none()
    }
}
