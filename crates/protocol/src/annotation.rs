//! References from an assistant's text to what supports it.

use serde::{Deserialize, Serialize, Serializer};

use crate::{Icon, JsonObject};

/// A reference attached to assistant text.
///
/// The stock client shows it inline only when `index` is greater than zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "annotation")]
pub struct Annotation {
    /// What is referred to.
    pub source: Source,
    /// Position in the text, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
}

/// Something that supports a text or a task.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    /// A web page.
    Url(UrlSource),
    /// A file.
    File(FileSource),
    /// A thing of the application's own.
    Entity(EntitySource),
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Url(source) => source.serialize(serializer),
            Self::File(source) => source.serialize(serializer),
            Self::Entity(source) => source.serialize(serializer),
        }
    }
}

/// A web page as a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "url")]
pub struct UrlSource {
    /// Shown title.
    pub title: String,
    /// The address.
    pub url: String,
    /// Shown description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Shown time, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Who published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
}

/// A file as a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "file")]
pub struct FileSource {
    /// Shown title.
    pub title: String,
    /// The file's name.
    pub filename: String,
    /// Shown description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Shown time, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A thing of the application's own as a source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "entity")]
pub struct EntitySource {
    /// Shown title.
    pub title: String,
    /// The application's id of the thing.
    pub id: String,
    /// Shown description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Shown time, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Shown icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// Label beside the icon in the default hover header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Label in the text; without it the icon is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline_label: Option<String>,
    /// Whether the client's callbacks are wired to it.
    #[serde(default)]
    pub interactive: bool,
    /// Passed to the client's callbacks.
    #[serde(default)]
    pub data: JsonObject,
    /// Deprecated by the protocol and ignored by clients; `lazy` or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl From<UrlSource> for Source {
    fn from(source: UrlSource) -> Self {
        Self::Url(source)
    }
}

impl From<FileSource> for Source {
    fn from(source: FileSource) -> Self {
        Self::File(source)
    }
}

impl From<EntitySource> for Source {
    fn from(source: EntitySource) -> Self {
        Self::Entity(source)
    }
}
