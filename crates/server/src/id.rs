//! New identifiers.

use std::time::{SystemTime, UNIX_EPOCH};

use chatkit_protocol::{AttachmentId, ItemId, ThreadId};
use uuid::{Builder, Uuid};

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

/// Random bits are drawn anew for each id: the counter that `Uuid::now_v7` shares within a
/// millisecond would leave only 32 of them.
fn mint(prefix: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let mut random = [0; 10];
    random.copy_from_slice(&Uuid::new_v4().as_bytes()[..10]);
    // The version and variant of the first half are not random: the second half fills in.
    let spare = Uuid::new_v4();
    random[6] = spare.as_bytes()[0];
    random[8] = spare.as_bytes()[1];
    let id = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    format!("{prefix}_{}", id.simple())
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
        // Within a millisecond nothing but chance tells ids apart: the middle differs as well.
        let middles: HashSet<_> = ids.iter().map(|id| id[16..28].to_owned()).collect();
        assert!(middles.len() > 9_990, "{}", middles.len());
    }
}
