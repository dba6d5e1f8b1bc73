//! The parameters of the ops.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Action, AttachmentId, ItemId, Order, StructuredInputSubmission, ThreadId, UserMessageInput,
    null::or_default,
};

macro_rules! params {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $ty,)*
        }
    };
}

params! {
    /// Parameters of `threads.create`.
    ThreadCreateParams {
        /// The first message.
        input: UserMessageInput,
    }
}
params! {
    /// Parameters of `threads.add_user_message`.
    ThreadAddUserMessageParams {
        /// The message.
        input: UserMessageInput,
        /// The thread.
        thread_id: ThreadId,
    }
}
params! {
    /// Parameters of `threads.add_client_tool_output`.
    ThreadAddClientToolOutputParams {
        /// The thread.
        thread_id: ThreadId,
        /// What the tool returned; absent when it returned nothing.
        #[serde(default)]
        result: Value,
    }
}
params! {
    /// Parameters of `threads.add_structured_input`.
    ThreadAddStructuredInputParams {
        /// The thread.
        thread_id: ThreadId,
        /// The structured input item.
        item_id: ItemId,
        /// The answers.
        input: StructuredInputSubmission,
    }
}
params! {
    /// Parameters of `threads.retry_after_item`.
    ThreadRetryAfterItemParams {
        /// The thread.
        thread_id: ThreadId,
        /// The user message to answer again: what follows it is deleted.
        item_id: ItemId,
    }
}
params! {
    /// Parameters of `threads.custom_action` and `threads.sync_custom_action`.
    CustomActionParams {
        /// The thread.
        thread_id: ThreadId,
        /// The widget that sent the action, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item_id: Option<ItemId>,
        /// The action.
        action: Action,
    }
}
params! {
    /// Parameters of `threads.get_by_id`.
    ThreadGetByIdParams {
        /// The thread.
        thread_id: ThreadId,
    }
}
params! {
    /// Parameters of `threads.list`.
    ThreadListParams {
        /// The largest number of threads wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
        /// The direction.
        #[serde(default, deserialize_with = "or_default")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<Order>"))]
        order: Order,
        /// The id of the last thread seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
}
params! {
    /// Parameters of `threads.update`.
    ThreadUpdateParams {
        /// The thread.
        thread_id: ThreadId,
        /// The new title.
        title: String,
    }
}
params! {
    /// Parameters of `threads.delete`.
    ThreadDeleteParams {
        /// The thread.
        thread_id: ThreadId,
    }
}
params! {
    /// Parameters of `threads.stop`.
    ThreadStopParams {
        /// The thread whose turn is to be stopped.
        thread_id: ThreadId,
    }
}
params! {
    /// Parameters of `threads.attach`.
    ThreadAttachParams {
        /// The thread whose turn is to be joined.
        thread_id: ThreadId,
        /// The id of the last event seen, as it stood in the `id:` line of its frame. Without one
        /// the turn is sent from its beginning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
}
params! {
    /// Parameters of `items.list`.
    ItemsListParams {
        /// The thread.
        thread_id: ThreadId,
        /// The largest number of items wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
        /// The direction.
        #[serde(default, deserialize_with = "or_default")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<Order>"))]
        order: Order,
        /// The id of the last item seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
}
params! {
    /// Parameters of `items.feedback`.
    ItemFeedbackParams {
        /// The thread.
        thread_id: ThreadId,
        /// The items: the stock client lists all of the turn's.
        item_ids: Vec<ItemId>,
        /// The user's judgement.
        kind: FeedbackKind,
    }
}
params! {
    /// Parameters of `attachments.create`.
    AttachmentCreateParams {
        /// The file's name.
        name: String,
        /// The file's size in bytes.
        size: u64,
        /// The file's media type.
        mime_type: String,
    }
}
params! {
    /// Parameters of `attachments.delete`.
    AttachmentDeleteParams {
        /// The attachment.
        attachment_id: AttachmentId,
    }
}
params! {
    /// Parameters of `input.transcribe`.
    TranscribeParams {
        /// The recording in base64.
        audio_base64: String,
        /// The recording's media type with its parameters, for example `audio/webm;codecs=opus`.
        mime_type: String,
    }
}

/// The user's judgement of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// Good.
    Positive,
    /// Bad.
    Negative,
}

/// A recording to turn into text: the decoded form of [`TranscribeParams`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioInput {
    /// The recording.
    pub data: Vec<u8>,
    /// Its media type with parameters, for example `audio/webm;codecs=opus`.
    pub mime_type: String,
}

impl AudioInput {
    /// The media type without parameters, for example `audio/webm`.
    pub fn media_type(&self) -> &str {
        self.mime_type.split(';').next().unwrap_or_default().trim()
    }
}

/// The answer to `input.transcribe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TranscriptionResult {
    /// What goes into the composer.
    pub text: String,
}

/// The answer to `threads.stop`, given when the turn has ended and all it keeps is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadStopResponse {
    /// Whether there was a turn to stop.
    pub stopped: bool,
}
