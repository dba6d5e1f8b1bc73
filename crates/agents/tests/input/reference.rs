//! Every kind of item gives the model the texts that the reference gives it.
//!
//! `reference.json` has threads with what `chatkit.agents.ThreadItemConverter` of the reference's
//! version in `conformance/` made of them. JSON inside texts is rewritten there without spaces and
//! with its fields in the order of their names, and tags, which the reference does not convert, are
//! converted by a method that writes what ours does.

use chatkit_agents::simple_to_agent_input;
use serde_json::Value;

use crate::item;

#[tokio::test]
async fn threads_are_converted_as_by_the_reference() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("reference.json")).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for case in &cases {
        let fields = case["items"].as_array().unwrap().iter().cloned().enumerate();
        let items: Vec<_> = fields.map(|(number, fields)| item(number, fields)).collect();
        kinds.extend(items.iter().map(chatkit_protocol::ThreadItem::kind));
        let input = simple_to_agent_input(&items).await.unwrap();
        let input = serde_json::to_value(input).unwrap();
        assert_eq!(input, case["input"], "{}", case["name"]);
    }
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}
