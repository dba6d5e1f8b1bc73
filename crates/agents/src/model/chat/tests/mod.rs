//! The converter against what providers send.

mod any;
mod calls;
mod cost;
mod ends;
mod reasoning;
mod recordings;
mod request;
mod text;

use serde_json::{Value, json};

use super::options::Quirks;
use super::stream::Converter;
use crate::model::{ModelError, ModelEvent, OutputItem, OutputKind, OutputPart, Usage};

fn quirks() -> Quirks {
    Quirks::of("http://localhost/v1")
}

/// A chunk with something new.
fn delta(delta: Value) -> Value {
    let mut chunk = json!({"id": "c1", "choices": [{"index": 0, "finish_reason": null}]});
    chunk["choices"][0]["delta"] = delta;
    chunk
}

/// A chunk with the end.
fn end(reason: &str) -> Value {
    json!({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// What comes of chunks and the end of the body, whole or broken.
fn convert_with(quirks: Quirks, chunks: &[Value]) -> Result<Vec<ModelEvent>, ModelError> {
    let mut converter = Converter::new(quirks);
    let mut events = Vec::new();
    for chunk in chunks {
        events.extend(converter.chunk(&chunk.to_string())?);
    }
    events.extend(converter.finish()?);
    check(&events);
    Ok(events)
}

/// What comes of chunks that make a whole answer.
fn convert(chunks: &[Value]) -> Vec<ModelEvent> {
    convert_with(quirks(), chunks).unwrap()
}

/// The items of an answer.
fn items(events: &[ModelEvent]) -> Vec<OutputKind> {
    done(events).into_iter().map(|output| output.kind).collect()
}

/// The items of an answer in the order in which they began.
fn done(events: &[ModelEvent]) -> Vec<OutputItem> {
    let mut items: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ModelEvent::ItemDone { item, output } => Some((*item, output.clone())),
            _ => None,
        })
        .collect();
    items.sort_by_key(|(item, _)| *item);
    items.into_iter().map(|(_, output)| output).collect()
}

fn completed(events: &[ModelEvent]) -> (Usage, Option<&str>) {
    match events.last() {
        Some(ModelEvent::Completed { usage, incomplete, .. }) => (*usage, incomplete.as_deref()),
        other => panic!("{other:?}"),
    }
}

fn message(text: &str) -> OutputKind {
    OutputKind::Message(vec![OutputPart::text(text)])
}

fn thought(text: &str) -> OutputKind {
    OutputKind::Reasoning(vec![text.to_owned()])
}

/// Asserts that events are what every user of a model may rely on: items begin once, in order, and
/// end once; texts are the sum of their deltas; the end comes last.
fn check(events: &[ModelEvent]) {
    assert!(matches!(events.first(), Some(ModelEvent::Started { .. })), "{events:?}");
    assert!(matches!(events.last(), Some(ModelEvent::Completed { .. })), "{events:?}");
    let mut items: Vec<Item> = Vec::new();
    for event in events {
        match event {
            ModelEvent::ItemAdded { item, .. } => {
                assert_eq!(*item, items.len());
                items.push(Item::default());
            }
            ModelEvent::PartAdded { item, part, content } => {
                let item = open(&mut items, *item);
                assert_eq!((*part, content.as_text()), (item.texts.len(), ""));
                item.texts.push(String::new());
            }
            ModelEvent::TextDelta { item, part, delta } => {
                assert!(!delta.is_empty());
                open(&mut items, *item).texts[*part].push_str(delta);
            }
            ModelEvent::TextDone { item, part, text } => {
                assert_eq!(open(&mut items, *item).texts[*part], *text);
            }
            ModelEvent::PartDone { item, part, content } => {
                assert_eq!(open(&mut items, *item).texts[*part], content.as_text());
            }
            ModelEvent::ReasoningDelta { item, delta, .. } => {
                open(&mut items, *item).whole.push_str(delta);
            }
            ModelEvent::ReasoningDone { item, text, .. } => {
                assert_eq!(open(&mut items, *item).whole, *text);
            }
            ModelEvent::ArgumentsDelta { item, delta } => {
                open(&mut items, *item).whole.push_str(delta);
            }
            ModelEvent::ItemDone { item, output } => {
                let item = open(&mut items, *item);
                item.done = true;
                match &output.kind {
                    OutputKind::Message(parts) => {
                        let texts: Vec<_> = parts.iter().map(OutputPart::as_text).collect();
                        assert_eq!(item.texts, texts);
                    }
                    OutputKind::Reasoning(thoughts) => {
                        assert_eq!(std::slice::from_ref(&item.whole), thoughts);
                    }
                    OutputKind::FunctionCall(call) if item.whole.trim().is_empty() => {
                        assert_eq!(call.arguments, "{}");
                    }
                    OutputKind::FunctionCall(call) => assert_eq!(item.whole, call.arguments),
                    other => panic!("{other:?}"),
                }
            }
            ModelEvent::Annotation { item, part, .. } => {
                assert!(*part < open(&mut items, *item).texts.len());
            }
            ModelEvent::Started { .. } | ModelEvent::Completed { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(items.iter().all(|item| item.done), "{events:?}");
}

#[derive(Default)]
struct Item {
    texts: Vec<String>,
    whole: String,
    done: bool,
}

fn open(items: &mut [Item], item: usize) -> &mut Item {
    let item = &mut items[item];
    assert!(!item.done);
    item
}
