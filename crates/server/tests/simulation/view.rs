//! What a client shows of a stream: the reading of the protocol that all else is held against.

use chatkit_protocol::{
    AssistantMessageItem, ErrorEvent, ItemId, ThreadItem, ThreadItemUpdate, ThreadStreamEvent,
};
use chatkit_widgets::apply_widget_update;

/// What a client shows of one response, from its stream options on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) items: Vec<Shown>,
    pub(crate) error: Option<ErrorEvent>,
    /// Updates of what was not there, on which a client may fail.
    pub(crate) misfits: u64,
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
                let shown = self.items.iter_mut().find(|it| it.item.id() == item_id);
                self.misfits +=
                    u64::from(!shown.is_some_and(|shown| update_item(&mut shown.item, update)));
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

/// Changes an item as a client does. Says whether the update fits the item.
pub(crate) fn update_item(item: &mut ThreadItem, update: &ThreadItemUpdate) -> bool {
    match (item, update) {
        (ThreadItem::AssistantMessage(message), update) => {
            update_message(message, update).is_some()
        }
        (ThreadItem::Widget(widget), update) => apply_widget_update(&mut widget.widget, update),
        (ThreadItem::Workflow(item), ThreadItemUpdate::WorkflowTaskAdded { task_index, task }) => {
            item.workflow.tasks.push((**task).clone());
            item.workflow.tasks.len() == task_index + 1
        }
        (
            ThreadItem::Workflow(item),
            ThreadItemUpdate::WorkflowTaskUpdated { task_index, task },
        ) => {
            let found = item.workflow.tasks.get_mut(*task_index);
            found.map(|found| found.clone_from(task)).is_some()
        }
        (
            ThreadItem::GeneratedImage(item),
            ThreadItemUpdate::GeneratedImageUpdated { image, .. },
        ) => {
            item.image = Some(image.clone());
            true
        }
        _ => false,
    }
}

fn update_message(message: &mut AssistantMessageItem, update: &ThreadItemUpdate) -> Option<()> {
    use ThreadItemUpdate as Update;
    let parts = &mut message.content;
    match update {
        Update::AssistantMessageContentPartAdded { content_index, content } => {
            parts.push(content.clone());
            (parts.len() == content_index + 1).then_some(())
        }
        Update::AssistantMessageContentPartDone { content_index, content } => {
            parts.get_mut(*content_index)?.clone_from(content);
            Some(())
        }
        Update::AssistantMessageContentPartTextDelta { content_index, delta } => {
            parts.get_mut(*content_index)?.text.push_str(delta);
            Some(())
        }
        Update::AssistantMessageContentPartAnnotationAdded {
            content_index,
            annotation_index,
            annotation,
        } => {
            let annotations = &mut parts.get_mut(*content_index)?.annotations;
            annotations.push((**annotation).clone());
            (annotations.len() == annotation_index + 1).then_some(())
        }
        _ => None,
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
