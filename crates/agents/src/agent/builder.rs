//! Putting an agent together.

use std::{future::Future, sync::Arc};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{
    Agent, AgentTool, Handoff, InputGuardrail, IntoInstructions, OutputGuardrail, Parts,
    ToolUseBehavior, instructions::Instructions, output::OutputType,
};
use crate::{
    model::{Model, ModelSettings, ToolSpec},
    tool::{Tool, ToolSource},
};

impl<C> Agent<C> {
    /// An agent without instructions and tools.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            parts: Arc::new(Parts {
                name: name.into(),
                instructions: Instructions::None,
                handoff_description: None,
                model: None,
                settings: ModelSettings::default(),
                tools: Vec::new(),
                tool_sources: Vec::new(),
                hosted_tools: Vec::new(),
                tool_use_behavior: ToolUseBehavior::default(),
                reset_tool_choice: true,
                handoffs: Vec::new(),
                input_guardrails: Vec::new(),
                output_guardrails: Vec::new(),
                output: None,
            }),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Parts<C>)) -> Self {
        change(Arc::make_mut(&mut self.parts));
        self
    }

    /// What the model is told before all input.
    #[must_use]
    pub fn instructions(self, instructions: impl Into<String>) -> Self {
        let instructions = Instructions::Fixed(instructions.into());
        self.with(|parts| parts.instructions = instructions)
    }

    /// Instructions that are computed before each request. The closure may return a string or a
    /// `Result`; an error ends the run.
    ///
    /// ```
    /// # use chatkit_agents::Agent;
    /// #[derive(Clone)]
    /// struct User {
    ///     name: String,
    /// }
    ///
    /// let agent = Agent::new("Assistant")
    ///     .instructions_with(|user: User| async move { format!("You talk to {}.", user.name) });
    /// ```
    #[must_use]
    pub fn instructions_with<F, Fut>(self, instructions: F) -> Self
    where
        F: Fn(C) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoInstructions,
    {
        let instructions = Instructions::computed(instructions);
        self.with(|parts| parts.instructions = instructions)
    }

    /// What the agent is for, in the words that other agents' models read when they may hand over to
    /// it.
    #[must_use]
    pub fn handoff_description(self, description: impl Into<String>) -> Self {
        self.with(|parts| parts.handoff_description = Some(description.into()))
    }

    /// The model. Without one, the run must [have one](crate::RunConfig::model).
    #[must_use]
    pub fn model(self, model: impl Model) -> Self {
        self.with(|parts| parts.model = Some(Arc::new(model)))
    }

    /// How the model answers.
    #[must_use]
    pub fn settings(self, settings: ModelSettings) -> Self {
        self.with(|parts| parts.settings = settings)
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(self, tool: impl Tool<C>) -> Self {
        self.with(|parts| parts.tools.push(Arc::new(tool)))
    }

    /// Adds several tools.
    #[must_use]
    pub fn tools(self, tools: impl IntoIterator<Item = Arc<dyn Tool<C>>>) -> Self {
        self.with(|parts| parts.tools.extend(tools))
    }

    /// Adds tools that are asked for whenever the agent starts, for example those of an MCP server.
    /// Of two tools with the same name, the agent's own counts.
    #[must_use]
    pub fn tool_source(self, source: impl ToolSource<C>) -> Self {
        self.with(|parts| parts.tool_sources.push(Arc::new(source)))
    }

    /// Adds a tool on the provider's side.
    #[must_use]
    pub fn hosted_tool(self, tool: ToolSpec) -> Self {
        self.with(|parts| parts.hosted_tools.push(tool))
    }

    /// What follows the outputs of tools; by default the model is asked again.
    #[must_use]
    pub fn tool_use_behavior(self, behavior: ToolUseBehavior) -> Self {
        self.with(|parts| parts.tool_use_behavior = behavior)
    }

    /// Whether a `tool_choice` that has the model call a tool is left out once a tool was called;
    /// by default it is. Otherwise such a model calls tools for ever.
    #[must_use]
    pub fn reset_tool_choice(self, reset: bool) -> Self {
        self.with(|parts| parts.reset_tool_choice = reset)
    }

    /// Adds an agent that this one may hand over to.
    #[must_use]
    pub fn handoff(self, handoff: impl Into<Handoff<C>>) -> Self {
        self.with(|parts| parts.handoffs.push(handoff.into()))
    }

    /// Adds a check of the input. Only those of the agent with which a run begins are asked.
    #[must_use]
    pub fn input_guardrail(self, guardrail: InputGuardrail<C>) -> Self {
        self.with(|parts| parts.input_guardrails.push(guardrail))
    }

    /// Adds a check of the final output. Those of the agent that speaks last are asked.
    #[must_use]
    pub fn output_guardrail(self, guardrail: OutputGuardrail<C>) -> Self {
        self.with(|parts| parts.output_guardrails.push(guardrail))
    }

    /// The type that the final message has, written as JSON. A message that does not fit ends the
    /// run with [`RunError::Output`](crate::RunError::Output).
    ///
    /// A type that is no object, for example a `Vec`, is wrapped as the field `response` for the
    /// model, and unwrapped again.
    #[must_use]
    pub fn output_type<T: JsonSchema + DeserializeOwned + 'static>(self) -> Self {
        self.with(|parts| parts.output = Some(OutputType::of::<T>()))
    }

    /// The agent as a tool of other agents: it is run with what the calling model writes for it, and
    /// its final output is the tool's.
    #[must_use]
    pub fn as_tool(&self, name: impl Into<String>, description: impl Into<String>) -> AgentTool<C> {
        AgentTool::new(self.clone(), name.into(), description.into())
    }
}
