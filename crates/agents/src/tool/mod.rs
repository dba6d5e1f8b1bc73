//! Tools: what an agent may call.

mod function;
mod output;
mod result;
pub(crate) mod schema;
mod source;
pub(crate) mod typed;

pub(crate) use function::spec;
pub use function::{FunctionTool, function_tool};
pub use output::{ToolError, ToolOutput};
pub use result::{IntoToolError, IntoToolOutput, IntoToolResult};
pub use source::ToolSource;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    model::{FunctionCall, ToolSpec},
    run::RunConfig,
};

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

    /// Whether the model may call it. Asked anew before each request.
    fn is_enabled(&self, context: &C) -> bool {
        let _ = context;
        true
    }
}

/// When something may be called.
pub(crate) type Condition<C> = Arc<dyn Fn(&C) -> bool + Send + Sync>;

#[async_trait]
impl<C: Send + 'static, T: Tool<C> + ?Sized> Tool<C> for Arc<T> {
    fn spec(&self) -> &ToolSpec {
        (**self).spec()
    }

    async fn call(&self, call: ToolCall<C>) -> Result<ToolOutput, ToolError> {
        (**self).call(call).await
    }

    fn timeout(&self) -> Option<Duration> {
        (**self).timeout()
    }

    fn is_enabled(&self, context: &C) -> bool {
        (**self).is_enabled(context)
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
    /// How the run that the call is part of is made.
    pub(crate) config: Option<RunConfig<C>>,
}

impl<C> ToolCall<C> {
    /// A call.
    pub fn new(context: C, call: FunctionCall, agent: impl Into<String>) -> Self {
        Self { context, call, agent: agent.into(), config: None }
    }

    /// The same as part of a run.
    pub(crate) fn of_run(mut self, config: &RunConfig<C>) -> Self {
        self.config = Some(config.clone());
        self
    }

    /// The context of the run.
    pub fn context(&self) -> &C {
        &self.context
    }
}
