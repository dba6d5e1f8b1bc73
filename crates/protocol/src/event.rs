//! What a server streams to its clients.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Icon, ItemId, JsonObject, Thread, ThreadItem, ThreadItemUpdate};

/// An event of a thread's stream: the payload of one server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum ThreadStreamEvent {
    /// A thread was made; the first event of `threads.create`.
    #[serde(rename = "thread.created")]
    ThreadCreated {
        /// The thread.
        thread: Box<Thread>,
    },
    /// A thread's title, status, metadata or image domains changed.
    #[serde(rename = "thread.updated")]
    ThreadUpdated {
        /// The thread as it is now.
        thread: Box<Thread>,
    },
    /// An item begins. It is not stored yet.
    #[serde(rename = "thread.item.added")]
    ThreadItemAdded {
        /// What it begins with.
        item: Box<ThreadItem>,
    },
    /// An item in the making changes.
    #[serde(rename = "thread.item.updated")]
    ThreadItemUpdated {
        /// The item.
        item_id: ItemId,
        /// The change.
        update: ThreadItemUpdate,
    },
    /// An item is complete and stored.
    #[serde(rename = "thread.item.done")]
    ThreadItemDone {
        /// The whole item.
        item: Box<ThreadItem>,
    },
    /// An item is deleted.
    #[serde(rename = "thread.item.removed")]
    ThreadItemRemoved {
        /// The item.
        item_id: ItemId,
    },
    /// An item is replaced in place and stored.
    #[serde(rename = "thread.item.replaced")]
    ThreadItemReplaced {
        /// The item as it is now.
        item: Box<ThreadItem>,
    },
    /// How the stream behaves; the first event of each response.
    #[serde(rename = "stream_options")]
    StreamOptions {
        /// The options.
        stream_options: StreamOptions,
    },
    /// What the server is doing, until the next one or until output starts. An empty text clears it.
    #[serde(rename = "progress_update")]
    ProgressUpdate {
        /// Shown icon.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        icon: Option<Icon>,
        /// Shown text.
        text: String,
    },
    /// Something for the page to do, without an answer.
    #[serde(rename = "client_effect")]
    ClientEffect {
        /// The page's name of the effect.
        name: String,
        /// Its data.
        #[serde(default)]
        data: JsonObject,
    },
    /// The response failed.
    #[serde(rename = "error")]
    Error(ErrorEvent),
    /// A message to the user beside the conversation.
    #[serde(rename = "notice")]
    Notice(NoticeEvent),
}

impl ThreadStreamEvent {
    /// The event's `type` on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ThreadCreated { .. } => "thread.created",
            Self::ThreadUpdated { .. } => "thread.updated",
            Self::ThreadItemAdded { .. } => "thread.item.added",
            Self::ThreadItemUpdated { .. } => "thread.item.updated",
            Self::ThreadItemDone { .. } => "thread.item.done",
            Self::ThreadItemRemoved { .. } => "thread.item.removed",
            Self::ThreadItemReplaced { .. } => "thread.item.replaced",
            Self::StreamOptions { .. } => "stream_options",
            Self::ProgressUpdate { .. } => "progress_update",
            Self::ClientEffect { .. } => "client_effect",
            Self::Error(_) => "error",
            Self::Notice(_) => "notice",
        }
    }

    /// An item begins.
    pub fn added(item: ThreadItem) -> Self {
        Self::ThreadItemAdded { item: Box::new(item) }
    }

    /// An item is complete.
    pub fn done(item: ThreadItem) -> Self {
        Self::ThreadItemDone { item: Box::new(item) }
    }

    /// An item is replaced in place.
    pub fn replaced(item: ThreadItem) -> Self {
        Self::ThreadItemReplaced { item: Box::new(item) }
    }

    /// An item in the making changes.
    pub fn updated(item_id: ItemId, update: ThreadItemUpdate) -> Self {
        Self::ThreadItemUpdated { item_id, update }
    }

    /// What the server is doing.
    pub fn progress(icon: impl Into<Option<Icon>>, text: impl Into<String>) -> Self {
        Self::ProgressUpdate { icon: icon.into(), text: text.into() }
    }
}

/// How a stream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StreamOptions {
    /// Whether the client offers to stop the stream.
    pub allow_cancel: bool,
}

impl Default for StreamOptions {
    /// Users may stop a stream.
    fn default() -> Self {
        Self { allow_cancel: true }
    }
}

/// A failure that the user sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorEvent {
    /// Which failure: the client words the known ones itself.
    #[serde(default)]
    pub code: ErrorCode,
    /// The text to show, for [`ErrorCode::CUSTOM`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the client offers to try again.
    #[serde(default)]
    pub allow_retry: bool,
}

/// The code of an [`ErrorEvent`]. New codes may come: any string passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ErrorCode(Cow<'static, str>);

impl ErrorCode {
    /// The event carries the text to show.
    pub const CUSTOM: Self = Self(Cow::Borrowed("custom"));
    /// The response failed in the middle.
    pub const STREAM_ERROR: Self = Self(Cow::Borrowed("stream.error"));
    /// The turn to attach to is over or never was; the thread has what remains of it. The reference
    /// has no such code.
    pub const NOT_RUNNING: Self = Self(Cow::Borrowed("run.not_running"));

    /// A code of any name.
    pub fn new(code: impl Into<Cow<'static, str>>) -> Self {
        Self(code.into())
    }

    /// The code as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ErrorCode {
    fn default() -> Self {
        Self::CUSTOM
    }
}

/// A message to the user beside the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoticeEvent {
    /// How serious it is.
    pub level: NoticeLevel,
    /// The text, Markdown.
    pub message: String,
    /// Shown above the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// For information.
    Info,
    /// A warning.
    Warning,
    /// Something is wrong.
    Danger,
}
