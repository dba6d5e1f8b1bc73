//! Whatever comes in whatever order: events stay what users of a model rely on.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A value of any type.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(0)),
        Just(json!(1.5)),
        Just(json!(true)),
        Just(json!("")),
        Just(json!(" \n")),
        Just(json!("a")),
        Just(json!("<think>b")),
        Just(json!("</think> c")),
        Just(json!("{\"x\":1}")),
        Just(json!({"x": 1})),
        Just(json!(["https://a.example"])),
        Just(json!([{"type": "thinking", "thinking": [{"type": "text", "text": "d"}]}])),
        Just(json!([{"type": "text", "text": "e"}, {"type": "url_citation", "url": "f"}])),
    ]
}

fn call() -> impl Strategy<Value = Value> {
    (leaf(), leaf(), leaf(), leaf(), 0..3_u8).prop_map(|(index, id, name, arguments, at)| {
        let index = if at == 0 { index } else { json!(at) };
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    })
}

fn chunk() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("content"),
        Just("refusal"),
        Just("reasoning"),
        Just("reasoning_content"),
        Just("annotations"),
        Just("unknown"),
    ];
    let delta = prop::collection::btree_map(names, leaf(), 0..4);
    let calls = prop::collection::vec(call(), 0..3);
    (delta, calls, leaf()).prop_map(|(delta, calls, citations)| {
        let mut delta = json!(delta);
        if !calls.is_empty() {
            delta["tool_calls"] = calls.into();
        }
        json!({"citations": citations, "choices": [{"index": 0, "delta": delta}]})
    })
}

proptest! {
    #[test]
    fn any_chunks_make_a_well_formed_answer(
        mut chunks in prop::collection::vec(chunk(), 1..12),
        tags in any::<bool>(),
    ) {
        chunks.push(end("stop"));
        convert_with(Quirks { think_tags: tags, ..quirks() }, &chunks).unwrap();
    }

    #[test]
    fn any_text_is_taken(lines in prop::collection::vec("[\\[\\]{}:,\"a-z0-9]{0,20}", 0..50)) {
        let mut converter = Converter::new(quirks());
        let result = lines.iter().try_for_each(|line| converter.chunk(line).map(drop));
        prop_assert!(result.and_then(|()| converter.finish()).is_err());
    }
}
