//! What stands in a thread.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AssistantMessageContent, Attachment, InferenceOptions, ItemId, JsonObject, StructuredInputItem,
    StructuredInputStatus, Task, ThreadId, Timestamp, UserMessageContent, WidgetRoot, Workflow,
};

/// An item of a thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThreadItem {
    /// What the user wrote.
    UserMessage(UserMessageItem),
    /// What the assistant answered.
    AssistantMessage(AssistantMessageItem),
    /// A tool that runs in the page.
    ClientToolCall(ClientToolCallItem),
    /// A widget.
    Widget(WidgetItem),
    /// A generated image.
    GeneratedImage(GeneratedImageItem),
    /// Questions to the user.
    StructuredInput(StructuredInputItem),
    /// The assistant's steps.
    Workflow(WorkflowItem),
    /// One step on its own.
    Task(TaskItem),
    /// Context for the model, never sent to a client.
    #[serde(rename = "hidden_context_item")]
    HiddenContext(HiddenContextItem),
    /// Context that this server keeps for the model, never sent to a client.
    SdkHiddenContext(SdkHiddenContextItem),
    /// Marks the end of the assistant's turn.
    EndOfTurn(EndOfTurnItem),
}

macro_rules! for_each_item {
    ($self:expr, $item:ident => $value:expr) => {
        match $self {
            ThreadItem::UserMessage($item) => $value,
            ThreadItem::AssistantMessage($item) => $value,
            ThreadItem::ClientToolCall($item) => $value,
            ThreadItem::Widget($item) => $value,
            ThreadItem::GeneratedImage($item) => $value,
            ThreadItem::StructuredInput($item) => $value,
            ThreadItem::Workflow($item) => $value,
            ThreadItem::Task($item) => $value,
            ThreadItem::HiddenContext($item) => $value,
            ThreadItem::SdkHiddenContext($item) => $value,
            ThreadItem::EndOfTurn($item) => $value,
        }
    };
}

impl ThreadItem {
    /// The item's id.
    pub fn id(&self) -> &ItemId {
        for_each_item!(self, item => &item.id)
    }

    /// The thread it says it stands in.
    pub fn thread_id(&self) -> &ThreadId {
        for_each_item!(self, item => &item.thread_id)
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        for_each_item!(self, item => item.created_at)
    }

    /// The item's `type` on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UserMessage(_) => "user_message",
            Self::AssistantMessage(_) => "assistant_message",
            Self::ClientToolCall(_) => "client_tool_call",
            Self::Widget(_) => "widget",
            Self::GeneratedImage(_) => "generated_image",
            Self::StructuredInput(_) => "structured_input",
            Self::Workflow(_) => "workflow",
            Self::Task(_) => "task",
            Self::HiddenContext(_) => "hidden_context_item",
            Self::SdkHiddenContext(_) => "sdk_hidden_context",
            Self::EndOfTurn(_) => "end_of_turn",
        }
    }

    /// Whether the item is for the model only and must never reach a client.
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::HiddenContext(_) | Self::SdkHiddenContext(_))
    }

    /// Whether the item waits for the client: a client tool call without output or a structured
    /// input without answers.
    pub fn is_pending(&self) -> bool {
        match self {
            Self::ClientToolCall(item) => item.status == ClientToolCallStatus::Pending,
            Self::StructuredInput(item) => item.status == StructuredInputStatus::Pending,
            _ => false,
        }
    }
}

/// A message of the user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserMessageItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Text and tags, in order.
    pub content: Vec<UserMessageContent>,
    /// Attached files and images.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The text that the user quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// Choices of model and tool.
    #[serde(default)]
    pub inference_options: InferenceOptions,
}

impl UserMessageItem {
    /// The message as plain text: its pieces joined, tags by their text.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .map(|content| match content {
                UserMessageContent::Text { text } => text.as_str(),
                UserMessageContent::Tag(tag) => tag.text.as_str(),
            })
            .collect()
    }
}

/// A message of the assistant's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AssistantMessageItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its parts, in order.
    pub content: Vec<AssistantMessageContent>,
}

impl AssistantMessageItem {
    /// Whether no part has any text but white space.
    pub fn is_blank(&self) -> bool {
        self.content.iter().all(|content| content.text.trim().is_empty())
    }

    /// The message as plain text: its parts joined.
    pub fn text(&self) -> String {
        self.content.iter().map(|content| content.text.as_str()).collect()
    }
}

/// A call of a tool that runs in the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClientToolCallItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the output is still to come.
    #[serde(default)]
    pub status: ClientToolCallStatus,
    /// The model's id of the call.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The tool's arguments.
    pub arguments: JsonObject,
    /// What the tool returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// Whether the output of a client tool call is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientToolCallStatus {
    /// It is.
    #[default]
    Pending,
    /// It has come.
    Completed,
}

/// A widget in a thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WidgetItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The widget.
    pub widget: WidgetRoot,
    /// Plain text for the clipboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_text: Option<String>,
}

/// A generated image in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GeneratedImageItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The image, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<GeneratedImage>,
}

/// A generated image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GeneratedImage {
    /// The image's id.
    pub id: String,
    /// Its address, `https:` or `data:`.
    pub url: String,
}

/// A workflow in a thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkflowItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The workflow.
    pub workflow: Workflow,
}

/// A task on its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaskItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The task.
    pub task: Task,
}

/// Context that an integration keeps for the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HiddenContextItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Anything.
    pub content: Value,
}

/// Context that this server keeps for the model, for example that a reply was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SdkHiddenContextItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The note.
    pub content: String,
}

/// The end of the assistant's turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndOfTurnItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
}
