//! No stream panics the rules, whatever is in it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{check, of_frames, streams::*};
use crate::{End, FollowUp, FollowUpKind, FrameKind, Recording, rules::follow_ups};

/// A change of a stream.
#[derive(Debug, Clone)]
enum Mutation {
    Drop(usize),
    Repeat(usize, usize),
    Swap(usize, usize),
    /// Another value somewhere in an event.
    Put(usize, usize, Value),
    NotJson(usize),
    Cut(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = 0..64_usize;
    prop_oneof![
        at.clone().prop_map(Mutation::Drop),
        (at.clone(), at.clone()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        (at.clone(), at.clone()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        (at.clone(), 0..64_usize, odd_value())
            .prop_map(|(at, place, it)| Mutation::Put(at, place, it)),
        at.clone().prop_map(Mutation::NotJson),
        at.prop_map(Mutation::Cut),
    ]
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!([])),
        Just(json!({})),
        Just(json!(u64::MAX)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!("")),
        Just(json!("wf_1")),
        Just(json!("msg_2")),
        Just(json!("hidden_context_item")),
        Just(json!("thread.item.done")),
        "\\PC{0,90}".prop_map(Value::String),
        Just(tool_call("tc_1")),
        Just(steps(&["a", "b"])),
    ]
}

fn mutate(events: &mut Vec<FrameKind>, mutation: &Mutation) {
    let Some(last) = events.len().checked_sub(1) else { return };
    match mutation {
        Mutation::Drop(at) => drop(events.remove(*at.min(&last))),
        Mutation::Repeat(from, to) => {
            events.insert(*to.min(&last), events[*from.min(&last)].clone());
        }
        Mutation::Swap(one, other) => events.swap(*one.min(&last), *other.min(&last)),
        Mutation::Put(at, place, value) => {
            if let FrameKind::Event(event) = &mut events[*at.min(&last)] {
                put(event, *place, value);
            }
        }
        Mutation::NotJson(at) => events[*at.min(&last)] = FrameKind::NotJson("{".to_owned()),
        Mutation::Cut(at) => events.truncate(*at),
    }
}

/// Puts a value in the n-th place of another, counted from the outside.
fn put(event: &mut Value, place: usize, value: &Value) {
    let mut left = vec![event];
    let mut count = 0;
    while let Some(current) = left.pop() {
        if count == place {
            *current = value.clone();
            return;
        }
        count += 1;
        match current {
            Value::Object(fields) => left.extend(fields.iter_mut().map(|(_, value)| value)),
            Value::Array(values) => left.extend(values),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn mutated_streams_are_read(
        base in 0..21_usize,
        mutations in prop::collection::vec(mutation(), 0..8),
        end in 0..5_usize,
    ) {
        let streams = all();
        let (_, exchange) = &streams[base % streams.len()];
        let mut kinds: Vec<_> = exchange.events.iter().cloned().map(FrameKind::Event).collect();
        for mutation in &mutations {
            mutate(&mut kinds, mutation);
        }
        let mut recording = Recording { request: exchange.request.clone(), ..of_frames(kinds) };
        let at = recording.end.at();
        recording.end = match end {
            0 => End::CutFrame(at),
            1 => End::TimedOut(at),
            2 => End::Left(at),
            _ => End::Complete(at),
        };
        for finding in check(&recording) {
            prop_assert!(finding.seen.chars().count() < 600, "{}", finding.seen);
            prop_assert!(!finding.seen.chars().any(char::is_control), "{}", finding.seen);
            prop_assert!(finding.count > 0);
        }
        let listed: Vec<_> = exchange.events.iter().filter_map(|event| event.get("item")).collect();
        let mut listing = Recording {
            request: asking("items.list", json!({})),
            text: Some(json!({"data": listed, "has_more": false}).to_string()),
            ..of_frames(Vec::new())
        };
        listing.frames = recording.frames.clone();
        let kinds = [
            FollowUpKind::GetThread,
            FollowUpKind::ListItems,
            FollowUpKind::WrongStream,
            FollowUpKind::WrongJson,
            FollowUpKind::Preflight,
        ];
        let others = kinds.map(|kind| FollowUp { kind, recording: listing.clone() });
        follow_ups(&recording, &others);
    }

    #[test]
    fn any_request_is_read(request in odd_value(), params in odd_value()) {
        let exchange = create();
        for request in [request, json!({"type": "threads.create", "params": params})] {
            let recording = Recording { request, ..exchange.recording() };
            check(&recording);
        }
    }
}
