//! Agents: a model with instructions, tools, and other agents to hand over to.

mod as_tool;
mod builder;
mod guardrail;
mod handoff;
mod instructions;
mod output;

pub use as_tool::AgentTool;
pub(crate) use guardrail::Verdict;
pub use guardrail::{
    GuardrailInput, GuardrailOutput, GuardrailResult, InputGuardrail, IntoGuardrailResult,
    OutputGuardrail,
};
pub use handoff::{Handoff, HandoffInput};
pub use instructions::IntoInstructions;

use std::{fmt, sync::Arc};

use instructions::Instructions;
use output::OutputType;

use crate::{
    model::{Model, ModelSettings, ToolSpec},
    tool::{Tool, ToolSource},
};

/// A model with instructions, tools, and other agents to hand over to, for runs with the context
/// `C`: what the application's tools, guardrails and computed instructions need to know.
///
/// Cheap to clone. Made with [`Agent::new`] and what follows it:
///
/// ```
/// use chatkit_agents::{Agent, model::ToolSpec};
///
/// let agent: Agent<()> = Agent::new("Assistant")
///     .instructions("You answer in one sentence.")
///     .hosted_tool(ToolSpec::hosted("web_search"));
/// ```
pub struct Agent<C> {
    parts: Arc<Parts<C>>,
}

pub(crate) struct Parts<C> {
    pub(crate) name: String,
    pub(crate) instructions: Instructions<C>,
    pub(crate) handoff_description: Option<String>,
    pub(crate) model: Option<Arc<dyn Model>>,
    pub(crate) settings: ModelSettings,
    pub(crate) tools: Vec<Arc<dyn Tool<C>>>,
    pub(crate) tool_sources: Vec<Arc<dyn ToolSource<C>>>,
    pub(crate) hosted_tools: Vec<ToolSpec>,
    pub(crate) tool_use_behavior: ToolUseBehavior,
    pub(crate) reset_tool_choice: bool,
    pub(crate) handoffs: Vec<Handoff<C>>,
    pub(crate) input_guardrails: Vec<InputGuardrail<C>>,
    pub(crate) output_guardrails: Vec<OutputGuardrail<C>>,
    pub(crate) output: Option<OutputType>,
}

/// What follows the outputs of tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolUseBehavior {
    /// The model is asked again and reads the outputs.
    #[default]
    RunAgain,
    /// The output of the first call is the final output.
    StopOnFirstTool,
    /// The output of the first call of one of these tools is the final output; without such a call,
    /// the model is asked again.
    StopAtTools(Vec<String>),
}

impl<C> Agent<C> {
    /// The agent's name.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    pub(crate) fn parts(&self) -> &Parts<C> {
        &self.parts
    }
}

impl<C> Clone for Agent<C> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts) }
    }
}

impl<C: 'static> fmt::Debug for Agent<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tools = self.parts.tools.iter().map(|tool| tool.spec().name().to_owned());
        f.debug_struct("Agent")
            .field("name", &self.parts.name)
            .field("tools", &tools.collect::<Vec<_>>())
            .field("handoffs", &self.parts.handoffs)
            .finish_non_exhaustive()
    }
}

impl<C> Clone for Parts<C> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            instructions: self.instructions.clone(),
            handoff_description: self.handoff_description.clone(),
            model: self.model.clone(),
            settings: self.settings.clone(),
            tools: self.tools.clone(),
            tool_sources: self.tool_sources.clone(),
            hosted_tools: self.hosted_tools.clone(),
            tool_use_behavior: self.tool_use_behavior.clone(),
            reset_tool_choice: self.reset_tool_choice,
            handoffs: self.handoffs.clone(),
            input_guardrails: self.input_guardrails.clone(),
            output_guardrails: self.output_guardrails.clone(),
            output: self.output.clone(),
        }
    }
}
