//! What a client has to remember of a conversation.

use std::collections::HashSet;

use chatkit_protocol::{ItemId, StructuredInputItem, ThreadId, ThreadItem, ThreadStreamEvent};

/// What a client has to remember of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The thread, once there is one.
    pub(crate) thread: Option<ThreadId>,
    /// The user's last message, which can be answered again.
    pub(crate) last_user: Option<ItemId>,
    /// Items that were begun and are not done.
    open: HashSet<ItemId>,
    pending: Option<Pending>,
}

/// What the thread waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pending {
    /// The output of a tool that runs in a page.
    Tool { item: ItemId, name: String },
    /// Answers to questions.
    Form(StructuredInputItem),
}

impl Conversation {
    /// Remembers what an event says.
    pub(crate) fn take(&mut self, event: &ThreadStreamEvent) {
        match event {
            ThreadStreamEvent::ThreadCreated { thread } => self.thread = Some(thread.id.clone()),
            ThreadStreamEvent::ThreadItemAdded { item } => {
                self.open.insert(item.id().clone());
            }
            ThreadStreamEvent::ThreadItemDone { item }
            | ThreadStreamEvent::ThreadItemReplaced { item } => self.take_item(item),
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.open.remove(item_id);
                if self.pending_item() == Some(item_id) {
                    self.pending = None;
                }
            }
            _ => {}
        }
    }

    /// Remembers an item that is done.
    pub(crate) fn take_item(&mut self, item: &ThreadItem) {
        self.open.remove(item.id());
        let was_pending = self.pending_item() == Some(item.id());
        match item {
            ThreadItem::UserMessage(message) => {
                self.last_user = Some(message.id.clone());
                self.pending = None;
            }
            ThreadItem::ClientToolCall(call) if item.is_pending() => {
                self.pending =
                    Some(Pending::Tool { item: call.id.clone(), name: call.name.clone() });
            }
            ThreadItem::StructuredInput(form) if item.is_pending() => {
                self.pending = Some(Pending::Form(form.clone()));
            }
            _ if was_pending => self.pending = None,
            _ => {}
        }
    }

    /// Whether items were begun that are not done.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Nothing more is expected of the turn.
    pub(crate) fn close(&mut self) {
        self.open.clear();
    }

    /// What the thread waits for, for whoever sees to it.
    pub(crate) fn take_pending(&mut self) -> Option<Pending> {
        self.pending.take()
    }

    /// Puts back what was taken and nobody has seen to.
    pub(crate) fn restore(&mut self, pending: Pending) {
        self.pending = Some(pending);
    }

    fn pending_item(&self) -> Option<&ItemId> {
        match self.pending.as_ref()? {
            Pending::Tool { item, .. } => Some(item),
            Pending::Form(form) => Some(&form.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn take(conversation: &mut Conversation, event: serde_json::Value) {
        conversation.take(&serde_json::from_value(event).unwrap());
    }

    fn item(kind: &str, id: &str, status: &str) -> serde_json::Value {
        json!({"type": kind, "id": id, "thread_id": "t", "created_at": "2026-01-01T00:00:00Z",
            "content": [], "status": status, "call_id": "c", "name": "look", "arguments": {},
            "inputs": []})
    }

    #[test]
    fn what_is_begun_is_open_until_it_is_done_or_removed() {
        let mut conversation = Conversation::default();
        for id in ["a", "b"] {
            let item = item("assistant_message", id, "");
            take(&mut conversation, json!({"type": "thread.item.added", "item": item}));
        }
        let a = item("assistant_message", "a", "");
        take(&mut conversation, json!({"type": "thread.item.done", "item": a}));
        assert!(conversation.is_open());
        take(&mut conversation, json!({"type": "thread.item.removed", "item_id": "b"}));
        assert!(!conversation.is_open());
    }

    #[test]
    fn what_waits_for_the_client_is_remembered_until_it_is_answered() {
        for (kind, answered) in
            [("client_tool_call", "completed"), ("structured_input", "answered")]
        {
            let mut conversation = Conversation::default();
            let pending = item(kind, "a", "pending");
            let done = json!({"type": "thread.item.done", "item": pending});
            take(&mut conversation, done.clone());
            assert!(conversation.take_pending().is_some());
            assert_eq!(conversation.take_pending(), None);

            take(&mut conversation, done.clone());
            let replaced = item(kind, "a", answered);
            take(&mut conversation, json!({"type": "thread.item.replaced", "item": replaced}));
            assert_eq!(conversation.take_pending(), None);

            take(&mut conversation, done);
            let message = item("user_message", "u", "");
            take(&mut conversation, json!({"type": "thread.item.done", "item": message}));
            assert_eq!(conversation.take_pending(), None);
            assert_eq!(conversation.last_user.as_ref().map(ItemId::as_str), Some("u"));
        }
    }
}
