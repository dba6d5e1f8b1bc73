//! The ChatKit wire protocol as plain types: what a client sends, what a server streams back,
//! and what a thread is made of.
//!
//! This crate does no I/O and knows no async runtime, so that servers, clients and tools can all
//! build on it. The types follow the protocol of `openai-chatkit` 1.6.5 and ChatKit.js 1.9:
//!
//! - absent optional fields are omitted, never `null`;
//! - unknown fields are ignored;
//! - times are RFC 3339 with an offset (a missing offset is read as UTC);
//! - a wrong request is refused with the name of the field and what was expected, see
//!   [`Request::parse`].
//!
//! ```
//! use chatkit_protocol::{Request, RequestBody};
//!
//! let request = Request::parse(br#"{"type": "threads.get_by_id", "params": {"thread_id": "thr_1"}}"#)?;
//! assert!(matches!(request.body, RequestBody::ThreadsGetById(ref params) if params.thread_id == "thr_1"));
//!
//! let error = Request::parse(br#"{"type": "threads.get_by_id", "params": {}}"#).unwrap_err();
//! assert_eq!(error.to_string(), "params.thread_id: missing field");
//! # Ok::<(), chatkit_protocol::RequestError>(())
//! ```

mod action;
mod annotation;
mod attachment;
mod encode;
mod event;
mod icon;
mod id;
mod item;
mod message;
mod null;
mod page;
mod request;
#[cfg(feature = "schema")]
pub mod schema;
mod structured_input;
mod thread;
mod time;
mod update;
mod widget;
mod workflow;

pub use action::{Action, ActionConfig, ActionHandler, LoadingBehavior, SyncCustomActionResponse};
pub use annotation::{Annotation, EntitySource, FileSource, Source, UrlSource};
pub use attachment::{Attachment, AttachmentKind, UploadDescriptor, UploadMethod};
pub use encode::{encode_text_delta, encode_text_delta_end, encode_text_delta_start};
pub use event::{
    ErrorCode, ErrorEvent, NoticeEvent, NoticeLevel, StreamOptions, ThreadStreamEvent,
};
pub use icon::Icon;
pub use id::{AttachmentId, ItemId, ThreadId};
pub use item::{
    AssistantMessageItem, ClientToolCallItem, ClientToolCallStatus, EndOfTurnItem, GeneratedImage,
    GeneratedImageItem, HiddenContextItem, SdkHiddenContextItem, TaskItem, ThreadItem,
    UserMessageItem, WidgetItem, WorkflowItem,
};
pub use message::{
    AssistantMessageContent, InferenceOptions, ToolChoice, UserMessageContent, UserMessageInput,
    UserMessageTag,
};
pub use page::{Order, Page};
pub use request::{
    AttachmentCreateParams, AttachmentDeleteParams, AudioInput, CustomActionParams, FeedbackKind,
    ItemFeedbackParams, ItemsListParams, Op, Request, RequestBody, RequestError, RequestErrorKind,
    ThreadAddClientToolOutputParams, ThreadAddStructuredInputParams, ThreadAddUserMessageParams,
    ThreadAttachParams, ThreadCreateParams, ThreadDeleteParams, ThreadGetByIdParams,
    ThreadListParams, ThreadRetryAfterItemParams, ThreadStopParams, ThreadStopResponse,
    ThreadUpdateParams, TranscribeParams, TranscriptionResult,
};
pub use structured_input::{
    StructuredInput, StructuredInputAnswer, StructuredInputAnswerSubmission,
    StructuredInputFreeform, StructuredInputItem, StructuredInputMultipleChoice,
    StructuredInputOption, StructuredInputStatus, StructuredInputSubmission, SubmissionStatus,
};
pub use thread::{Thread, ThreadMetadata, ThreadStatus};
pub use time::{InvalidTimestamp, Timestamp};
pub use update::ThreadItemUpdate;
pub use widget::{InvalidWidget, WidgetComponent, WidgetRoot};
pub use workflow::{
    CustomSummary, CustomTask, DurationSummary, FileTask, ImageTask, SearchTask, StatusIndicator,
    Task, ThoughtTask, Workflow, WorkflowKind, WorkflowSummary,
};

/// A JSON object with free keys, as in thread metadata, tool arguments and tag data.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
