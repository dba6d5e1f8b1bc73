//! Agents for ChatKit: from a model's stream to a turn.

mod agent;
mod bridge;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod input;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod model;
mod propagator;
mod run;
mod spans;
mod title;
mod tool;

pub use agent::{
    Agent, AgentTool, GuardrailInput, GuardrailOutput, GuardrailResult, Handoff, HandoffInput,
    InputGuardrail, IntoGuardrailResult, IntoInstructions, OutputGuardrail, ToolUseBehavior,
};
pub use bridge::{
    AgentContext, ClientTool, DefaultResponseConverter, NoSuchTask, ResponseStreamConverter,
    TurnOver, accumulate_text, stream_agent_response, stream_agent_response_with, thinking,
};
pub use input::{
    AttachmentLimits, AttachmentRoom, ConvertError, DefaultConverter, ThreadItemConverter,
    TokenBudget, fit, load_input, repair_pairs, simple_to_agent_input,
};
pub use propagator::Propagator;
pub use run::{IntoInput, RunConfig, RunError, RunEvent, RunHooks, RunOutcome, RunStream, Runner};
pub use title::TitleWriter;
pub use tool::{
    FunctionTool, IntoToolError, IntoToolOutput, IntoToolResult, Tool, ToolCall, ToolError,
    ToolOutput, ToolSource, function_tool,
};

/// Any error of the application's.
type BoxError = Box<dyn std::error::Error + Send + Sync>;
