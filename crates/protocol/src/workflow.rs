//! Workflows: the assistant's visible steps.

use serde::{Deserialize, Serialize};

use crate::{FileSource, Icon, UrlSource};

/// Steps shown together, with an optional summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Workflow {
    /// What the steps are.
    #[serde(rename = "type")]
    pub kind: WorkflowKind,
    /// The steps, in order.
    pub tasks: Vec<Task>,
    /// Shown in place of the steps once they are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<WorkflowSummary>,
    /// Whether the steps are shown unfolded.
    #[serde(default)]
    pub expanded: bool,
}

/// What the steps of a workflow are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkflowKind {
    /// The application's own.
    Custom,
    /// A model's reasoning.
    Reasoning,
}

/// What stands for a finished workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum WorkflowSummary {
    /// A title of one's own.
    Custom(CustomSummary),
    /// The time it took.
    Duration(DurationSummary),
}

/// A workflow's summary in one's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CustomSummary {
    /// Shown title.
    pub title: String,
    /// Shown icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
}

/// A workflow's summary as the time it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DurationSummary {
    /// Seconds.
    pub duration: i64,
}

/// A step of a workflow, or an item of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Task {
    /// Free content.
    Custom(CustomTask),
    /// A web search.
    #[serde(rename = "web_search")]
    Search(SearchTask),
    /// A thought of the model's.
    Thought(ThoughtTask),
    /// Files looked at.
    File(FileTask),
    /// An image in the making.
    Image(ImageTask),
}

/// The state of a task inside a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StatusIndicator {
    /// Nothing shown.
    #[default]
    None,
    /// Under way.
    Loading,
    /// Done.
    Complete,
}

/// A task with free content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CustomTask {
    /// State inside a workflow.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Shown icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// Shown text, Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A web search.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchTask {
    /// State inside a workflow.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The query named in the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_query: Option<String>,
    /// Queries sent.
    #[serde(default)]
    pub queries: Vec<String>,
    /// Pages found.
    #[serde(default)]
    pub sources: Vec<UrlSource>,
}

/// A thought of the model's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThoughtTask {
    /// State inside a workflow.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The thought, Markdown.
    pub content: String,
}

/// Files looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileTask {
    /// State inside a workflow.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The files.
    #[serde(default)]
    pub sources: Vec<FileSource>,
}

/// An image in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImageTask {
    /// State inside a workflow.
    #[serde(default)]
    pub status_indicator: StatusIndicator,
    /// Shown title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}
