//! Items in the making, kept as the client sees them.

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, ItemId, ThreadItem, ThreadItemUpdate, Workflow,
};
use chatkit_widgets::apply_widget_update;

/// How far beyond its end a message's parts may be addressed: missing parts in between are filled
/// with empty ones, and a responder's mistake must not fill the memory.
const MAX_GAP: usize = 64;

/// The items that were added and are not done, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct PendingItems {
    items: Vec<ThreadItem>,
    /// Where the last update went: updates come in runs.
    last: usize,
}

impl PendingItems {
    pub(crate) fn insert(&mut self, item: ThreadItem) {
        match self.position(item.id()) {
            Some(at) => self.items[at] = item,
            None => {
                self.items.reserve_exact(1);
                self.items.push(item);
            }
        }
    }

    pub(crate) fn remove(&mut self, id: &ItemId) {
        if let Some(at) = self.position(id) {
            self.items.remove(at);
            if self.items.is_empty() {
                self.items = Vec::new();
            }
        }
    }

    /// Changes the item as a client would. Says whether the item is hidden; updates of unknown
    /// items and those that do not fit are the client's to ignore.
    pub(crate) fn update(&mut self, id: &ItemId, update: &ThreadItemUpdate) -> bool {
        let Some(at) = self.position(id) else {
            return false;
        };
        self.last = at;
        let item = &mut self.items[at];
        match item {
            ThreadItem::AssistantMessage(message) => update_message(message, update),
            ThreadItem::Workflow(item) => update_workflow(&mut item.workflow, update),
            ThreadItem::Widget(item) => {
                apply_widget_update(&mut item.widget, update);
            }
            ThreadItem::GeneratedImage(item) => {
                if let ThreadItemUpdate::GeneratedImageUpdated { image, .. } = update {
                    item.image = Some(image.clone());
                }
            }
            _ => {}
        }
        item.is_hidden()
    }

    pub(crate) fn items(&self) -> &[ThreadItem] {
        &self.items
    }

    pub(crate) fn into_items(self) -> Vec<ThreadItem> {
        self.items
    }

    fn position(&self, id: &ItemId) -> Option<usize> {
        if self.items.get(self.last).is_some_and(|item| item.id() == id) {
            return Some(self.last);
        }
        self.items.iter().position(|item| item.id() == id)
    }
}

/// Whether an item that was not done should outlive its turn: what the user saw does.
pub(crate) fn is_worth_keeping(item: &ThreadItem) -> bool {
    match item {
        ThreadItem::AssistantMessage(message) => !message.is_blank(),
        ThreadItem::Workflow(item) => !item.workflow.tasks.is_empty(),
        ThreadItem::GeneratedImage(item) => item.image.is_some(),
        ThreadItem::Widget(_) | ThreadItem::Task(_) => true,
        _ => false,
    }
}

fn update_message(message: &mut AssistantMessageItem, update: &ThreadItemUpdate) {
    match update {
        ThreadItemUpdate::AssistantMessageContentPartAdded { content_index, content }
        | ThreadItemUpdate::AssistantMessageContentPartDone { content_index, content } => {
            if let Some(part) = part(message, *content_index) {
                part.clone_from(content);
            }
        }
        ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta } => {
            if let Some(part) = part(message, *content_index) {
                part.text.push_str(delta);
            }
        }
        ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded {
            content_index,
            annotation_index,
            annotation,
        } => {
            if let Some(part) = part(message, *content_index) {
                let at = (*annotation_index).min(part.annotations.len());
                part.annotations.insert(at, (**annotation).clone());
            }
        }
        _ => {}
    }
}

/// The part at an index. Parts that were never announced are filled in, as updates may come for a
/// part before it was added.
fn part(message: &mut AssistantMessageItem, index: usize) -> Option<&mut AssistantMessageContent> {
    let parts = &mut message.content;
    if index >= parts.len() {
        if index - parts.len() >= MAX_GAP {
            return None;
        }
        parts.resize_with(index + 1, AssistantMessageContent::default);
    }
    parts.get_mut(index)
}

fn update_workflow(workflow: &mut Workflow, update: &ThreadItemUpdate) {
    match update {
        ThreadItemUpdate::WorkflowTaskAdded { task, .. } => workflow.tasks.push((**task).clone()),
        ThreadItemUpdate::WorkflowTaskUpdated { task_index, task } => {
            if let Some(stored) = workflow.tasks.get_mut(*task_index) {
                stored.clone_from(task);
            }
        }
        _ => {}
    }
}
