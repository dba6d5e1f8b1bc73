//! Agents for ChatKit: from a model's stream to a turn.

#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod model;
mod run;
mod tool;

pub use run::{RunError, RunEvent, RunOutcome};
pub use tool::{Tool, ToolCall, ToolError, ToolOutput};
