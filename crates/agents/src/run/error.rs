//! How a run fails.

use std::borrow::Cow;

use chatkit_server::RespondError;
use serde_json::Value;

use crate::model::ModelError;

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The agent has no model, and neither has the run.
    #[error("the agent `{agent}` has no model")]
    NoModel {
        /// The agent.
        agent: String,
    },
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model was asked too often.
    #[error("the run was not complete after {max_turns} turns")]
    MaxTurns {
        /// How often it may be asked.
        max_turns: usize,
    },
    /// A guardrail found something in the input.
    #[error("the input guardrail `{guardrail}` was tripped")]
    InputGuardrail {
        /// The guardrail.
        guardrail: String,
        /// What it says.
        info: Value,
    },
    /// A guardrail found something in the output.
    #[error("the output guardrail `{guardrail}` was tripped")]
    OutputGuardrail {
        /// The guardrail.
        guardrail: String,
        /// What it says.
        info: Value,
    },
    /// A tool failed in a way that ends the run.
    #[error("the tool `{tool}` failed: {error}")]
    Tool {
        /// The tool.
        tool: String,
        /// Why.
        error: String,
    },
    /// A guardrail or computed instructions failed.
    #[error("{what} failed: {error}")]
    Application {
        /// What failed.
        what: String,
        /// Why.
        error: String,
    },
    /// The model's last message does not have the agreed shape.
    #[error("the model's answer does not fit the output type: {0}")]
    Output(String),
}

impl RunError {
    /// Whether a guardrail ended the run: what it has shown so far must go.
    pub fn is_tripwire(&self) -> bool {
        matches!(self, Self::InputGuardrail { .. } | Self::OutputGuardrail { .. })
    }

    /// The kind of it in one word, for traces.
    pub(crate) fn kind(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Model(error) => return error.kind(),
            Self::NoModel { .. } => "no_model",
            Self::MaxTurns { .. } => "max_turns",
            Self::InputGuardrail { .. } => "input_guardrail",
            Self::OutputGuardrail { .. } => "output_guardrail",
            Self::Tool { .. } => "tool",
            Self::Application { .. } => "application",
            Self::Output(_) => "output",
        })
    }

    /// What the log may say of it: nothing that a model has said or a provider may quote.
    fn for_log(&self) -> String {
        match self {
            Self::Model(error) => error.for_log(),
            Self::Output(_) => "the model's answer does not fit the output type".to_owned(),
            _ => self.to_string(),
        }
    }

    /// What the user sees of it: plain words for a model's failure, with the offer to try again
    /// where that may help; the client's own wording for what is the application's business.
    pub fn into_respond_error(self) -> RespondError {
        let logged = self.for_log();
        let error = match &self {
            Self::Model(error) => RespondError::custom(error.user_message())
                .with_retry(error.is_transient())
                .caused_by(self),
            Self::MaxTurns { .. } => RespondError::custom("The assistant did not come to an end.")
                .with_retry(true)
                .caused_by(self),
            _ => RespondError::unexpected(self),
        };
        error.logged_as(logged)
    }
}
