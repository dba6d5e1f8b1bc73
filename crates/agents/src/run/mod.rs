//! Runs: an agent at work, until it has an answer.

mod act;
mod ask;
mod collect;
mod config;
mod conversation;
mod engine;
mod error;
mod event;
mod guards;
mod hooks;
mod input;
mod plan;
mod runner;
mod stream;
mod toolbox;
mod tools;

pub use config::RunConfig;
pub use error::RunError;
pub use event::{RunEvent, RunOutcome};
pub use hooks::RunHooks;
pub use input::IntoInput;
pub use runner::Runner;
pub use stream::RunStream;
