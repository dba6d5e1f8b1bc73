//! The bridge: what a run does becomes what happens in a thread.

mod accumulate;
mod activity;
mod client_tool;
mod context;
mod convert;
mod hosted;
mod image;
mod inbox;
mod items;
mod merge;
mod message;
mod progress;
mod respond;
mod stored_images;
mod thought;
mod workflow;

pub use accumulate::accumulate_text;
pub use client_tool::ClientTool;
pub use context::{AgentContext, TurnOver};
pub use convert::{DefaultResponseConverter, ResponseStreamConverter};
pub use progress::thinking;
pub use respond::{stream_agent_response, stream_agent_response_with};
pub use workflow::NoSuchTask;
