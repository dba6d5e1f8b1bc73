//! What users write and assistants answer.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Annotation, AttachmentId, JsonObject, null::or_default};

/// A message as the client submits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserMessageInput {
    /// Text and tags, in order.
    pub content: Vec<UserMessageContent>,
    /// Ids of attachments created before.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<AttachmentId>>"))]
    pub attachments: Vec<AttachmentId>,
    /// The text that the user quotes; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// Choices of model and tool.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<InferenceOptions>"))]
    pub inference_options: InferenceOptions,
}

/// A piece of a user message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum UserMessageContent {
    /// Plain text.
    #[serde(rename = "input_text")]
    Text {
        /// The text.
        text: String,
    },
    /// A mention of an entity.
    // Boxed, so that plain text keeps no room for it.
    #[serde(rename = "input_tag")]
    Tag(Box<UserMessageTag>),
}

impl UserMessageContent {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// A mention of an entity inside a user message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserMessageTag {
    /// The application's id of the entity.
    pub id: String,
    /// The text shown in the message.
    pub text: String,
    /// The application's data of the entity; clients may leave it out.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<JsonObject>"))]
    pub data: JsonObject,
    /// The group that the entity was offered in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether the client's callbacks are wired to it.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub interactive: bool,
}

/// All fields of all kinds of content: read first as one shape so that an error can still name
/// the field, which serde's tagged enums cannot.
#[derive(Deserialize)]
struct RawContent {
    #[serde(rename = "type")]
    kind: ContentKind,
    text: Option<String>,
    id: Option<String>,
    data: Option<JsonObject>,
    group: Option<String>,
    interactive: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ContentKind {
    InputText,
    InputTag,
}

impl<'de> Deserialize<'de> for UserMessageContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawContent::deserialize(deserializer)?;
        let text = raw.text.ok_or_else(|| de::Error::missing_field("text"))?;
        Ok(match raw.kind {
            ContentKind::InputText => Self::Text { text },
            ContentKind::InputTag => Self::Tag(Box::new(UserMessageTag {
                id: raw.id.ok_or_else(|| de::Error::missing_field("id"))?,
                text,
                data: raw.data.unwrap_or_default(),
                group: raw.group,
                interactive: raw.interactive.unwrap_or_default(),
            })),
        })
    }
}

/// The user's choices for one message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InferenceOptions {
    /// The tool to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The model to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A tool picked in the composer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToolChoice {
    /// The id that the page gave the tool.
    pub id: String,
}

/// A part of an assistant message: text with its references.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "output_text")]
pub struct AssistantMessageContent {
    /// References to what supports the text.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// The text, Markdown.
    pub text: String,
}

impl AssistantMessageContent {
    /// Text without references.
    pub fn text(text: impl Into<String>) -> Self {
        Self { annotations: Vec::new(), text: text.into() }
    }
}
