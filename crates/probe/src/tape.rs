//! Recordings made by hand, for tests.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{End, Finding, Frame, FrameKind, Head, Read, Recording};

/// A recording in the making: a clock, and what happens at its times.
#[derive(Debug, Clone)]
pub(crate) struct Tape {
    now: Duration,
    recording: Recording,
}

impl Tape {
    /// A request that makes a thread with a message.
    pub(crate) fn new() -> Self {
        Self::asking("Hello")
    }

    pub(crate) fn asking(message: &str) -> Self {
        let content = json!([{"type": "input_text", "text": message}]);
        let input = json!({"content": content, "attachments": [], "inference_options": {}});
        let request = json!({"type": "threads.create", "params": {"input": input}});
        let recording = Recording {
            request,
            connect: None,
            head: None,
            reads: Vec::new(),
            frames: Vec::new(),
            text: None,
            end: End::Left(Duration::ZERO),
        };
        Self { now: Duration::ZERO, recording }
    }

    /// The connection took so long, before the clock began.
    pub(crate) fn connected_after(mut self, ms: u64) -> Self {
        self.recording.connect = Some(Duration::from_millis(ms));
        self
    }

    /// Time goes on.
    pub(crate) fn wait(mut self, ms: f64) -> Self {
        self.now += Duration::from_secs_f64(ms / 1000.0);
        self
    }

    /// The head of a stream as it should be.
    pub(crate) fn head(self) -> Self {
        self.head_with(
            200,
            &[
                ("content-type", "text/event-stream"),
                ("cache-control", "no-cache, no-transform"),
                ("x-accel-buffering", "no"),
            ],
        )
    }

    pub(crate) fn head_with(mut self, status: u16, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.recording.head = Some(Head {
            at: self.now,
            status,
            version: "HTTP/1.1".to_owned(),
            headers: headers.collect(),
        });
        self
    }

    /// One read that brings whole events.
    pub(crate) fn read(self, events: &[Value]) -> Self {
        let bytes = events.iter().map(|event| event.to_string().len() + 8).sum();
        self.read_of(bytes, events)
    }

    /// One read of so many bytes, in which events end.
    pub(crate) fn read_of(mut self, bytes: usize, events: &[Value]) -> Self {
        for event in events {
            self.push(FrameKind::Event(event.clone()));
        }
        self.recording.reads.push(Read { at: self.now, bytes });
        self
    }

    pub(crate) fn heartbeat(mut self) -> Self {
        self.push(FrameKind::Comment("ping".to_owned()));
        self.recording.reads.push(Read { at: self.now, bytes: 8 });
        self
    }

    fn push(&mut self, kind: FrameKind) {
        let read = self.recording.reads.len();
        self.recording.frames.push(Frame { at: self.now, read, id: None, name: None, kind });
    }

    /// The beginning of a usual stream, one read for each event.
    pub(crate) fn opening(self) -> Self {
        self.read(&[created()]).read(&[echo(None)]).read(&[options()]).read(&[added(None)])
    }

    /// So many deltas, each in a read of its own after a pause.
    pub(crate) fn paced(mut self, count: usize, pause: impl Fn(usize) -> f64) -> Self {
        for number in 0..count {
            self = self.wait(pause(number)).read(&[delta(" word")]);
        }
        self
    }

    /// The end of a usual stream.
    pub(crate) fn done(self) -> Recording {
        self.read(&[done(None)]).end(End::Complete)
    }

    pub(crate) fn end(mut self, end: impl FnOnce(Duration) -> End) -> Recording {
        self.recording.end = end(self.now);
        self.recording
    }
}

pub(crate) fn created() -> Value {
    json!({"type": "thread.created", "thread": {"id": "thr_1"}})
}

pub(crate) fn options() -> Value {
    json!({"type": "stream_options", "stream_options": {"allow_cancel": true}})
}

/// The user's message, with the time at which the server made it.
pub(crate) fn echo(created_at: Option<&str>) -> Value {
    let mut event = item("thread.item.done", "user_message", "msg_user", created_at);
    event["item"]["content"] = json!([{"type": "input_text", "text": "Hello"}]);
    event
}

/// The assistant's message, still empty.
pub(crate) fn added(created_at: Option<&str>) -> Value {
    item("thread.item.added", "assistant_message", "msg_1", created_at)
}

pub(crate) fn done(created_at: Option<&str>) -> Value {
    item("thread.item.done", "assistant_message", "msg_1", created_at)
}

/// A message that comes whole.
pub(crate) fn whole(text: &str) -> Value {
    let mut event = done(None);
    event["item"]["content"] = json!([{"type": "output_text", "text": text, "annotations": []}]);
    event
}

pub(crate) fn item(event: &str, kind: &str, id: &str, created_at: Option<&str>) -> Value {
    let item = json!({"type": kind, "id": id, "thread_id": "thr_1", "content": [],
        "created_at": created_at.unwrap_or("2026-01-01T00:00:00Z")});
    json!({"type": event, "item": item})
}

pub(crate) fn delta(text: &str) -> Value {
    json!({"type": "thread.item.updated", "item_id": "msg_1", "update":
        {"type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": text}})
}

/// The names of findings, in order.
pub(crate) fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}
