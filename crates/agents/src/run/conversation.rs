//! What was said in a run, and what of it the next request sends.

use serde::de::IgnoredAny;
use serde_json::json;

use super::collect::Answer;
use crate::{
    agent::HandoffInput,
    model::{FunctionCall, FunctionCallOutput, InputItem, OutputItem, OutputKind},
};

/// What was said in a run.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// What the run was given.
    given: Vec<InputItem>,
    /// What came of it.
    new_items: Vec<InputItem>,
    /// What stands for `given` and for what came before `from`; `None` for themselves.
    before: Option<Vec<InputItem>>,
    from: usize,
    /// Where this turn began.
    turn: usize,
    /// The answer that the provider goes on from, if it keeps the conversation.
    previous_response_id: Option<String>,
    last_response_id: Option<String>,
}

impl Conversation {
    pub(super) fn new(given: Vec<InputItem>, previous_response_id: Option<String>) -> Self {
        Self { given, previous_response_id, ..Self::default() }
    }

    pub(super) fn given(&self) -> &[InputItem] {
        &self.given
    }

    pub(super) fn previous_response_id(&self) -> Option<String> {
        self.previous_response_id.clone()
    }

    /// What the next request sends.
    pub(super) fn next_input(&self) -> Vec<InputItem> {
        let before = self.before.as_ref().unwrap_or(&self.given);
        let new_items = self.new_items.get(self.from..).unwrap_or_default();
        before.iter().chain(new_items).cloned().collect()
    }

    /// Takes in a model's answer, with which a turn begins.
    pub(super) fn add_answer(&mut self, answer: &Answer) {
        self.turn = self.new_items.len();
        self.new_items.extend(answer.items.iter().filter_map(to_input));
        self.last_response_id.clone_from(&answer.response_id);
        if self.previous_response_id.is_some() && answer.response_id.is_some() {
            // The provider has everything up to here.
            self.previous_response_id.clone_from(&answer.response_id);
            self.before = Some(Vec::new());
            self.from = self.new_items.len();
        }
    }

    /// Takes in the output of a call.
    pub(super) fn add_output(&mut self, call: &FunctionCall, custom: bool, output: String) {
        let call_id = call.call_id.clone();
        self.new_items.push(if custom {
            let raw = json!({
                "type": "custom_tool_call_output",
                "call_id": call_id,
                "output": output,
            });
            InputItem::Raw(raw.as_object().cloned().unwrap_or_default())
        } else {
            InputItem::FunctionCallOutput(FunctionCallOutput { call_id, output })
        });
    }

    /// Changes what the next request sends.
    pub(super) fn filter(&mut self, filter: impl FnOnce(HandoffInput) -> HandoffInput) {
        if self.previous_response_id.is_some() {
            tracing::warn!("no input filter where the provider keeps the conversation");
            return;
        }
        let turn = self.turn.max(self.from);
        let items = |from: usize, to: usize| {
            self.new_items.get(from..to).map(<[InputItem]>::to_vec).unwrap_or_default()
        };
        let HandoffInput { mut input, earlier_items, new_items } = filter(HandoffInput {
            input: self.before.clone().unwrap_or_else(|| self.given.clone()),
            earlier_items: items(self.from, turn),
            new_items: items(turn, self.new_items.len()),
        });
        input.extend(earlier_items);
        input.extend(new_items);
        self.before = Some(input);
        self.from = self.new_items.len();
    }

    /// What the run was given, what came of it, and the provider's id of the last answer.
    pub(super) fn into_parts(self) -> (Vec<InputItem>, Vec<InputItem>, Option<String>) {
        (self.given, self.new_items, self.last_response_id)
    }
}

/// An item of an answer as input. Without the provider's own form of it, arguments that are no JSON
/// are left out: there are servers that refuse a conversation with them, and the model reads what was
/// wrong in the call's output.
fn to_input(item: &OutputItem) -> Option<InputItem> {
    match (&item.raw, &item.kind) {
        (None, OutputKind::FunctionCall(call)) => {
            let mut call = call.clone();
            if serde_json::from_str::<IgnoredAny>(&call.arguments).is_err() {
                call.arguments = "{}".to_owned();
            }
            Some(InputItem::FunctionCall(call))
        }
        (None, OutputKind::CustomToolCall(call)) => {
            let raw = json!({
                "type": "custom_tool_call",
                "call_id": call.call_id,
                "name": call.name,
                "input": call.input,
            });
            Some(InputItem::Raw(raw.as_object().cloned().unwrap_or_default()))
        }
        _ => item.to_input(),
    }
}
