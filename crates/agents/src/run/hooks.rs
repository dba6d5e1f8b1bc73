//! Who is told of what happens in a run.

use async_trait::async_trait;

use crate::model::{FunctionCall, ModelRequest, OutputItem, Usage};

/// Who is told of what happens in a run, for logs and metrics. The run waits for each call. By
/// default nothing is done.
#[async_trait]
pub trait RunHooks<C: Sync>: Send + Sync + 'static {
    /// An agent begins: at the start of the run and after each handoff.
    async fn on_agent_start(&self, context: &C, agent: &str) {
        let _ = (context, agent);
    }

    /// An agent has the final output.
    async fn on_agent_end(&self, context: &C, agent: &str, output: &str) {
        let _ = (context, agent, output);
    }

    /// The model is asked.
    async fn on_llm_start(&self, context: &C, agent: &str, request: &ModelRequest) {
        let _ = (context, agent, request);
    }

    /// The model has answered.
    async fn on_llm_end(&self, context: &C, agent: &str, answer: &[OutputItem], usage: &Usage) {
        let _ = (context, agent, answer, usage);
    }

    /// A tool begins.
    async fn on_tool_start(&self, context: &C, agent: &str, call: &FunctionCall) {
        let _ = (context, agent, call);
    }

    /// A tool has returned; `output` is what the model is told.
    async fn on_tool_end(&self, context: &C, agent: &str, call: &FunctionCall, output: &str) {
        let _ = (context, agent, call, output);
    }

    /// An agent hands over to another.
    async fn on_handoff(&self, context: &C, from: &str, to: &str) {
        let _ = (context, from, to);
    }
}
