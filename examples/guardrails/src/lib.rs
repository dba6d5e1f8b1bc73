//! Guardrails: one looks at the question while the model already answers, one looks at the answer.
//! When one trips, what was shown of the answer is taken back, and the user is told why.

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, GuardrailInput, GuardrailOutput, GuardrailResult,
    InputGuardrail, OutputGuardrail, RunError, Runner, load_input, model::Model,
    stream_agent_response,
};
use chatkit_server::{ChatKitServer, EventStream, RespondError, Turn};

/// Answers questions about anything but passwords.
#[derive(Debug)]
pub struct Assistant {
    agent: Agent<AgentContext<()>>,
}

impl Assistant {
    /// With this model.
    pub fn new(model: impl Model) -> Self {
        let asks = InputGuardrail::new("no passwords", |_, input: GuardrailInput| async move {
            if input.text().to_lowercase().contains("password") {
                GuardrailResult::trip("asks for a password")
            } else {
                GuardrailResult::pass()
            }
        });
        let tells = OutputGuardrail::new("no secrets", |_, output: GuardrailOutput| async move {
            if output.text.contains("hunter2") {
                GuardrailResult::trip("tells a password")
            } else {
                GuardrailResult::pass()
            }
        });
        let agent = Agent::new("Assistant")
            .instructions("Be helpful.")
            .model(model)
            .input_guardrail(asks)
            .output_guardrail(tells);
        Self { agent }
    }
}

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let input = load_input(&turn, &DefaultConverter::for_turn(&turn)).await?;
            let context = AgentContext::new(turn);
            let run = Runner::run_streamed(&self.agent, input, context.clone());
            match events.forward(stream_agent_response(&context, run)).await {
                Err(error) if error.downcast_ref().is_some_and(RunError::is_tripwire) => {
                    Err(RespondError::custom("I cannot talk about passwords."))
                }
                ended => ended,
            }
        })
    }
}
