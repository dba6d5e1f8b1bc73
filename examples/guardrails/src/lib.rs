//! Guardrails: one looks at the question while the model already answers, one looks at the answer.
//! When one trips, what was shown of the answer is taken back, and the user is told why.

use chatkit_agents::{
    Agent, AgentContext, GuardrailResult, InputGuardrail, OutputGuardrail, RunError, Runner,
    model::Model, simple_to_agent_input, stream_agent_response,
};
use chatkit_server::{ChatKitServer, EventStream, RespondError, Turn};
use serde_json::json;

/// Answers questions about anything but passwords.
#[derive(Debug)]
pub struct Assistant {
    agent: Agent<AgentContext<()>>,
}

impl Assistant {
    /// With this model.
    pub fn new(model: impl Model) -> Self {
        let asks_for_password = InputGuardrail::new("no passwords", async |call| {
            let asked = json!(call.input).to_string().to_lowercase().contains("password");
            GuardrailResult::new(asked, json!({"reason": "asks for a password"}))
        });
        let tells_password = OutputGuardrail::new("no secrets", async |call| {
            let told = call.text.contains("hunter2");
            GuardrailResult::new(told, json!({"reason": "tells a password"}))
        });
        let agent = Agent::new("Assistant")
            .instructions("Be helpful.")
            .model(model)
            .input_guardrail(asks_for_password)
            .output_guardrail(tells_password);
        Self { agent }
    }
}

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let input = simple_to_agent_input(&turn.recent_items(100).await?).await?;
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
