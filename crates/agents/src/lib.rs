//! Agents for ChatKit: from a model's stream to a turn.

pub mod model;
mod run;
mod tool;

pub use run::{RunError, RunEvent, RunOutcome};
pub use tool::{Tool, ToolCall, ToolError, ToolOutput};
