//! Running tools, side by side.

use std::{borrow::Cow, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tracing::{Instrument as _, Span};

use super::{RunConfig, RunError, RunEvent, plan::Job, stream::Events};
use crate::{
    model::{FunctionCall, Usage},
    spans,
    tool::{Tool, ToolCall, ToolError, ToolOutput},
};

/// What a tool returned.
#[derive(Debug)]
pub(super) struct Returned {
    pub(super) call: FunctionCall,
    /// What the model is told.
    pub(super) text: String,
    pub(super) failed: bool,
    pub(super) ends_run: bool,
    pub(super) usage: Usage,
}

impl Returned {
    fn new(call: FunctionCall, output: ToolOutput, failed: bool) -> Self {
        let ToolOutput { text, ends_run, usage } = output;
        Self { call, text, failed, ends_run, usage }
    }
}

/// Runs tools side by side, as many at once as the run may. What they return is in the order of the
/// jobs; the events are in the order in which things happen.
///
/// # Errors
///
/// When a tool fails in a way that ends the run; the others are dropped.
pub(super) async fn run_jobs<C: Clone + Send + Sync + 'static>(
    jobs: Vec<Job<C>>,
    context: &C,
    agent: &str,
    config: &RunConfig<C>,
    events: &Events,
    span: &Span,
) -> Result<Vec<Returned>, RunError> {
    let mut results: Vec<Option<Returned>> = jobs.iter().map(|_| None).collect();
    let mut waiting = jobs.into_iter().enumerate();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < config.max_parallel_tools {
            let Some((number, Job { call, tool })) = waiting.next() else { break };
            events.send(RunEvent::ToolCalled { call: call.clone() }).await;
            let running_job = Running { context, agent, config, call, span };
            running.push(async move { (number, running_job.run(tool).await) });
        }
        let Some((number, returned)) = running.next().await else { break };
        let returned = returned?;
        let event = RunEvent::ToolReturned {
            call: returned.call.clone(),
            output: returned.text.clone(),
            failed: returned.failed,
        };
        events.send(event).await;
        if let Some(result) = results.get_mut(number) {
            *result = Some(returned);
        }
    }
    Ok(results.into_iter().flatten().collect())
}

struct Running<'a, C> {
    context: &'a C,
    agent: &'a str,
    config: &'a RunConfig<C>,
    call: FunctionCall,
    /// Of the agent.
    span: &'a Span,
}

impl<C: Clone + Send + Sync + 'static> Running<'_, C> {
    async fn run(self, tool: Result<Arc<dyn Tool<C>>, String>) -> Result<Returned, RunError> {
        let tool = match tool {
            Ok(tool) => tool,
            Err(told) => {
                let output = ToolOutput::text(told);
                return Ok(Returned::new(self.call, output, true));
            }
        };
        let Self { context, agent, config, call, span } = self;
        let conversation = config.conversation_id.as_deref();
        let span = spans::execute_tool(span, &call, conversation, config.log_content);
        let working = span.clone();
        let returned = Self::call(context, agent, config, call, &tool, &span).instrument(working);
        let returned = returned.await;
        returned.inspect_err(|error| spans::fail(&span, &error.kind()))
    }

    async fn call(
        context: &C,
        agent: &str,
        config: &RunConfig<C>,
        call: FunctionCall,
        tool: &Arc<dyn Tool<C>>,
        span: &Span,
    ) -> Result<Returned, RunError> {
        if let Some(hooks) = &config.hooks {
            hooks.on_tool_start(context, agent, &call).await;
        }
        let limit = tool.timeout().or(config.tool_timeout);
        let tool_call = ToolCall::new(context.clone(), call.clone(), agent).of_run(config);
        let (output, failed) =
            match within(limit, &call.name, async { tool.call(tool_call).await }).await? {
                Ok(output) => (output, false),
                Err(told) => {
                    spans::fail(span, &told.kind);
                    (ToolOutput::text(told.text), true)
                }
            };
        if config.log_content {
            spans::tool_returned(span, &call.name, &output.text);
        }
        if let Some(hooks) = &config.hooks {
            hooks.on_tool_end(context, agent, &call, &output.text).await;
        }
        Ok(Returned::new(call, output, failed))
    }
}

/// What the model is told of a failure.
pub(super) struct Told {
    pub(super) text: String,
    /// The kind of it in one word, for traces.
    kind: Cow<'static, str>,
}

impl Told {
    fn new(text: impl Into<String>, kind: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), kind: kind.into() }
    }
}

/// Runs what the application does for a call, within a time limit: its value or, if it failed, what
/// the model is told.
///
/// # Errors
///
/// When it failed in a way that ends the run.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    name: &str,
    work: impl Future<Output = Result<T, ToolError>>,
) -> Result<Result<T, Told>, RunError> {
    // The work is dropped after a panic, so that nobody sees what it left behind.
    let work = AssertUnwindSafe(work).catch_unwind();
    let finished = match limit {
        Some(limit) => match tokio::time::timeout(limit, work).await {
            Ok(finished) => finished,
            Err(_) => {
                tracing::warn!(tool = name, ?limit, "a tool ran too long");
                let seconds = limit.as_secs_f64();
                let text = format!("Tool '{name}' timed out after {seconds} seconds.");
                return Ok(Err(Told::new(text, "timeout")));
            }
        },
        None => work.await,
    };
    match finished {
        Ok(Ok(value)) => Ok(Ok(value)),
        Ok(Err(error)) if error.is_fatal() => {
            Err(RunError::Tool { tool: name.to_owned(), error: error.to_string() })
        }
        Ok(Err(error)) => {
            tracing::warn!(tool = name, error = error.for_log(), "a tool failed");
            Ok(Err(Told::new(error.model_message(), error.kind())))
        }
        Err(_) => {
            tracing::error!(tool = name, "a tool panicked");
            Ok(Err(Told::new("An error occurred while running the tool.", "tool")))
        }
    }
}
