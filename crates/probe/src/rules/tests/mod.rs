//! The rules against streams as they should be, and streams with one fault.

mod client_tools;
mod correct;
mod ends;
mod follow_ups;
mod ids;
mod items;
mod mutations;
mod order;
mod parts;
mod shapes;
mod streams;
mod widgets;
mod workflows;

use std::time::Duration;

use serde_json::Value;

use super::check;
use crate::{End, Finding, Frame, FrameKind, Head, Recording, Severity};

use Severity::{Error, Note, Warning};

/// A request and the events of its stream, to be changed and looked at.
#[derive(Debug, Clone)]
struct Exchange {
    request: Value,
    events: Vec<Value>,
}

/// What is found: code, severity, frame.
type Found = (&'static str, Severity, Option<usize>);

impl Exchange {
    fn new(request: Value, events: Vec<Value>) -> Self {
        Self { request, events }
    }

    /// The same with one change.
    fn with(mut self, change: impl FnOnce(&mut Vec<Value>)) -> Self {
        change(&mut self.events);
        self
    }

    /// The same with another value at a place of an event, a JSON pointer.
    fn set(self, event: usize, pointer: &str, value: Value) -> Self {
        self.with(|events| {
            let (parent, field) = pointer.rsplit_once('/').expect("a JSON pointer");
            let parent = events[event].pointer_mut(parent).expect("something to change");
            match parent {
                Value::Array(list) => list[field.parse::<usize>().expect("an index")] = value,
                parent => parent[field] = value,
            }
        })
    }

    /// The same without a field.
    fn unset(self, event: usize, pointer: &str) -> Self {
        self.with(|events| {
            let (parent, field) = pointer.rsplit_once('/').expect("a JSON pointer");
            let parent = events[event].pointer_mut(parent).and_then(Value::as_object_mut);
            parent.and_then(|parent| parent.remove(field)).expect("something to remove");
        })
    }

    fn recording(&self) -> Recording {
        let kinds = self.events.iter().cloned().map(FrameKind::Event);
        Recording { request: self.request.clone(), ..of_frames(kinds.collect()) }
    }

    fn found(&self) -> Vec<Finding> {
        check(&self.recording())
    }

    /// Checks that exactly this is found.
    #[track_caller]
    fn finds(&self, expected: &[Found]) {
        assert_found(&self.found(), expected);
    }
}

#[track_caller]
fn assert_found(found: &[Finding], expected: &[Found]) {
    let short: Vec<Found> =
        found.iter().map(|finding| (finding.code, finding.severity, finding.frame)).collect();
    assert_eq!(short, expected, "{found:#?}");
}

/// A complete stream of frames.
fn of_frames(kinds: Vec<FrameKind>) -> Recording {
    let at = Duration::from_millis(1);
    let frames = kinds.into_iter().enumerate().map(|(number, kind)| Frame {
        at,
        read: number,
        id: Some(format!("run.{number}")),
        name: None,
        kind,
    });
    Recording {
        request: Value::Null,
        connect: None,
        head: Some(head(200, "text/event-stream")),
        reads: Vec::new(),
        frames: frames.collect(),
        text: None,
        end: End::Complete(at),
    }
}

fn head(status: u16, content_type: &str) -> Head {
    Head {
        at: Duration::from_millis(1),
        status,
        version: "HTTP/1.1".to_owned(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
    }
}
