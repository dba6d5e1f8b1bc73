//! The names of the ops.

use std::fmt;

/// What a request asks for, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// `threads.create`
    ThreadsCreate,
    /// `threads.add_user_message`
    ThreadsAddUserMessage,
    /// `threads.add_client_tool_output`
    ThreadsAddClientToolOutput,
    /// `threads.add_structured_input`
    ThreadsAddStructuredInput,
    /// `threads.retry_after_item`
    ThreadsRetryAfterItem,
    /// `threads.custom_action`
    ThreadsCustomAction,
    /// `threads.sync_custom_action`
    ThreadsSyncCustomAction,
    /// `threads.get_by_id`
    ThreadsGetById,
    /// `threads.list`
    ThreadsList,
    /// `threads.update`
    ThreadsUpdate,
    /// `threads.delete`
    ThreadsDelete,
    /// `threads.stop`: beyond the reference
    ThreadsStop,
    /// `threads.attach`: beyond the reference
    ThreadsAttach,
    /// `items.list`
    ItemsList,
    /// `items.feedback`
    ItemsFeedback,
    /// `attachments.create`
    AttachmentsCreate,
    /// `attachments.delete`
    AttachmentsDelete,
    /// `input.transcribe`
    InputTranscribe,
}

impl Op {
    /// Every op.
    pub const ALL: [Self; 18] = [
        Self::ThreadsCreate,
        Self::ThreadsAddUserMessage,
        Self::ThreadsAddClientToolOutput,
        Self::ThreadsAddStructuredInput,
        Self::ThreadsRetryAfterItem,
        Self::ThreadsCustomAction,
        Self::ThreadsSyncCustomAction,
        Self::ThreadsGetById,
        Self::ThreadsList,
        Self::ThreadsUpdate,
        Self::ThreadsDelete,
        Self::ThreadsStop,
        Self::ThreadsAttach,
        Self::ItemsList,
        Self::ItemsFeedback,
        Self::AttachmentsCreate,
        Self::AttachmentsDelete,
        Self::InputTranscribe,
    ];

    /// The op's `type` on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ThreadsCreate => "threads.create",
            Self::ThreadsAddUserMessage => "threads.add_user_message",
            Self::ThreadsAddClientToolOutput => "threads.add_client_tool_output",
            Self::ThreadsAddStructuredInput => "threads.add_structured_input",
            Self::ThreadsRetryAfterItem => "threads.retry_after_item",
            Self::ThreadsCustomAction => "threads.custom_action",
            Self::ThreadsSyncCustomAction => "threads.sync_custom_action",
            Self::ThreadsGetById => "threads.get_by_id",
            Self::ThreadsList => "threads.list",
            Self::ThreadsUpdate => "threads.update",
            Self::ThreadsDelete => "threads.delete",
            Self::ThreadsStop => "threads.stop",
            Self::ThreadsAttach => "threads.attach",
            Self::ItemsList => "items.list",
            Self::ItemsFeedback => "items.feedback",
            Self::AttachmentsCreate => "attachments.create",
            Self::AttachmentsDelete => "attachments.delete",
            Self::InputTranscribe => "input.transcribe",
        }
    }

    /// The op of a name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == name)
    }

    /// Whether the answer is a stream of server-sent events rather than one JSON document.
    pub fn is_streaming(self) -> bool {
        matches!(
            self,
            Self::ThreadsCreate
                | Self::ThreadsAddUserMessage
                | Self::ThreadsAddClientToolOutput
                | Self::ThreadsAddStructuredInput
                | Self::ThreadsRetryAfterItem
                | Self::ThreadsCustomAction
                | Self::ThreadsAttach
        )
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
