//! Agents for ChatKit: from a model's stream to a turn.

mod input;
pub mod model;
mod run;
mod title;
mod tool;

pub use input::{
    AttachmentLimits, AttachmentRoom, ConvertError, DefaultConverter, ThreadItemConverter,
    TokenBudget, fit, load_input, repair_pairs, simple_to_agent_input,
};
pub use run::{RunError, RunEvent, RunOutcome};
pub use title::TitleWriter;
pub use tool::{Tool, ToolCall, ToolError, ToolOutput};
