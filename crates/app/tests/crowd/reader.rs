//! A reply, and one who reads it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    client::{Client, EventStream},
    common::{Rng, message_item, said, script, words},
    view::{Expected, View},
};

/// A reply to be said.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) expected: Expected,
    /// The script.
    pub(crate) text: String,
    /// How long it takes after the first word.
    pub(crate) takes: Duration,
}

/// A stream and what was seen of it.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) stream: EventStream,
    pub(crate) view: View,
}

impl Reply {
    /// A reply that pauses after its first word.
    pub(crate) fn new(name: &str, rng: &mut Rng, pause: Duration) -> Self {
        let expected = Expected { reply: format!("msg_{name}"), words: 10 + rng.below(15) };
        let between = 30 + rng.below(70) as u64;
        let mut steps = words(&expected.reply, expected.words, between);
        // The first word comes at once, then the reply waits for the others.
        steps[2] = json!({"sleep_ms": 0});
        steps.insert(4, json!({"sleep_ms": u64::try_from(pause.as_millis()).unwrap()}));
        let item = message_item(&expected.reply, &said(expected.words));
        steps.push(json!({"event": {"type": "thread.item.done", "item": item}}));
        let takes = pause + Duration::from_millis(between * (expected.words as u64 - 1));
        Self { expected, text: script(json!(steps)), takes }
    }
}

impl Reader {
    pub(crate) async fn open(
        client: Client,
        headers: &[(&str, &str)],
        request: &Value,
        reply: &Reply,
    ) -> Self {
        let stream = client.stream(headers, request).await;
        Self { stream, view: View::new(reply.expected.clone()) }
    }

    /// Reads until so many words more were said, or the end of the stream.
    pub(crate) async fn hear(&mut self, count: usize) {
        let wanted = self.view.text.matches(' ').count() + count;
        while !self.view.is_over && self.view.text.matches(' ').count() < wanted {
            self.step().await;
        }
    }

    /// Reads to the end of the stream.
    pub(crate) async fn finish(mut self) -> View {
        while !self.view.is_over {
            self.step().await;
        }
        self.view
    }

    /// The connection is lost.
    pub(crate) fn leave(self) -> View {
        self.view
    }

    pub(crate) async fn step(&mut self) {
        match self.stream.next().await {
            Some((id, event)) => self.view.see(&id, &event),
            None => self.view.is_over = true,
        }
    }
}
