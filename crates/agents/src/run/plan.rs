//! What an answer's calls ask for.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::toolbox::Toolbox;
use crate::{
    agent::Handoff,
    model::{FunctionCall, OutputItem, OutputKind},
    tool::Tool,
};

/// A call of the answer, and what it asks for.
pub(super) struct Planned<C> {
    pub(super) call: FunctionCall,
    /// Whether it is the call of a custom tool.
    pub(super) custom: bool,
    pub(super) what: What<C>,
}

pub(super) enum What<C> {
    /// A tool.
    Tool(Job<C>),
    /// Several tools in one call.
    Several(Vec<Job<C>>),
    /// To hand over.
    Handoff(Handoff<C>),
}

/// One tool to run, or what the model is told instead.
pub(super) struct Job<C> {
    pub(super) call: FunctionCall,
    pub(super) tool: Result<Arc<dyn Tool<C>>, String>,
}

/// What the calls of an answer ask for, in their order.
pub(super) fn plan<C: 'static>(items: &[OutputItem], toolbox: &Toolbox<C>) -> Vec<Planned<C>> {
    items.iter().filter_map(|item| planned(item, toolbox)).collect()
}

fn planned<C: 'static>(item: &OutputItem, toolbox: &Toolbox<C>) -> Option<Planned<C>> {
    match &item.kind {
        OutputKind::FunctionCall(call) => {
            Some(Planned { call: call.clone(), custom: false, what: function(call, toolbox) })
        }
        OutputKind::CustomToolCall(custom) => {
            let call = FunctionCall {
                call_id: custom.call_id.clone(),
                name: custom.name.clone(),
                arguments: custom.input.clone(),
            };
            let tool = Err(toolbox.unknown(&custom.name));
            let what = What::Tool(Job { call: call.clone(), tool });
            Some(Planned { call, custom: true, what })
        }
        _ => None,
    }
}

fn function<C: 'static>(call: &FunctionCall, toolbox: &Toolbox<C>) -> What<C> {
    if let Some(tool) = toolbox.tool(&call.name) {
        return What::Tool(job(call.clone(), tool));
    }
    if let Some(handoff) = toolbox.handoff(&call.name) {
        return What::Handoff(handoff.clone());
    }
    if matches!(call.name.as_str(), "parallel" | "multi_tool_use.parallel") {
        return match serde_json::from_str::<Wrapper>(&call.arguments) {
            Ok(wrapper) => What::Several(unwrap(call, wrapper, toolbox)),
            Err(_) => {
                What::Tool(Job { call: call.clone(), tool: Err(toolbox.unknown(&call.name)) })
            }
        };
    }
    What::Tool(Job { call: call.clone(), tool: Err(toolbox.unknown(&call.name)) })
}

fn job<C: 'static>(mut call: FunctionCall, tool: &Arc<dyn Tool<C>>) -> Job<C> {
    if call.name != tool.spec().name() {
        tool.spec().name().clone_into(&mut call.name);
    }
    Job { call, tool: Ok(Arc::clone(tool)) }
}

/// Several calls in one, of a tool that no one offered: some models have learned of it and call it
/// all the same.
#[derive(Deserialize)]
struct Wrapper {
    tool_uses: Vec<Use>,
}

#[derive(Deserialize)]
struct Use {
    recipient_name: String,
    #[serde(default)]
    parameters: Value,
}

fn unwrap<C: 'static>(outer: &FunctionCall, wrapper: Wrapper, toolbox: &Toolbox<C>) -> Vec<Job<C>> {
    let uses = wrapper.tool_uses.into_iter().enumerate();
    let jobs = uses.map(|(number, Use { recipient_name: name, parameters })| {
        let arguments = match parameters {
            Value::String(text) => text,
            Value::Null => "{}".to_owned(),
            parameters => parameters.to_string(),
        };
        let call_id = format!("{}:{number}", outer.call_id);
        let call = FunctionCall { call_id, name, arguments };
        match toolbox.tool(&call.name) {
            Some(tool) => job(call, tool),
            None => {
                let told = match toolbox.handoff(&call.name) {
                    Some(handoff) => format!("Call '{}' by itself.", handoff.name()),
                    None => toolbox.unknown(&call.name),
                };
                Job { call, tool: Err(told) }
            }
        }
    });
    jobs.collect()
}

/// The one output for several tools: their outputs in order. Those that are JSON stay so.
pub(super) fn joined<'a>(outputs: impl IntoIterator<Item = &'a str>) -> String {
    let outputs = outputs.into_iter().map(|text| match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
        _ => Value::from(text),
    });
    Value::Array(outputs.collect()).to_string()
}
