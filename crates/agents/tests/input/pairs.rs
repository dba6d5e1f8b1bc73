//! No call without its output, no output without its call.

use std::collections::HashMap;

use chatkit_agents::{
    model::{FunctionCall, FunctionCallOutput, InputItem},
    repair_pairs,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn call(id: &str) -> InputItem {
    InputItem::FunctionCall(FunctionCall { call_id: id.to_owned(), ..FunctionCall::default() })
}

fn output(id: &str, output: &str) -> InputItem {
    InputItem::FunctionCallOutput(FunctionCallOutput {
        call_id: id.to_owned(),
        output: output.to_owned(),
    })
}

fn raw(item: &Value) -> InputItem {
    InputItem::Raw(item.as_object().unwrap().clone())
}

fn repaired(mut input: Vec<InputItem>) -> Vec<InputItem> {
    repair_pairs(&mut input);
    input
}

#[test]
fn halves_go() {
    let input = vec![output("a", "1"), call("b"), call("c"), output("b", "2"), "x".into()];
    assert_eq!(repaired(input), [call("b"), output("b", "2"), "x".into()]);
}

#[test]
fn an_output_before_its_call_is_none() {
    assert_eq!(repaired(vec![output("a", "1"), call("a")]), []);
}

#[test]
fn one_id_for_all_calls_is_no_harm() {
    let input =
        vec![call("a"), call("a"), output("a", "1"), output("a", "2"), call("a"), output("a", "3")];
    assert_eq!(repaired(input.clone()), input);
    let cut = vec![output("a", "1"), call("a"), output("a", "2"), call("a")];
    assert_eq!(repaired(cut), [call("a"), output("a", "2")]);
}

#[test]
fn raw_items_count_and_reasoning_goes_with_its_call() {
    let whole = vec![
        raw(&json!({"type": "reasoning", "id": "rs_1"})),
        raw(&json!({"type": "function_call", "call_id": "a"})),
        output("a", "1"),
        raw(&json!({"type": "custom_tool_call", "call_id": "b"})),
        raw(&json!({"type": "custom_tool_call_output", "call_id": "b"})),
        raw(&json!({"type": "web_search_call", "id": "ws_1"})),
    ];
    assert_eq!(repaired(whole.clone()), whole);

    let mut half = whole.clone();
    half.push(raw(&json!({"type": "reasoning", "id": "rs_2"})));
    // An output of another kind of call is not its output.
    half.push(raw(&json!({"type": "function_call", "call_id": "c"})));
    half.push(raw(&json!({"type": "custom_tool_call_output", "call_id": "c"})));
    assert_eq!(repaired(half), whole);
}

proptest! {
    #[test]
    fn whatever_is_left_is_paired(items in prop::collection::vec((0..3_u8, 0..4_u8), 0..40)) {
        let input: Vec<_> = items.iter().map(|(kind, id)| match kind {
            0 => call(&id.to_string()),
            1 => output(&id.to_string(), ""),
            _ => "x".into(),
        }).collect();
        let others = input.iter().filter(|item| matches!(item, InputItem::Message(_))).count();
        let left = repaired(input);
        let mut open: HashMap<&str, i32> = HashMap::new();
        for item in &left {
            match item {
                InputItem::FunctionCall(call) => *open.entry(&call.call_id).or_default() += 1,
                InputItem::FunctionCallOutput(output) => {
                    let open = open.entry(&output.call_id).or_default();
                    *open -= 1;
                    prop_assert!(*open >= 0);
                }
                _ => {}
            }
        }
        prop_assert!(open.values().all(|open| *open == 0));
        let messages = left.iter().filter(|item| matches!(item, InputItem::Message(_))).count();
        prop_assert_eq!(messages, others);
        prop_assert_eq!(repaired(left.clone()), left);
    }
}
