//! What can go wrong in a store.

use std::fmt;

use chatkit_protocol::{AttachmentId, ItemId, ThreadId};

/// A store call that failed. It changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The record does not exist, or not for this owner.
    #[error("{kind} `{id}` not found")]
    NotFound {
        /// What was looked for.
        kind: RecordKind,
        /// Its id.
        id: String,
    },
    /// Somebody was faster, or an id is taken.
    #[error("{0}")]
    Conflict(String),
    /// The store itself failed. The text is for the operator, never for a client.
    #[error("the store failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A thread does not exist, or not for this owner.
    pub fn no_thread(id: &ThreadId) -> Self {
        Self::NotFound { kind: RecordKind::Thread, id: id.to_string() }
    }

    /// An item does not exist, or not for this owner.
    pub fn no_item(id: &ItemId) -> Self {
        Self::NotFound { kind: RecordKind::Item, id: id.to_string() }
    }

    /// An attachment does not exist, or not for this owner.
    pub fn no_attachment(id: &AttachmentId) -> Self {
        Self::NotFound { kind: RecordKind::Attachment, id: id.to_string() }
    }

    /// The record that a page should start after does not exist (any more).
    pub fn no_cursor(kind: RecordKind, after: &str) -> Self {
        Self::NotFound { kind, id: after.to_owned() }
    }

    /// The item does not wait for the client (any more).
    pub fn not_pending(id: &ItemId) -> Self {
        Self::Conflict(format!("item `{id}` does not wait for an answer"))
    }

    /// The attachment belongs to another thread already.
    pub fn attachment_taken(id: &AttachmentId) -> Self {
        Self::Conflict(format!("attachment `{id}` belongs to another thread"))
    }

    /// The store itself failed.
    pub fn backend(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Backend(error.into())
    }
}

/// What a store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordKind {
    /// A thread.
    Thread,
    /// An item of a thread.
    Item,
    /// The record of an attachment.
    Attachment,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread => "thread",
            Self::Item => "item",
            Self::Attachment => "attachment",
        })
    }
}
