//! A model on the own machine: nothing leaves it, and no key is needed.

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, Runner, load_input, model::Model, stream_agent_response,
    thinking,
};
use chatkit_server::{ChatKitServer, EventStream, Turn};

/// Answers with a model, and thinks aloud if the model does.
#[derive(Debug)]
pub struct Assistant {
    agent: Agent<AgentContext<()>>,
}

impl Assistant {
    /// With this model.
    pub fn new(model: impl Model) -> Self {
        Self { agent: Agent::new("Assistant").instructions("Be brief.").model(model) }
    }
}

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let input = load_input(&turn, &DefaultConverter::for_turn(&turn)).await?;
            let context = AgentContext::new(turn);
            let run = Runner::run_streamed(&self.agent, input, context.clone());
            let answer = stream_agent_response(&context, run);
            events.forward(thinking("Waking the model…", answer)).await
        })
    }
}
