//! Agents for ChatKit: from a model's stream to a turn.

#[cfg(feature = "mcp")]
pub mod mcp;
pub mod model;
mod run;
mod tool;

pub use run::{RunError, RunEvent, RunOutcome};
pub use tool::{Tool, ToolCall, ToolError, ToolOutput, ToolSource};
