//! New identifiers.

use chatkit_protocol::{AttachmentId, ItemId, ThreadId};
use uuid::Uuid;

/// What an identifier is for; it decides the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdKind {
    /// Messages, widgets and whatever has no kind of its own: `msg_`.
    Message,
    /// Client tool calls: `tc_`.
    ToolCall,
    /// Tasks: `tsk_`.
    Task,
    /// Workflows: `wf_`.
    Workflow,
    /// Hidden notes of this server: `shcx_`.
    SdkHiddenContext,
}

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Message => "msg",
            Self::ToolCall => "tc",
            Self::Task => "tsk",
            Self::Workflow => "wf",
            Self::SdkHiddenContext => "shcx",
        }
    }
}

/// A new id for an item: ordered by time, with 74 random bits (UUID version 7, RFC 9562).
pub fn new_item_id(kind: IdKind) -> ItemId {
    mint(kind.prefix()).into()
}

/// A new id for a thread.
pub fn new_thread_id() -> ThreadId {
    mint("thr").into()
}

/// A new id for an attachment.
pub fn new_attachment_id() -> AttachmentId {
    mint("atc").into()
}

fn mint(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_carry_their_prefix() {
        let ids: HashSet<_> = (0..10_000).map(|_| new_item_id(IdKind::Message)).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.starts_with("msg_") && id.len() == 36));
    }
}
