//! Calls of tools and their outputs belong together: providers refuse one without the other.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::model::InputItem;

/// Items whose call and output are items of their own, as the Responses API names them.
const CALLS: [&str; 3] = ["function_call", "custom_tool_call", "computer_call"];

/// Removes outputs without a call before them and calls without an output after them, for example
/// when the window of a thread begins between the two. Calls and outputs are paired in order, so
/// that an id that is used again does no harm. Reasoning that only led to a removed call goes with
/// it, as providers refuse that too. Linear in the number of items.
///
/// ```
/// use chatkit_agents::{model::{FunctionCallOutput, InputItem}, repair_pairs};
///
/// let output = FunctionCallOutput { call_id: "call_1".to_owned(), output: "42".to_owned() };
/// let mut input = vec![InputItem::FunctionCallOutput(output), InputItem::user("And now?")];
/// repair_pairs(&mut input);
/// assert_eq!(input, [InputItem::user("And now?")]);
/// ```
pub fn repair_pairs(input: &mut Vec<InputItem>) {
    let mut keep = vec![true; input.len()];
    let mut open: HashMap<(&str, &str), VecDeque<usize>> = HashMap::new();
    for (index, item) in input.iter().enumerate() {
        match half(item) {
            Some(Half::Call(kind, id)) => open.entry((kind, id)).or_default().push_back(index),
            Some(Half::Output(kind, id)) => {
                let call = open.get_mut(&(kind, id)).and_then(VecDeque::pop_front);
                set(&mut keep, index, call.is_some());
            }
            None => {}
        }
    }
    for index in open.into_values().flatten() {
        set(&mut keep, index, false);
        let mut before = index;
        while let Some(previous) = before.checked_sub(1)
            && input.get(previous).is_some_and(is_reasoning)
        {
            set(&mut keep, previous, false);
            before = previous;
        }
    }
    let mut keep = keep.into_iter();
    input.retain(|_| keep.next().unwrap_or(true));
}

enum Half<'a> {
    Call(&'a str, &'a str),
    Output(&'a str, &'a str),
}

fn half(item: &InputItem) -> Option<Half<'_>> {
    match item {
        InputItem::FunctionCall(call) => Some(Half::Call("function_call", &call.call_id)),
        InputItem::FunctionCallOutput(output) => {
            Some(Half::Output("function_call", &output.call_id))
        }
        InputItem::Raw(raw) => {
            let kind = raw.get("type").and_then(Value::as_str)?;
            let id = raw.get("call_id").and_then(Value::as_str)?;
            match kind.strip_suffix("_output") {
                Some(call) if CALLS.contains(&call) => Some(Half::Output(call, id)),
                _ if CALLS.contains(&kind) => Some(Half::Call(kind, id)),
                _ => None,
            }
        }
        InputItem::Message(_) => None,
    }
}

fn is_reasoning(item: &InputItem) -> bool {
    match item {
        InputItem::Raw(raw) => raw.get("type").and_then(Value::as_str) == Some("reasoning"),
        _ => false,
    }
}

fn set(keep: &mut [bool], index: usize, value: bool) {
    if let Some(place) = keep.get_mut(index) {
        *place = value;
    }
}
