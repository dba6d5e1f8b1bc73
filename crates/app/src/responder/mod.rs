//! Who answers: the responders that come with the app.

mod agent;
mod demo;
mod playback;
#[cfg(test)]
mod testing;

pub(crate) use agent::{AgentError, AgentResponder};
pub(crate) use demo::Demo;
pub(crate) use playback::Playback;
