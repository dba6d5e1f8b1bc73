//! What clients ask for.

mod error;
mod objects;
mod op;
mod params;
mod parse;

pub use error::{RequestError, RequestErrorKind};
pub use op::Op;
pub use params::{
    AttachmentCreateParams, AttachmentDeleteParams, AudioInput, CustomActionParams, FeedbackKind,
    ItemFeedbackParams, ItemsListParams, ThreadAddClientToolOutputParams,
    ThreadAddStructuredInputParams, ThreadAddUserMessageParams, ThreadAttachParams,
    ThreadCreateParams, ThreadDeleteParams, ThreadGetByIdParams, ThreadListParams,
    ThreadRetryAfterItemParams, ThreadStopParams, ThreadStopResponse, ThreadUpdateParams,
    TranscribeParams, TranscriptionResult,
};

use serde::Serialize;

use crate::{JsonObject, ThreadId};

/// A request: what is asked for, and the integration's own data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// The op and its parameters.
    #[serde(flatten)]
    pub body: RequestBody,
    /// The integration's own data. The stock client never sends any.
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<JsonObject>"))]
    pub metadata: JsonObject,
}

/// The op of a request with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "params")]
#[non_exhaustive]
pub enum RequestBody {
    /// Make a thread from a first message.
    #[serde(rename = "threads.create")]
    ThreadsCreate(ThreadCreateParams),
    /// Add a message to a thread.
    #[serde(rename = "threads.add_user_message")]
    ThreadsAddUserMessage(ThreadAddUserMessageParams),
    /// Add the output of the pending client tool call.
    #[serde(rename = "threads.add_client_tool_output")]
    ThreadsAddClientToolOutput(ThreadAddClientToolOutputParams),
    /// Answer a structured input.
    #[serde(rename = "threads.add_structured_input")]
    ThreadsAddStructuredInput(ThreadAddStructuredInputParams),
    /// Answer a user message again.
    #[serde(rename = "threads.retry_after_item")]
    ThreadsRetryAfterItem(ThreadRetryAfterItemParams),
    /// Handle an action with a streamed response.
    #[serde(rename = "threads.custom_action")]
    ThreadsCustomAction(CustomActionParams),
    /// Handle an action with a single changed item as the answer.
    #[serde(rename = "threads.sync_custom_action")]
    ThreadsSyncCustomAction(CustomActionParams),
    /// Load a thread and its first items.
    #[serde(rename = "threads.get_by_id")]
    ThreadsGetById(ThreadGetByIdParams),
    /// List threads.
    #[serde(rename = "threads.list")]
    ThreadsList(ThreadListParams),
    /// Change a thread's title.
    #[serde(rename = "threads.update")]
    ThreadsUpdate(ThreadUpdateParams),
    /// Delete a thread.
    #[serde(rename = "threads.delete")]
    ThreadsDelete(ThreadDeleteParams),
    /// Stop the thread's running turn. The reference has no such op.
    #[serde(rename = "threads.stop")]
    ThreadsStop(ThreadStopParams),
    /// Join the thread's running turn. The reference has no such op.
    #[serde(rename = "threads.attach")]
    ThreadsAttach(ThreadAttachParams),
    /// List a thread's items.
    #[serde(rename = "items.list")]
    ItemsList(ItemsListParams),
    /// Give feedback on items.
    #[serde(rename = "items.feedback")]
    ItemsFeedback(ItemFeedbackParams),
    /// Register an attachment.
    #[serde(rename = "attachments.create")]
    AttachmentsCreate(AttachmentCreateParams),
    /// Delete an attachment.
    #[serde(rename = "attachments.delete")]
    AttachmentsDelete(AttachmentDeleteParams),
    /// Turn speech into text.
    #[serde(rename = "input.transcribe")]
    InputTranscribe(TranscribeParams),
}

impl RequestBody {
    /// The thread that it names, if it names one.
    pub fn thread_id(&self) -> Option<&ThreadId> {
        match self {
            Self::ThreadsAddUserMessage(params) => Some(&params.thread_id),
            Self::ThreadsAddClientToolOutput(params) => Some(&params.thread_id),
            Self::ThreadsAddStructuredInput(params) => Some(&params.thread_id),
            Self::ThreadsRetryAfterItem(params) => Some(&params.thread_id),
            Self::ThreadsCustomAction(params) | Self::ThreadsSyncCustomAction(params) => {
                Some(&params.thread_id)
            }
            Self::ThreadsGetById(params) => Some(&params.thread_id),
            Self::ThreadsUpdate(params) => Some(&params.thread_id),
            Self::ThreadsDelete(params) => Some(&params.thread_id),
            Self::ThreadsStop(params) => Some(&params.thread_id),
            Self::ThreadsAttach(params) => Some(&params.thread_id),
            Self::ItemsList(params) => Some(&params.thread_id),
            Self::ItemsFeedback(params) => Some(&params.thread_id),
            Self::ThreadsCreate(_)
            | Self::ThreadsList(_)
            | Self::AttachmentsCreate(_)
            | Self::AttachmentsDelete(_)
            | Self::InputTranscribe(_) => None,
        }
    }

    /// The op.
    pub fn op(&self) -> Op {
        match self {
            Self::ThreadsCreate(_) => Op::ThreadsCreate,
            Self::ThreadsAddUserMessage(_) => Op::ThreadsAddUserMessage,
            Self::ThreadsAddClientToolOutput(_) => Op::ThreadsAddClientToolOutput,
            Self::ThreadsAddStructuredInput(_) => Op::ThreadsAddStructuredInput,
            Self::ThreadsRetryAfterItem(_) => Op::ThreadsRetryAfterItem,
            Self::ThreadsCustomAction(_) => Op::ThreadsCustomAction,
            Self::ThreadsSyncCustomAction(_) => Op::ThreadsSyncCustomAction,
            Self::ThreadsGetById(_) => Op::ThreadsGetById,
            Self::ThreadsList(_) => Op::ThreadsList,
            Self::ThreadsUpdate(_) => Op::ThreadsUpdate,
            Self::ThreadsDelete(_) => Op::ThreadsDelete,
            Self::ThreadsStop(_) => Op::ThreadsStop,
            Self::ThreadsAttach(_) => Op::ThreadsAttach,
            Self::ItemsList(_) => Op::ItemsList,
            Self::ItemsFeedback(_) => Op::ItemsFeedback,
            Self::AttachmentsCreate(_) => Op::AttachmentsCreate,
            Self::AttachmentsDelete(_) => Op::AttachmentsDelete,
            Self::InputTranscribe(_) => Op::InputTranscribe,
        }
    }
}
