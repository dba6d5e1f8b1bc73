//! What a run yields.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::RunError;
use crate::model::{FunctionCall, InputItem, ModelEvent, Usage};

/// An event of a run, in the order in which things happen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RunEvent {
    /// An agent begins: at the start of the run and after each handoff.
    AgentStarted {
        /// Its name.
        agent: String,
    },
    /// The model is asked.
    ModelAsked {
        /// How often it was asked before in this run.
        turn: usize,
    },
    /// An event of the model's answer.
    Model(ModelEvent),
    /// A tool is called. Tools of one answer run side by side.
    ToolCalled {
        /// The call.
        call: FunctionCall,
    },
    /// A tool has returned.
    ToolReturned {
        /// The call.
        call: FunctionCall,
        /// What the model is told.
        output: String,
        /// Whether it failed.
        failed: bool,
    },
    /// An agent hands over to another.
    HandedOff {
        /// The one before.
        from: String,
        /// The one that goes on.
        to: String,
    },
    /// The run is complete; the last event.
    Finished(Box<RunOutcome>),
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RunOutcome {
    /// The last message as text, or the output of the tool that ended the run.
    pub final_text: String,
    /// The same as JSON, if the agent has an output type.
    pub final_output: Option<Value>,
    /// The agent that spoke last.
    pub last_agent: String,
    /// What the run was given.
    pub input: Vec<InputItem>,
    /// What came of it: messages, calls and outputs, as input of a run that goes on.
    pub new_items: Vec<InputItem>,
    /// The provider's id of the last answer, for [`RunConfig::previous_response_id`](crate::RunConfig).
    pub last_response_id: Option<String>,
    /// What all of it cost, with the agents that are tools.
    pub usage: Usage,
    /// The call whose tool ended the run, if one did.
    pub ended_by: Option<FunctionCall>,
}

impl RunOutcome {
    /// The whole conversation, as input of a run that goes on.
    pub fn to_input(&self) -> Vec<InputItem> {
        self.input.iter().chain(&self.new_items).cloned().collect()
    }

    /// The final output as the agent's output type.
    ///
    /// # Errors
    ///
    /// [`RunError::Output`] if it is of another type, or if the agent has none.
    pub fn output<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        let output = self.final_output.as_ref().unwrap_or(&Value::Null);
        T::deserialize(output).map_err(|error| RunError::Output(error.to_string()))
    }
}
