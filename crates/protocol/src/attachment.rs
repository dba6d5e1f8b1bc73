//! Files and images that users attach.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AttachmentId, JsonObject, ThreadId};

/// A file or image attached to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attachment {
    /// File or image.
    #[serde(flatten)]
    pub kind: AttachmentKind,
    /// Its id.
    pub id: AttachmentId,
    /// The file's name.
    pub name: String,
    /// The media type, for example `image/png`.
    pub mime_type: String,
    /// Where to upload the bytes, in a two-phase upload that is not done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread it belongs to, once a message with it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ThreadId>,
    /// The integration's own data: kept in stores, never sent to a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JsonObject>,
}

/// How an attachment is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AttachmentKind {
    /// Any file.
    File,
    /// An image with a preview.
    Image {
        /// Address of the preview.
        preview_url: String,
    },
}

/// Instructions for the second phase of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadDescriptor {
    /// Where to send the bytes.
    pub url: String,
    /// `POST` sends a multipart form with the field `file`, `PUT` the raw bytes.
    pub method: UploadMethod,
    /// Headers to send along.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// The HTTP method of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum UploadMethod {
    /// A multipart form with the field `file`.
    Post,
    /// The raw bytes.
    Put,
}
