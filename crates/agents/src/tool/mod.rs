//! Tools: what an agent may call.

mod output;
mod source;

pub use output::{ToolError, ToolOutput};
pub use source::ToolSource;

use std::time::Duration;

use async_trait::async_trait;

use crate::model::{FunctionCall, ToolSpec};

/// A tool that an agent may call, with the context `C` of its run.
///
/// A closure with typed arguments becomes one with [`function_tool`](crate::function_tool).
#[async_trait]
pub trait Tool<C>: Send + Sync + 'static {
    /// What the model sees of it: a [`ToolSpec::Function`].
    fn spec(&self) -> &ToolSpec;

    /// Runs it. Dropped when the run is cancelled or its time is up.
    ///
    /// # Errors
    ///
    /// The model is told of an error, unless it [ends the run](ToolError::fatal).
    async fn call(&self, call: ToolCall<C>) -> Result<ToolOutput, ToolError>;

    /// How long a call may take; `None` for as long as the run's
    /// [default](crate::RunConfig::tool_timeout).
    fn timeout(&self) -> Option<Duration> {
        None
    }
}

/// One call of a tool.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ToolCall<C> {
    /// The context of the run.
    pub context: C,
    /// The call as the model made it.
    pub call: FunctionCall,
    /// The name of the agent that calls.
    pub agent: String,
}

impl<C> ToolCall<C> {
    /// A call.
    pub fn new(context: C, call: FunctionCall, agent: impl Into<String>) -> Self {
        Self { context, call, agent: agent.into() }
    }

    /// The context of the run.
    pub fn context(&self) -> &C {
        &self.context
    }
}
