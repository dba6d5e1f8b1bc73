//! What a model streams back, whoever its provider is.

use serde_json::Value;

use super::{OutputItem, OutputPart};

/// An event of a model's answer.
///
/// `item` counts the items of one answer, from 0, in the order in which they began. It is ours: what
/// providers use as ids may be missing, change, or be the same in every answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelEvent {
    /// The model has the request.
    Started {
        /// The provider's id of the answer.
        response_id: Option<String>,
        /// The model that answers, by the provider's name.
        model: Option<String>,
    },
    /// An item begins.
    ItemAdded {
        /// Which.
        item: usize,
        /// What is known of it.
        output: OutputItem,
    },
    /// A part of a message begins.
    PartAdded {
        /// The message.
        item: usize,
        /// The part.
        part: usize,
        /// What it begins with, normally an empty text.
        content: OutputPart,
    },
    /// Text, or a refusal, is appended to a part of a message.
    TextDelta {
        /// The message.
        item: usize,
        /// The part.
        part: usize,
        /// The text.
        delta: String,
    },
    /// The text of a part is complete; annotations may still come.
    TextDone {
        /// The message.
        item: usize,
        /// The part.
        part: usize,
        /// The whole text.
        text: String,
    },
    /// A reference is added to a part of a message.
    Annotation {
        /// The message.
        item: usize,
        /// The part.
        part: usize,
        /// The reference.
        citation: Citation,
    },
    /// A part of a message is complete.
    PartDone {
        /// The message.
        item: usize,
        /// The part.
        part: usize,
        /// The whole part.
        content: OutputPart,
    },
    /// The model thinks aloud: a summary of its thoughts or, where a provider shows them, the
    /// thoughts themselves.
    ReasoningDelta {
        /// The reasoning item.
        item: usize,
        /// Which thought of the item.
        part: usize,
        /// The text.
        delta: String,
    },
    /// A thought is complete.
    ReasoningDone {
        /// The reasoning item.
        item: usize,
        /// Which thought of the item.
        part: usize,
        /// The whole thought.
        text: String,
    },
    /// The arguments of a tool call grow.
    ArgumentsDelta {
        /// The call.
        item: usize,
        /// Text of the arguments, JSON or free.
        delta: String,
    },
    /// A tool on the provider's side goes on.
    HostedProgress {
        /// The call.
        item: usize,
        /// Where it is.
        status: HostedStatus,
    },
    /// Code for the provider's interpreter grows.
    CodeDelta {
        /// The call.
        item: usize,
        /// The code.
        delta: String,
    },
    /// An image in the making.
    PartialImage {
        /// The image's call.
        item: usize,
        /// Which state of the image, from 0.
        index: usize,
        /// The image, base64.
        base64: String,
    },
    /// An item is complete.
    ItemDone {
        /// Which.
        item: usize,
        /// The whole item.
        output: OutputItem,
    },
    /// The answer is complete.
    Completed {
        /// The provider's id of the answer.
        response_id: Option<String>,
        /// What it cost.
        usage: Usage,
        /// Why the provider cut it short, if it did, for example `max_output_tokens`.
        incomplete: Option<String>,
    },
    /// Something that is not known here.
    Other {
        /// The provider's name of the event.
        kind: String,
    },
}

/// Where a call of a tool on the provider's side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostedStatus {
    /// It has begun.
    InProgress,
    /// It searches, runs code, or draws.
    Working,
    /// It is done.
    Completed,
    /// It has failed.
    Failed,
}

/// A reference in a model's answer. Positions are in characters of the part's text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Citation {
    /// A file of the provider's store.
    File {
        /// The provider's id of the file.
        file_id: Option<String>,
        /// The file's name; some providers leave it out.
        filename: Option<String>,
        /// Where in the text.
        index: Option<i64>,
    },
    /// A file that the provider's interpreter wrote.
    ContainerFile {
        /// The provider's id of the container.
        container_id: Option<String>,
        /// The provider's id of the file.
        file_id: Option<String>,
        /// The file's name.
        filename: Option<String>,
        /// Where the cited text ends.
        end_index: Option<i64>,
    },
    /// A web page.
    Url {
        /// The address.
        url: String,
        /// The page's title.
        title: Option<String>,
        /// Where the cited text ends.
        end_index: Option<i64>,
    },
    /// Something that is not known here.
    Other(Value),
}

/// What an answer cost, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Requests made of models.
    pub requests: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Of these, tokens that came from the provider's cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of these, tokens of reasoning.
    pub reasoning_tokens: u64,
    /// All tokens, as the provider counts them.
    pub total_tokens: u64,
}

impl Usage {
    /// Adds what another answer cost.
    pub fn add(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.reasoning_tokens = self.reasoning_tokens.saturating_add(other.reasoning_tokens);
        self.total_tokens = self.total_tokens.saturating_add(other.total_tokens);
    }
}
