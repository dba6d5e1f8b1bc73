//! Guardrails of a run.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};

use tracing::{Instrument as _, Span};

use super::RunError;
use crate::{
    agent::{Agent, GuardrailInput, GuardrailOutput, Verdict},
    model::InputItem,
    spans,
};

/// Guardrails that run side by side; an error is that of the first one that found something.
///
/// Each has a span, and its checks are polled within it.
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
        trace: &Trace<'_>,
    ) -> Self {
        let name: Arc<str> = agent.name().into();
        let guards = Self::default();
        for guardrail in &agent.parts().input_guardrails {
            if guardrail.runs_in_parallel() != beside_model {
                continue;
            }
            let checked = GuardrailInput { agent: Arc::clone(&name), items: Arc::clone(input) };
            let check = || guardrail.check(context.clone(), checked);
            let check = trace.within(guardrail.name(), "input", agent.name(), check);
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
        trace: &Trace<'_>,
    ) -> Self {
        let guards = Self::default();
        for guardrail in &agent.parts().output_guardrails {
            let check = || guardrail.check(context.clone(), output.clone());
            let check = trace.within(guardrail.name(), "output", agent.name(), check);
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

/// What the spans of guardrails need to know.
pub(super) struct Trace<'a> {
    /// The agent's span.
    pub(super) parent: &'a Span,
    pub(super) conversation: Option<&'a str>,
    pub(super) log_content: bool,
}

impl Trace<'_> {
    /// A check within a span of its own, which is told what the check found.
    fn within(
        &self,
        guardrail: &str,
        target: &'static str,
        agent: &str,
        check: impl FnOnce() -> BoxFuture<'static, Verdict>,
    ) -> BoxFuture<'static, Verdict> {
        let Self { parent, conversation, log_content } = *self;
        let span = spans::run_guardrail(parent, guardrail, target, agent, conversation);
        let check = span.in_scope(check);
        Box::pin(async move {
            let verdict = check.instrument(span.clone()).await;
            match &verdict {
                Ok(result) => spans::guardrail_found(&span, result, log_content),
                Err(_) => spans::fail(&span, "application"),
            }
            verdict
        })
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
