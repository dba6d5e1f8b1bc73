//! The cost of long answers: each event holds what is new, and the whole only at the end.

use serde_json::json;

use super::*;

const DELTAS: usize = 20_000;

/// The bytes of all texts in events.
fn bytes(events: &[ModelEvent]) -> usize {
    events
        .iter()
        .map(|event| match event {
            ModelEvent::TextDelta { delta, .. }
            | ModelEvent::ReasoningDelta { delta, .. }
            | ModelEvent::ArgumentsDelta { delta, .. } => delta.len(),
            ModelEvent::TextDone { text, .. } | ModelEvent::ReasoningDone { text, .. } => {
                text.len()
            }
            ModelEvent::PartDone { content, .. } => content.as_text().len(),
            ModelEvent::ItemAdded { output, .. } | ModelEvent::ItemDone { output, .. } => {
                match &output.kind {
                    OutputKind::FunctionCall(call) => call.arguments.len(),
                    OutputKind::Reasoning(thoughts) => thoughts.iter().map(String::len).sum(),
                    _ => output.message_text().len(),
                }
            }
            _ => 0,
        })
        .sum()
}

/// The events of one delta sent many times.
fn many(new: Value) -> Vec<ModelEvent> {
    let mut converter = Converter::new(quirks());
    let data = delta(new).to_string();
    let mut events = Vec::new();
    for count in 0..DELTAS {
        let told = converter.chunk(&data).unwrap();
        assert!(told.len() <= 4 && (count < 2 || told.len() <= 1), "{told:?}");
        events.extend(told);
    }
    events.extend(converter.chunk(&end("stop").to_string()).unwrap());
    events.extend(converter.finish().unwrap());
    check(&events);
    events
}

#[test]
fn a_long_text_is_told_once_and_given_whole_three_times() {
    let events = many(json!({"content": "word "}));
    assert_eq!(bytes(&events), 4 * 5 * DELTAS);
}

#[test]
fn long_thoughts_are_told_once_and_given_whole_twice() {
    let events = many(json!({"reasoning_content": "word "}));
    assert_eq!(bytes(&events), 3 * 5 * DELTAS);
}

#[test]
fn long_arguments_are_told_once_and_given_whole_once() {
    let piece = json!([{"index": 0, "id": "k", "function": {"name": "a", "arguments": "[1,2,"}}]);
    let events = many(json!({"tool_calls": piece}));
    assert_eq!(bytes(&events), 2 * 5 * DELTAS);
}

#[test]
fn white_space_and_beginnings_of_tags_are_read_once() {
    let mut converter = Converter::new(quirks());
    let mut events = Vec::new();
    for content in [" ".repeat(5_000), "<think>".into(), "</thin<".repeat(1_000), "</think>".into()]
    {
        for char in content.chars() {
            let chunk = delta(json!({"content": char.to_string()}));
            events.extend(converter.chunk(&chunk.to_string()).unwrap());
        }
    }
    events.extend(converter.chunk(&end("stop").to_string()).unwrap());
    events.extend(converter.finish().unwrap());
    check(&events);
    assert_eq!(items(&events), vec![thought(&"</thin<".repeat(1_000))]);
}
