//! Agents that hand over to one another: triage sends each question to who knows the answer, and
//! they may send it back.

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, Handoff, Runner, load_input, model::Model,
    stream_agent_response,
};
use chatkit_server::{ChatKitServer, EventStream, Turn};
use std::sync::Arc;

type Context = AgentContext<()>;

/// Answers with three agents.
#[derive(Debug)]
pub struct Assistant {
    triage: Agent<Context>,
}

impl Assistant {
    /// All three with this model.
    pub fn new(model: impl Model) -> Self {
        Self { triage: triage(&(Arc::new(model) as Arc<dyn Model>)) }
    }
}

fn triage(model: &Arc<dyn Model>) -> Agent<Context> {
    Agent::new("Triage")
        .instructions("Hand over to the agent who knows the answer.")
        .model(Arc::clone(model))
        .handoff(specialist("Billing", "Knows about invoices and payments.", model))
        .handoff(specialist("Support", "Knows how the product works.", model))
}

/// A specialist hands back what is none of its business: a cycle, so the target is made when it is
/// needed.
fn specialist(name: &str, knows: &str, model: &Arc<dyn Model>) -> Agent<Context> {
    let again = Arc::clone(model);
    Agent::new(name)
        .handoff_description(knows)
        .instructions(format!("{knows} Hand everything else back."))
        .model(Arc::clone(model))
        .handoff(Handoff::lazy("Triage", "Knows who knows.", move || triage(&again)))
}

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let input = load_input(&turn, &DefaultConverter::for_turn(&turn)).await?;
            let context = AgentContext::new(turn);
            let run = Runner::run_streamed(&self.triage, input, context.clone());
            events.forward(stream_agent_response(&context, run)).await
        })
    }
}
