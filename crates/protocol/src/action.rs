//! Actions that widgets and pages send.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ThreadItem;

/// An action of a widget or of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Action {
    /// The application's name of the action.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data; `null` when there is none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
}

/// How a widget declares an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActionConfig {
    /// The application's name of the action.
    #[serde(rename = "type")]
    pub kind: String,
    /// Sent along.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// Who handles it.
    #[serde(default)]
    pub handler: ActionHandler,
    /// What shows that it runs.
    #[serde(rename = "loadingBehavior", default)]
    pub loading_behavior: LoadingBehavior,
    /// Whether it is sent as a streaming `threads.custom_action`, or else as a sync action.
    #[serde(default = "streaming_by_default")]
    pub streaming: bool,
}

fn streaming_by_default() -> bool {
    true
}

/// Who handles an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActionHandler {
    /// The page.
    Client,
    /// The server.
    #[default]
    Server,
}

/// What shows that an action runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LoadingBehavior {
    /// The client decides.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// The component itself.
    #[serde(rename = "self")]
    Component,
    /// The whole widget.
    Container,
}

/// The answer to a sync action: at most one changed item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncCustomActionResponse {
    /// The item as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_item: Option<ThreadItem>,
}
