//! What a client shows of a stream: the reading of the protocol that all else is held against.

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, ErrorEvent, ItemId, ThreadItem,
    ThreadItemUpdate, ThreadStreamEvent,
};
use chatkit_widgets::apply_widget_update;

/// What a client shows of one response, from its stream options on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) items: Vec<Shown>,
    pub(crate) error: Option<ErrorEvent>,
    progress: Option<ThreadStreamEvent>,
    thread: Option<ThreadStreamEvent>,
    /// Notices and effects.
    beside: Vec<ThreadStreamEvent>,
}

/// An item that is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) item: ThreadItem,
    pub(crate) done: bool,
}

impl View {
    pub(crate) fn apply(&mut self, event: &ThreadStreamEvent) {
        match event {
            ThreadStreamEvent::ThreadItemAdded { item } => self.put(item, false),
            ThreadStreamEvent::ThreadItemDone { item }
            | ThreadStreamEvent::ThreadItemReplaced { item } => self.put(item, true),
            ThreadStreamEvent::ThreadItemUpdated { item_id, update } => {
                if let Some(shown) = self.items.iter_mut().find(|it| it.item.id() == item_id) {
                    update_item(&mut shown.item, update);
                }
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.items.retain(|shown| shown.item.id() != item_id);
            }
            ThreadStreamEvent::ProgressUpdate { .. } => self.progress = Some(event.clone()),
            ThreadStreamEvent::ThreadUpdated { .. } => self.thread = Some(event.clone()),
            ThreadStreamEvent::Error(error) => self.error = Some(error.clone()),
            ThreadStreamEvent::StreamOptions { .. } | ThreadStreamEvent::ThreadCreated { .. } => {}
            other => self.beside.push(other.clone()),
        }
    }

    pub(crate) fn item(&self, id: &ItemId) -> Option<&Shown> {
        self.items.iter().find(|shown| shown.item.id() == id)
    }

    /// Whether all but the items and the error is the same.
    pub(crate) fn same_beside(&self, other: &Self) -> bool {
        self.progress == other.progress
            && self.thread == other.thread
            && self.beside == other.beside
    }

    fn put(&mut self, item: &ThreadItem, done: bool) {
        match self.items.iter_mut().find(|shown| shown.item.id() == item.id()) {
            Some(shown) => *shown = Shown { item: item.clone(), done },
            None => self.items.push(Shown { item: item.clone(), done }),
        }
    }
}

/// Changes an item as a client does.
pub(crate) fn update_item(item: &mut ThreadItem, update: &ThreadItemUpdate) {
    match item {
        ThreadItem::AssistantMessage(message) => update_message(message, update),
        ThreadItem::Widget(widget) => {
            apply_widget_update(&mut widget.widget, update);
        }
        ThreadItem::Workflow(item) => match update {
            ThreadItemUpdate::WorkflowTaskAdded { task, .. } => {
                item.workflow.tasks.push((**task).clone());
            }
            ThreadItemUpdate::WorkflowTaskUpdated { task_index, task } => {
                item.workflow.tasks[*task_index] = (**task).clone();
            }
            _ => {}
        },
        ThreadItem::GeneratedImage(item) => {
            if let ThreadItemUpdate::GeneratedImageUpdated { image, .. } = update {
                item.image = Some(image.clone());
            }
        }
        _ => {}
    }
}

fn update_message(message: &mut AssistantMessageItem, update: &ThreadItemUpdate) {
    use ThreadItemUpdate as Update;
    let parts = &mut message.content;
    match update {
        Update::AssistantMessageContentPartAdded { content_index, content }
        | Update::AssistantMessageContentPartDone { content_index, content } => {
            if *content_index == parts.len() {
                parts.push(AssistantMessageContent::default());
            }
            parts[*content_index] = content.clone();
        }
        Update::AssistantMessageContentPartTextDelta { content_index, delta } => {
            parts[*content_index].text.push_str(delta);
        }
        Update::AssistantMessageContentPartAnnotationAdded {
            content_index,
            annotation_index,
            annotation,
        } => parts[*content_index].annotations.insert(*annotation_index, (**annotation).clone()),
        _ => {}
    }
}

/// Whether an item that was never done outlives its turn: when there was something to see.
pub(crate) fn is_worth_keeping(item: &ThreadItem) -> bool {
    match item {
        ThreadItem::AssistantMessage(message) => {
            message.content.iter().any(|part| !part.text.trim().is_empty())
        }
        ThreadItem::Workflow(item) => !item.workflow.tasks.is_empty(),
        ThreadItem::GeneratedImage(item) => item.image.is_some(),
        ThreadItem::Widget(_) | ThreadItem::Task(_) => true,
        _ => false,
    }
}

/// The text of a message.
pub(crate) fn text_of(item: &ThreadItem) -> Option<String> {
    match item {
        ThreadItem::AssistantMessage(message) => {
            Some(message.content.iter().map(|part| part.text.as_str()).collect())
        }
        _ => None,
    }
}
