//! The events of a widget in a thread.

use chatkit_protocol::{ThreadItem, ThreadStreamEvent, WidgetItem, WidgetRoot};

use crate::diff_widget;

/// A widget that changes while it is streamed: its item is added with the first state, updated
/// with each further one, and done with the last.
///
/// ```
/// use chatkit_protocol::{ThreadStreamEvent, Timestamp, WidgetItem, WidgetRoot};
/// use chatkit_widgets::WidgetStream;
/// use serde_json::json;
///
/// let state = |text| {
///     WidgetRoot::new(json!({"type": "Card", "children": [{"type": "Text", "id": "t", "value": text}]}))
/// };
/// let mut stream = WidgetStream::new(WidgetItem {
///     id: "msg_1".into(),
///     thread_id: "thr_1".into(),
///     created_at: Timestamp::now(),
///     widget: state("")?,
///     copy_text: None,
/// });
/// let mut events = vec![stream.added()];
/// events.extend(stream.next(state("Hello")?));
/// events.extend(stream.next(state("Hello, world")?));
/// events.push(stream.finish());
///
/// let kinds: Vec<_> = events.iter().map(ThreadStreamEvent::kind).collect();
/// assert_eq!(
///     kinds,
///     ["thread.item.added", "thread.item.updated", "thread.item.updated", "thread.item.done"],
/// );
/// # Ok::<(), chatkit_protocol::InvalidWidget>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct WidgetStream {
    item: WidgetItem,
}

impl WidgetStream {
    /// A stream that begins with the widget in this item.
    pub fn new(item: WidgetItem) -> Self {
        Self { item }
    }

    /// The item with the widget as it is now.
    pub fn item(&self) -> &WidgetItem {
        &self.item
    }

    /// The first event: the item begins. To be sent before the first [`next`](Self::next).
    pub fn added(&self) -> ThreadStreamEvent {
        ThreadStreamEvent::added(ThreadItem::Widget(self.item.clone()))
    }

    /// The events that lead to the next state of the widget; none when nothing changed.
    pub fn next(&mut self, widget: WidgetRoot) -> Vec<ThreadStreamEvent> {
        let updates = diff_widget(&self.item.widget, &widget);
        self.item.widget = widget;
        let event = |update| ThreadStreamEvent::updated(self.item.id.clone(), update);
        updates.into_iter().map(event).collect()
    }

    /// The last event: the item is complete, with the last state of the widget.
    pub fn finish(self) -> ThreadStreamEvent {
        static_widget(self.item)
    }
}

/// The only event of a widget that is complete from the start.
pub fn static_widget(item: WidgetItem) -> ThreadStreamEvent {
    ThreadStreamEvent::done(ThreadItem::Widget(item))
}
