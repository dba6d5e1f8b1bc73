//! Calls of tools, in the pieces that providers make of them.

use serde_json::json;

use super::*;
use crate::model::FunctionCall;

fn call(call_id: &str, name: &str, arguments: &str) -> OutputKind {
    OutputKind::FunctionCall(FunctionCall {
        call_id: call_id.into(),
        name: name.into(),
        arguments: arguments.into(),
    })
}

fn pieces(pieces: Value) -> Value {
    let mut new = json!({});
    new["tool_calls"] = pieces;
    delta(new)
}

/// The calls of an answer that is nothing else, as name and arguments; ids must differ.
fn calls(chunks: &[Value]) -> Vec<(String, String)> {
    let mut chunks = chunks.to_vec();
    chunks.push(end("tool_calls"));
    let mut ids = std::collections::HashSet::new();
    items(&convert(&chunks))
        .into_iter()
        .map(|item| match item {
            OutputKind::FunctionCall(call) => {
                assert!(!call.call_id.is_empty() && ids.insert(call.call_id));
                (call.name, call.arguments)
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

fn expected(calls: &[(&str, &str)]) -> Vec<(String, String)> {
    calls.iter().map(|(name, arguments)| ((*name).to_owned(), (*arguments).to_owned())).collect()
}

#[test]
fn a_call_from_its_beginning_to_its_end() {
    let events = convert(&[
        delta(json!({"role": "assistant", "content": "Let me look."})),
        pieces(json!([{"index": 0, "id": "k1", "type": "function",
            "function": {"name": "find", "arguments": ""}}])),
        pieces(json!([{"index": 0, "function": {"arguments": "{\"q\":"}}])),
        pieces(json!([{"index": 0, "function": {"arguments": "\"x\"}"}}])),
        end("tool_calls"),
    ]);
    let message_item = OutputKind::Message(vec![OutputPart::text("Let me look.")]);
    let whole = call("k1", "find", "{\"q\":\"x\"}");
    assert_eq!(
        events[4..events.len() - 1],
        [
            ModelEvent::ItemAdded { item: 1, output: call("k1", "find", "").into() },
            ModelEvent::ArgumentsDelta { item: 1, delta: "{\"q\":".into() },
            ModelEvent::ArgumentsDelta { item: 1, delta: "\"x\"}".into() },
            ModelEvent::TextDone { item: 0, part: 0, text: "Let me look.".into() },
            ModelEvent::PartDone { item: 0, part: 0, content: OutputPart::text("Let me look.") },
            ModelEvent::ItemDone { item: 0, output: message_item.into() },
            ModelEvent::ItemDone { item: 1, output: whole.into() },
        ]
    );
}

#[test]
fn calls_side_by_side() {
    let two = [
        pieces(json!([{"index": 0, "id": "k1", "function": {"name": "a", "arguments": ""}}])),
        pieces(json!([{"index": 1, "id": "k2", "function": {"name": "b", "arguments": ""}}])),
        pieces(json!([{"index": 1, "function": {"arguments": "{}"}},
            {"index": 0, "function": {"arguments": "[]"}}])),
    ];
    assert_eq!(calls(&two), expected(&[("a", "[]"), ("b", "{}")]));
}

#[test]
fn whole_calls_in_one_chunk() {
    let whole = pieces(json!([
        {"index": 0, "id": "k1", "function": {"name": "a", "arguments": "{\"x\":1}"}},
        {"index": 1, "id": "k2", "function": {"name": "b", "arguments": {"y": 2}}},
        {"index": 2, "id": "k3", "function": {"name": "c", "arguments": null}},
        {"index": "3", "id": "k4", "function": {"name": "d"}},
    ]));
    let found = expected(&[("a", "{\"x\":1}"), ("b", "{\"y\":2}"), ("c", "{}"), ("d", "{}")]);
    assert_eq!(calls(&[whole]), found);
}

#[test]
fn the_same_index_for_all_calls() {
    let of = |id: &str, name: &str, arguments: &str| json!([{"index": 0, "id": id, "function": {"name": name, "arguments": arguments}}]);
    let with_ids = [
        pieces(of("k1", "a", "{")),
        pieces(json!([{"index": 0, "function": {"arguments": "}"}}])),
        pieces(of("k2", "a", "{}")),
    ];
    assert_eq!(calls(&with_ids), expected(&[("a", "{}"), ("a", "{}")]));

    let without_ids = [
        pieces(of("", "a", "{\"x\":\"}{\"}")),
        pieces(of("", "b", "{\"y\":")),
        pieces(json!([{"index": 0, "function": {"arguments": "2}"}}])),
    ];
    assert_eq!(calls(&without_ids), expected(&[("a", "{\"x\":\"}{\"}"), ("b", "{\"y\":2}")]));
}

#[test]
fn no_index_at_all() {
    let by_id = [
        pieces(json!([{"id": "k1", "function": {"name": "a", "arguments": "{"}}])),
        pieces(json!([{"id": "k2", "function": {"name": "b", "arguments": "["}}])),
        pieces(json!([{"id": "k1", "function": {"arguments": "}"}}])),
        pieces(json!([{"id": "k2", "function": {"arguments": "]"}}])),
    ];
    assert_eq!(calls(&by_id), expected(&[("a", "{}"), ("b", "[]")]));

    let nothing = [
        pieces(json!([{"function": {"name": "a", "arguments": "{}"}},
            {"function": {"name": "b", "arguments": "{\"x\""}}])),
        pieces(json!([{}, {"function": {"arguments": ":1}"}}])),
    ];
    assert_eq!(calls(&nothing), expected(&[("a", "{}"), ("b", "{\"x\":1}")]));

    let one_by_one = [
        pieces(json!([{"function": {"name": "a", "arguments": "{}"}}])),
        pieces(json!([{"function": {"name": "a", "arguments": "{}"}}])),
    ];
    assert_eq!(calls(&one_by_one), expected(&[("a", "{}"), ("a", "{}")]));
}

#[test]
fn names_in_pieces_and_names_again() {
    let of = |name: &str, arguments: &str| {
        pieces(
            json!([{"index": 0, "id": "k1", "function": {"name": name, "arguments": arguments}}]),
        )
    };
    let split = [of("get_", ""), of("weather", ""), of("", "{}")];
    assert_eq!(calls(&split), expected(&[("get_weather", "{}")]));
    let repeated = [of("get", ""), of("get", "{"), of("get", "}")];
    assert_eq!(calls(&repeated), expected(&[("get", "{}")]));
    let growing = [of("get", ""), of("get_weather", "{}")];
    assert_eq!(calls(&growing), expected(&[("get_weather", "{}")]));
}

#[test]
fn a_new_id_with_each_piece_is_still_one_call() {
    let odd = [
        pieces(json!([{"index": 0, "id": "r1", "function": {"name": "a", "arguments": ""}}])),
        pieces(json!([{"index": 0, "id": "r2", "function": {"arguments": "{"}}])),
        pieces(json!([{"id": "r3", "function": {"arguments": "}"}}])),
    ];
    assert_eq!(calls(&odd), expected(&[("a", "{}")]));
}

#[test]
fn one_id_for_several_calls() {
    let same = pieces(json!([
        {"index": 0, "id": "call_0", "function": {"name": "a", "arguments": "{}"}},
        {"index": 1, "id": "call_0", "function": {"name": "b", "arguments": "{}"}},
    ]));
    assert_eq!(calls(&[same]), expected(&[("a", "{}"), ("b", "{}")]));
}

#[test]
fn the_call_of_old() {
    let old = [
        delta(json!({"function_call": {"name": "a", "arguments": ""}})),
        delta(json!({"function_call": {"arguments": "{\"x\":"}})),
        delta(json!({"function_call": {"arguments": "1}"}})),
    ];
    assert_eq!(calls(&old), expected(&[("a", "{\"x\":1}")]));
}

#[test]
fn empty_pieces_are_nothing() {
    let chunks = [
        pieces(json!([])),
        pieces(json!(null)),
        pieces(json!([{"index": 0}, {"index": 1, "id": "", "function": null}])),
        delta(json!({"function_call": null})),
    ];
    assert_eq!(calls(&chunks), vec![]);
}

#[test]
fn items_are_in_the_order_in_which_they_began() {
    let events = convert(&[
        delta(json!({"reasoning": "Hm"})),
        pieces(json!([{"index": 0, "id": "k1", "function": {"name": "a"}}])),
        delta(json!({"content": "text"})),
        pieces(json!([{"index": 0, "function": {"arguments": "{}"}}])),
        end("tool_calls"),
    ]);
    let expected = vec![thought("Hm"), call("k1", "a", "{}"), message("text")];
    assert_eq!(items(&events), expected);
}

#[test]
fn what_a_provider_wants_back_with_a_call_is_kept() {
    let extra = json!({"google": {"thought_signature": "abc"}});
    let events = convert(&[
        pieces(json!([{"index": 0, "id": "k1", "extra_content": extra,
            "function": {"name": "a", "arguments": "{}"}}])),
        end("tool_calls"),
    ]);
    let raw = json!({"type": "function_call", "call_id": "k1", "name": "a", "arguments": "{}",
        "extra_content": extra});
    assert_eq!(done(&events)[0].raw.clone().map(Value::Object), Some(raw));
}
