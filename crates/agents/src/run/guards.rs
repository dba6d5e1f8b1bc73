//! Guardrails of a run.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};

use super::RunError;
use crate::{
    agent::{Agent, GuardrailInput, GuardrailOutput},
    model::InputItem,
};

/// Guardrails that run side by side; an error is that of the first one that found something.
#[derive(Default)]
pub(super) struct Guards {
    running: FuturesUnordered<BoxFuture<'static, Result<(), RunError>>>,
}

impl Guards {
    /// Lets the input guardrails of an agent begin: those that are beside the model, or those that
    /// come before it.
    pub(super) fn of_input<C: Clone + Send + 'static>(
        agent: &Agent<C>,
        context: &C,
        input: &Arc<[InputItem]>,
        beside_model: bool,
    ) -> Self {
        let name: Arc<str> = agent.name().into();
        let guards = Self::default();
        for guardrail in &agent.parts().input_guardrails {
            if guardrail.runs_in_parallel() != beside_model {
                continue;
            }
            let checked = GuardrailInput { agent: Arc::clone(&name), items: Arc::clone(input) };
            let check = guardrail.check(context.clone(), checked);
            let guardrail = guardrail.name().to_owned();
            guards.running.push(Box::pin(async move {
                match check.await {
                    Ok(result) if result.tripwire => {
                        Err(RunError::InputGuardrail { guardrail, info: result.info })
                    }
                    Ok(_) => Ok(()),
                    Err(error) => Err(failed("input", &guardrail, error.as_ref())),
                }
            }));
        }
        guards
    }

    /// Lets the output guardrails of an agent begin.
    pub(super) fn of_output<C: Clone + Send + 'static>(
        agent: &Agent<C>,
        context: &C,
        output: &GuardrailOutput,
    ) -> Self {
        let guards = Self::default();
        for guardrail in &agent.parts().output_guardrails {
            let check = guardrail.check(context.clone(), output.clone());
            let guardrail = guardrail.name().to_owned();
            guards.running.push(Box::pin(async move {
                match check.await {
                    Ok(result) if result.tripwire => {
                        Err(RunError::OutputGuardrail { guardrail, info: result.info })
                    }
                    Ok(_) => Ok(()),
                    Err(error) => Err(failed("output", &guardrail, error.as_ref())),
                }
            }));
        }
        guards
    }

    /// Ready when one has found something, or when all have passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RunError>> {
        loop {
            match self.running.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(()))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Waits until all have passed.
    pub(super) async fn pass(&mut self) -> Result<(), RunError> {
        poll_fn(|cx| self.poll(cx)).await
    }
}

fn failed(
    kind: &str,
    guardrail: &str,
    error: &(dyn std::error::Error + Send + Sync + 'static),
) -> RunError {
    RunError::Application {
        what: format!("the {kind} guardrail `{guardrail}`"),
        error: error.to_string(),
    }
}
