//! Agents that hand over to one another: triage sends each question to who knows the answer, and
//! they may send it back.

use std::sync::Arc;

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, Handoff, Runner, load_input, model::Model,
    stream_agent_response,
};
use chatkit_server::{ChatKitServer, EventStream, Turn};

type Context = AgentContext<()>;

/// Answers with three agents.
#[derive(Debug)]
pub struct Assistant {
    triage: Agent<Context>,
}

impl Assistant {
    /// All three with this model.
    pub fn new(model: impl Model) -> Self {
        let model: Arc<dyn Model> = Arc::new(model);
        Self { triage: triage(&model) }
    }
}

fn triage(model: &Arc<dyn Model>) -> Agent<Context> {
    Agent::new("Triage")
        .instructions("Hand over to the agent who can answer. Answer greetings yourself.")
        .model(Arc::clone(model))
        .handoff(specialist("Billing", "Answers questions about invoices and payments.", model))
        .handoff(specialist("Support", "Explains how the product works.", model))
}

/// A specialist hands back what is none of its business. That makes a circle, so the agent to hand
/// back to is only made when it is needed.
fn specialist(name: &str, task: &str, model: &Arc<dyn Model>) -> Agent<Context> {
    let shared = Arc::clone(model);
    let back = Handoff::lazy("Triage", "Knows who can help.", move || triage(&shared));
    Agent::new(name)
        .handoff_description(task)
        .instructions(format!("{task} Hand everything else back."))
        .model(Arc::clone(model))
        .handoff(back)
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
