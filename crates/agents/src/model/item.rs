//! What models read and write: items in the shape of the Responses API, which all clients take.

use chatkit_protocol::JsonObject;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};

use super::Citation;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The user.
    User,
    /// The model.
    Assistant,
    /// The application, above the user.
    Developer,
    /// The application, for models that know no developer.
    System,
}

/// Something that a model is given. Serialized as an input item of the Responses API.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InputItem {
    /// A message.
    Message(InputMessage),
    /// A call of a tool that the model made before.
    FunctionCall(FunctionCall),
    /// What the tool returned.
    FunctionCallOutput(FunctionCallOutput),
    /// Any item of the Responses API, as it is. Other clients leave it out.
    Raw(JsonObject),
}

/// A message as input.
#[derive(Debug, Clone, PartialEq)]
pub struct InputMessage {
    /// Who says it.
    pub role: Role,
    /// What it says.
    pub content: Vec<InputContent>,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InputContent {
    /// Text; in a message of the assistant, what the model wrote.
    Text(String),
    /// An image.
    Image {
        /// Its address, `https:` or `data:`.
        url: String,
        /// How closely the model looks: `auto`, `low` or `high`.
        detail: Option<String>,
    },
    /// A file, by its data or its address.
    File {
        /// Its name.
        filename: Option<String>,
        /// Its bytes, as a `data:` URL.
        data: Option<String>,
        /// Its address.
        url: Option<String>,
    },
    /// Any content of the Responses API, as it is. Other clients leave it out.
    Raw(JsonObject),
}

/// A call of a function tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionCall {
    /// The id that ties call and output together.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as the model wrote them: JSON, if it did well.
    pub arguments: String,
}

/// What a function tool returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCallOutput {
    /// The call.
    pub call_id: String,
    /// The output.
    pub output: String,
}

/// A call of a custom tool, whose input is free text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomToolCall {
    /// The id that ties call and output together.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The input.
    pub input: String,
}

/// A call of a tool on the provider's side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostedCall {
    /// The item's type at the provider, for example `web_search_call`.
    pub kind: String,
    /// The provider's id of the call.
    pub id: Option<String>,
    /// The item as the provider sent it.
    pub raw: JsonObject,
}

/// A part of a message that a model wrote.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OutputPart {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// What it refers to.
        citations: Vec<Citation>,
    },
    /// A refusal.
    Refusal(String),
}

impl OutputPart {
    /// Text without references.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), citations: Vec::new() }
    }

    /// The text or the refusal.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Text { text, .. } | Self::Refusal(text) => text,
        }
    }
}

/// An item of a model's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputItem {
    /// What it is.
    pub kind: OutputKind,
    /// The item as the provider wants it back in the next request, if it wants it so.
    pub raw: Option<JsonObject>,
}

/// What an item of a model's answer is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OutputKind {
    /// A message.
    Message(Vec<OutputPart>),
    /// A call of a function tool.
    FunctionCall(FunctionCall),
    /// A call of a custom tool.
    CustomToolCall(CustomToolCall),
    /// Thoughts, one text each; often none.
    Reasoning(Vec<String>),
    /// A call of a tool on the provider's side.
    Hosted(HostedCall),
    /// Something that is not known here, by its type.
    Other(String),
}

impl InputItem {
    /// A message with one text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self::Message(InputMessage { role, content: vec![InputContent::Text(text.into())] })
    }

    /// A message of the user's.
    pub fn user(text: impl Into<String>) -> Self {
        Self::text(Role::User, text)
    }
}

impl From<&str> for InputItem {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<OutputKind> for OutputItem {
    fn from(kind: OutputKind) -> Self {
        Self { kind, raw: None }
    }
}

impl OutputItem {
    /// The item as input of the next request: as the provider sent it or, without that, what any
    /// provider understands. Thoughts are only given back as the provider sent them.
    pub fn to_input(&self) -> Option<InputItem> {
        if let Some(raw) = &self.raw {
            return Some(InputItem::Raw(raw.clone()));
        }
        match &self.kind {
            OutputKind::Message(parts) => Some(InputItem::Message(InputMessage {
                role: Role::Assistant,
                content: parts
                    .iter()
                    .map(|part| InputContent::Text(part.as_text().to_owned()))
                    .collect(),
            })),
            OutputKind::FunctionCall(call) => Some(InputItem::FunctionCall(call.clone())),
            _ => None,
        }
    }

    /// The text of a message; empty for anything else.
    pub fn message_text(&self) -> String {
        match &self.kind {
            OutputKind::Message(parts) => parts.iter().map(OutputPart::as_text).collect(),
            _ => String::new(),
        }
    }
}

impl Serialize for InputItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message(message) => {
                let content: Vec<_> =
                    message.content.iter().map(|content| content.to_json(message.role)).collect();
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("type", "message")?;
                map.serialize_entry("role", &message.role)?;
                map.serialize_entry("content", &content)?;
                map.end()
            }
            Self::FunctionCall(call) => {
                let mut map = serializer.serialize_map(Some(4))?;
                map.serialize_entry("type", "function_call")?;
                map.serialize_entry("call_id", &call.call_id)?;
                map.serialize_entry("name", &call.name)?;
                map.serialize_entry("arguments", &call.arguments)?;
                map.end()
            }
            Self::FunctionCallOutput(output) => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("type", "function_call_output")?;
                map.serialize_entry("call_id", &output.call_id)?;
                map.serialize_entry("output", &output.output)?;
                map.end()
            }
            Self::Raw(raw) => raw.serialize(serializer),
        }
    }
}

impl InputContent {
    fn to_json(&self, role: Role) -> Value {
        match self {
            Self::Text(text) if role == Role::Assistant => {
                json!({"type": "output_text", "text": text, "annotations": []})
            }
            Self::Text(text) => json!({"type": "input_text", "text": text}),
            Self::Image { url, detail } => json!({
                "type": "input_image",
                "image_url": url,
                "detail": detail.as_deref().unwrap_or("auto"),
            }),
            Self::File { filename, data, url } => {
                let mut file = JsonObject::new();
                file.insert("type".to_owned(), "input_file".into());
                for (name, value) in
                    [("filename", filename), ("file_data", data), ("file_url", url)]
                {
                    if let Some(value) = value {
                        file.insert(name.to_owned(), value.as_str().into());
                    }
                }
                Value::Object(file)
            }
            Self::Raw(raw) => Value::Object(raw.clone()),
        }
    }
}
