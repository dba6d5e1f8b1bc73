//! Running agents.

use super::{IntoInput, RunConfig, RunError, RunOutcome, RunStream, engine::Run, stream::Events};
use crate::agent::Agent;

/// Runs agents.
///
/// A run asks the agent's model, runs the tools that it calls, and asks again with their outputs,
/// until there is a final output.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Runner;

impl Runner {
    /// A run whose events are seen as they happen. Nothing happens before it is polled.
    pub fn run_streamed<C>(agent: &Agent<C>, input: impl IntoInput, context: C) -> RunStream<C>
    where
        C: Clone + Send + Sync + 'static,
    {
        Self::run_streamed_with(agent, input, context, RunConfig::new())
    }

    /// The same, with settings of the run.
    pub fn run_streamed_with<C>(
        agent: &Agent<C>,
        input: impl IntoInput,
        context: C,
        config: RunConfig<C>,
    ) -> RunStream<C>
    where
        C: Clone + Send + Sync + 'static,
    {
        let events = Events::watched();
        let input = input.into_input();
        let run = Run::new(agent.clone(), input, context.clone(), config, events.clone());
        RunStream::new(Box::pin(run.run()), events, context)
    }

    /// A run of which only the outcome is seen.
    ///
    /// # Errors
    ///
    /// When the run ends early.
    pub async fn run<C>(
        agent: &Agent<C>,
        input: impl IntoInput,
        context: C,
    ) -> Result<RunOutcome, RunError>
    where
        C: Clone + Send + Sync + 'static,
    {
        Self::run_with(agent, input, context, RunConfig::new()).await
    }

    /// The same, with settings of the run.
    ///
    /// # Errors
    ///
    /// When the run ends early.
    pub async fn run_with<C>(
        agent: &Agent<C>,
        input: impl IntoInput,
        context: C,
        config: RunConfig<C>,
    ) -> Result<RunOutcome, RunError>
    where
        C: Clone + Send + Sync + 'static,
    {
        let input = input.into_input();
        let run = Run::new(agent.clone(), input, context, config, Events::unwatched());
        Box::pin(run.run()).await.map(|outcome| *outcome)
    }
}
