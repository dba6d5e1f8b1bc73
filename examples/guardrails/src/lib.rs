//! Guardrails: one has a small model judge the question while the large one already answers, one
//! looks at the answer. When one trips, what was shown of the answer is taken back, and the user is
//! told why.

use chatkit_agents::{
    Agent, AgentContext, DefaultConverter, GuardrailInput, GuardrailOutput, GuardrailResult,
    InputGuardrail, OutputGuardrail, RunError, Runner, load_input, model::Model,
    stream_agent_response,
};
use chatkit_server::{ChatKitServer, EventStream, RespondError, Turn};

type Context = AgentContext<()>;

/// Answers questions about anything but passwords.
#[derive(Debug)]
pub struct Assistant {
    agent: Agent<Context>,
}

impl Assistant {
    /// With this model, whose questions another one, small and quick, judges.
    pub fn new(model: impl Model, judge: impl Model) -> Self {
        let judge = Agent::new("Judge")
            .instructions("Does the message ask for a password? Say `yes` or `no` and no more.")
            .model(judge);
        let agent = Agent::new("Assistant")
            .instructions("Be helpful.")
            .model(model)
            .input_guardrail(asks_for_password(judge))
            .output_guardrail(tells_password());
        Self { agent }
    }
}

/// Looks at the message that is answered; what was said before has passed, or was refused.
fn asks_for_password(judge: Agent<()>) -> InputGuardrail<Context> {
    InputGuardrail::new("asks for a password", move |context: Context, _: GuardrailInput| {
        let judge = judge.clone();
        async move {
            let judged = Runner::run(&judge, context.turn().input_text(), ()).await?;
            let asks = judged.final_text.to_lowercase().contains("yes");
            Ok::<_, RunError>(verdict(asks))
        }
    })
}

/// Looks at the whole answer, which was shown as it came.
fn tells_password() -> OutputGuardrail<Context> {
    OutputGuardrail::new("tells a password", |_: Context, output: GuardrailOutput| async move {
        verdict(output.text.contains("hunter2"))
    })
}

fn verdict(trips: bool) -> GuardrailResult {
    if trips { GuardrailResult::trip("a password") } else { GuardrailResult::pass() }
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
