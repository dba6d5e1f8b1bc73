//! Agents for ChatKit: from a model's stream to a turn.

mod bridge;
pub mod model;
mod run;
mod tool;

pub use bridge::{
    AgentContext, DefaultResponseConverter, NoSuchTask, ResponseStreamConverter, TurnOver,
    accumulate_text, stream_agent_response, stream_agent_response_with, thinking,
};
pub use run::{RunError, RunEvent, RunOutcome};
pub use tool::{Tool, ToolCall, ToolError, ToolOutput};
