//! Threads.

use serde::{Deserialize, Serialize};

use crate::{JsonObject, Page, ThreadId, ThreadItem, Timestamp};

/// A thread without its items, as a store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThreadMetadata {
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The thread's id.
    pub id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it takes messages.
    #[serde(default)]
    pub status: ThreadStatus,
    /// Domains that images in replies may come from; absent: the client's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// The integration's own data: never sent to a client.
    #[serde(default)]
    pub metadata: JsonObject,
}

impl ThreadMetadata {
    /// A new, untitled, active thread.
    pub fn new(id: ThreadId, created_at: Timestamp) -> Self {
        Self {
            title: None,
            id,
            created_at,
            status: ThreadStatus::default(),
            allowed_image_domains: None,
            metadata: JsonObject::new(),
        }
    }
}

/// Whether a thread takes messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThreadStatus {
    /// It does.
    #[default]
    Active,
    /// Not for now.
    Locked {
        /// Shown to the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Not any more.
    Closed {
        /// Shown to the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A thread as a client sees it: with a page of items and without the integration's metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Thread {
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The thread's id.
    pub id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it takes messages.
    #[serde(default)]
    pub status: ThreadStatus,
    /// Domains that images in replies may come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// Always empty on the wire.
    #[serde(default)]
    pub metadata: JsonObject,
    /// The first page of its items, or an empty page.
    #[serde(default)]
    pub items: Page<ThreadItem>,
}

impl Thread {
    /// What a client may see of a thread: everything but the integration's metadata.
    pub fn new(thread: ThreadMetadata, items: Page<ThreadItem>) -> Self {
        Self {
            title: thread.title,
            id: thread.id,
            created_at: thread.created_at,
            status: thread.status,
            allowed_image_domains: thread.allowed_image_domains,
            metadata: JsonObject::new(),
            items,
        }
    }
}
