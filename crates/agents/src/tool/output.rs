//! What a tool returns.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::{BoxError, model::Usage};

/// What a tool returns to the model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ToolOutput {
    /// The text that the model reads.
    pub text: String,
    /// Whether the run ends with this output, whatever the agent's
    /// [`tool_use_behavior`](crate::ToolUseBehavior) is: the call of a client tool does.
    pub ends_run: bool,
    /// What the tool itself asked of models, for the [run's](crate::RunOutcome::usage) count.
    pub usage: Usage,
}

impl ToolOutput {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Any value: a string as it is, everything else as JSON.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn from_value(value: &impl Serialize) -> Result<Self, ToolError> {
        Ok(Self::text(match serde_json::to_value(value)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            value => value.to_string(),
        }))
    }

    /// The same output, with which the run ends.
    #[must_use]
    pub fn ending_run(mut self) -> Self {
        self.ends_run = true;
        self
    }
}

/// Why a tool failed. Any error converts into it with `?`.
pub struct ToolError {
    error: BoxError,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Failed,
    Arguments,
    Fatal,
}

impl ToolError {
    /// A failure that the model is told of, so that it can try something else.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self { error: error.into(), kind: Kind::Failed }
    }

    /// A failure that ends the run.
    pub fn fatal(error: impl Into<BoxError>) -> Self {
        Self { error: error.into(), kind: Kind::Fatal }
    }

    /// Arguments that the tool cannot read: the model is told what was expected.
    pub fn arguments(error: impl Into<BoxError>) -> Self {
        Self { error: error.into(), kind: Kind::Arguments }
    }

    pub(crate) fn is_about_arguments(&self) -> bool {
        self.kind == Kind::Arguments
    }

    /// What is behind it, if it is of this type.
    #[cfg(feature = "mcp")]
    pub(crate) fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }

    /// Whether it ends the run.
    pub fn is_fatal(&self) -> bool {
        self.kind == Kind::Fatal
    }

    /// What the model is told of it, in the words of the Agents SDK.
    pub fn model_message(&self) -> String {
        let error = &self.error;
        match self.kind {
            Kind::Arguments => format!(
                "An error occurred while parsing tool arguments. \
                 Please try again with valid JSON. Error: {error}"
            ),
            Kind::Failed | Kind::Fatal => format!(
                "An error occurred while running the tool. Please try again. Error: {error}"
            ),
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolError").field("error", &self.error).field("kind", &self.kind).finish()
    }
}
