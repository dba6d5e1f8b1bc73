//! Agents as tools of other agents.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Agent;
use crate::{
    model::ToolSpec,
    run::{RunConfig, Runner},
    tool::{Tool, ToolCall, ToolError, ToolOutput, typed::TypedSchema},
};

/// An agent as a tool, made with [`Agent::as_tool`]. It does not see the conversation, only what the
/// calling model writes for it, and nothing of its run is seen outside but its final output.
///
/// As in the Agents SDK, it is run as the calling run is unless it is [told](Self::config) otherwise:
/// with the model and the settings that the run has for all agents, its limits for tools, and its
/// place in logs and traces. How many turns it may take is its own, and so is what it has heard
/// before; the calling run's hooks are not told of it.
pub struct AgentTool<C> {
    agent: Agent<C>,
    spec: ToolSpec,
    schema: TypedSchema,
    config: Option<RunConfig<C>>,
    timeout: Option<Duration>,
}

#[derive(Deserialize, JsonSchema)]
struct Task {
    /// What the agent is asked.
    input: String,
}

impl<C> AgentTool<C> {
    pub(super) fn new(agent: Agent<C>, name: String, description: String) -> Self {
        let schema = TypedSchema::of::<Task>("input");
        let (parameters, strict) = schema.for_model(true);
        let spec = ToolSpec::Function { name, description, parameters, strict };
        Self { agent, spec, schema, config: None, timeout: None }
    }

    /// How the agent is run, instead of as the calling run is.
    #[must_use]
    pub fn config(mut self, config: RunConfig<C>) -> Self {
        self.config = Some(config);
        self
    }

    /// How long a run may take, instead of the calling run's
    /// [default](crate::RunConfig::tool_timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

#[async_trait]
impl<C: Clone + Send + Sync + 'static> Tool<C> for AgentTool<C> {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall<C>) -> Result<ToolOutput, ToolError> {
        let task = self.schema.read::<Task>(&call.call.arguments);
        let (task, _) = task.map_err(ToolError::arguments)?;
        let config = self.config.clone().or_else(|| call.config.map(RunConfig::of_tool));
        let config = config.unwrap_or_default();
        let outcome = Runner::run_with(&self.agent, task.input, call.context, config).await?;
        let mut output = ToolOutput::text(outcome.final_text);
        output.usage = outcome.usage;
        Ok(output)
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

impl<C: 'static> fmt::Debug for AgentTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentTool")
            .field("agent", &self.agent)
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}
