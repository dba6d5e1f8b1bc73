//! Agents for ChatKit: from a model's stream to a turn.

mod agent;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod model;
mod run;
mod tool;

pub use agent::{
    Agent, AgentTool, GuardrailInput, GuardrailOutput, GuardrailResult, Handoff, HandoffInput,
    InputGuardrail, IntoGuardrailResult, IntoInstructions, OutputGuardrail, ToolUseBehavior,
};
pub use run::{IntoInput, RunConfig, RunError, RunEvent, RunHooks, RunOutcome, RunStream, Runner};
pub use tool::{
    FunctionTool, IntoToolError, IntoToolOutput, IntoToolResult, Tool, ToolCall, ToolError,
    ToolOutput, ToolSource, function_tool,
};

/// Any error of the application's.
type BoxError = Box<dyn std::error::Error + Send + Sync>;
