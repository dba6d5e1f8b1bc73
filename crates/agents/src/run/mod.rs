//! Runs: an agent at work, until it has an answer.

mod error;
mod event;

pub use error::RunError;
pub use event::{RunEvent, RunOutcome};
