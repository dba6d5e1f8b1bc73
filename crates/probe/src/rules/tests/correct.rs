//! Streams as they should be give no finding.

use std::time::Duration;

use serde_json::json;

use super::{Exchange, Note, check, streams::*};
use crate::{End, FrameKind};

#[test]
fn every_sequence_of_the_protocol_is_all_right() {
    for (name, exchange) in all() {
        assert_eq!(exchange.found(), [], "{name}");
    }
}

#[test]
fn heartbeats_are_no_events() {
    let exchange = create();
    let mut recording = exchange.recording();
    for frame in recording.frames.clone().into_iter().rev() {
        let comment =
            crate::Frame { kind: FrameKind::Comment("ping".to_owned()), id: None, ..frame };
        recording.frames.insert(0, comment);
    }
    assert_eq!(check(&recording), []);
}

#[test]
fn nothing_is_missing_from_a_stream_that_is_cut_off() {
    let at = Duration::from_secs(1);
    let ends = [
        End::CutFrame(at),
        End::Broken(at, "reset".to_owned()),
        End::Undecodable(at, "corrupt".to_owned()),
        End::TooLarge(at),
        End::TimedOut(at),
        End::Left(at),
    ];
    for (name, exchange) in all() {
        let whole = exchange.recording();
        for kept in 0..=whole.frames.len() {
            for end in &ends {
                let mut recording = whole.clone();
                recording.frames.truncate(kept);
                recording.end = end.clone();
                assert_eq!(check(&recording), [], "{name}, {kept} frames, {end:?}");
            }
        }
    }
}

#[test]
fn what_goes_on_from_an_earlier_turn_is_only_noted() {
    let events = vec![
        echo(),
        options(),
        updated("wf_1", "workflow.task.added", json!({"task_index": 7, "task": task("More")})),
        delta("msg_0", 0, "more"),
        done(steps(&["Look", "More"])),
    ];
    let request = add().request;
    Exchange::new(request, events).finds(&[("update-without-added", Note, Some(2))]);
}

#[test]
fn a_stream_that_is_joined_half_way_is_only_noted() {
    for from in 0..8 {
        let exchange = attached().with(|events| drop(events.drain(..from)));
        assert!(exchange.found().iter().all(|finding| finding.severity == Note), "{from}");
    }
}

#[test]
fn merged_deltas_are_deltas() {
    create()
        .with(|events| {
            events[5] = delta("msg_2", 0, "Hello you");
            events.drain(6..8);
        })
        .finds(&[]);
}

#[test]
fn unknown_fields_are_nobodys_business() {
    for (name, exchange) in all() {
        let mut exchange = exchange;
        for event in &mut exchange.events {
            event["new_field"] = json!({"created_at": "never"});
            for inner in ["item", "thread", "update"] {
                if let Some(inner) = event.get_mut(inner) {
                    inner["new_field"] = json!([1]);
                }
            }
        }
        assert_eq!(exchange.found(), [], "{name}");
    }
}

#[test]
fn an_op_of_ones_own_has_no_beginning_of_its_own() {
    let mut exchange = tool_output();
    exchange.request["type"] = json!("acme.summarise");
    exchange.finds(&[]);
}
