//! A client that has a thread written and notes what it is told.

use std::{
    net::SocketAddr,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::Sender,
    },
};

use serde_json::{Value, json};

use crate::{
    common::{Connection, Rng, add_message, create, message_item, script},
    model::{Model, Write},
};

/// Says when it is time to kill.
#[derive(Debug)]
pub(crate) struct Kill {
    left: AtomicUsize,
    tell: Sender<()>,
}

/// What one writer was told.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    /// Its thread, once it was told of it.
    pub(crate) thread: Option<String>,
    /// Its messages.
    pub(crate) messages: Vec<String>,
    /// All writes that it asked for.
    pub(crate) model: Model,
    told: usize,
}

impl Kill {
    /// After so many acknowledged writes.
    pub(crate) fn after(writes: usize, tell: Sender<()>) -> Self {
        Self { left: AtomicUsize::new(writes), tell }
    }

    fn count(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            // Nobody waits any more when it was killed already.
            let _ = self.tell.send(());
        }
    }
}

impl Acknowledged {
    /// How many of the writes were acknowledged.
    pub(crate) fn count(&self) -> usize {
        self.told
    }
}

/// Streams message after message into a thread until the connection breaks.
pub(crate) fn write(
    address: SocketAddr,
    rng: &mut Rng,
    model: &mut Model,
    prefix: &str,
    kill: &Kill,
) -> Acknowledged {
    let mut acknowledged =
        Acknowledged { thread: None, messages: Vec::new(), model: Model::default(), told: 0 };
    loop {
        let text = script(json!(steps(rng, model, prefix)));
        let planned = model.len();
        acknowledged.model = model.clone();
        let request = match &acknowledged.thread {
            None => create(&text),
            Some(thread) => add_message(thread, &text),
        };
        let Ok(mut connection) = Connection::try_open(address) else {
            return acknowledged;
        };
        let body = request.to_string();
        let head =
            format!("POST /chatkit HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
        let sent = connection
            .try_send(head.as_bytes())
            .and_then(|()| connection.try_send(body.as_bytes()));
        let Some(mut events) = sent.ok().and_then(|()| connection.try_into_events().ok()) else {
            return acknowledged;
        };
        loop {
            match events.try_next() {
                Ok(Some(event)) => note(&event, &mut acknowledged, kill),
                Ok(None) => break,
                Err(_) => return acknowledged,
            }
        }
        assert_eq!(acknowledged.told, planned, "a stream ended before its script");
    }
}

fn note(event: &Value, acknowledged: &mut Acknowledged, kill: &Kill) {
    match event["type"].as_str().unwrap() {
        "thread.created" => {
            acknowledged.thread = Some(event["thread"]["id"].as_str().unwrap().to_owned());
        }
        "thread.item.done" if event["item"]["type"] == "user_message" => {
            acknowledged.messages.push(event["item"]["id"].as_str().unwrap().to_owned());
            kill.count();
        }
        "thread.item.done" | "thread.item.replaced" | "thread.item.removed" | "thread.updated" => {
            acknowledged.told += 1;
            kill.count();
        }
        "stream_options" => {}
        other => panic!("`{other}` was not in the script: {event}"),
    }
}

/// The next steps for a thread; what they write goes into the model.
fn steps(rng: &mut Rng, model: &mut Model, prefix: &str) -> Vec<Value> {
    let mut ids: Vec<String> = model.after(model.len()).0.into_iter().map(|(id, _)| id).collect();
    let mut steps = Vec::new();
    for _ in 0..50 + rng.below(100) {
        let number = model.len();
        let event = match rng.below(10) {
            0 if !ids.is_empty() => {
                let id = ids.remove(rng.below(ids.len()));
                model.push(Write::Remove { id: id.clone() });
                json!({"type": "thread.item.removed", "item_id": id})
            }
            1 if !ids.is_empty() => {
                let id = rng.pick(&ids).clone();
                let text = format!("replaced {number}");
                model.push(Write::Save { id: id.clone(), text: text.clone() });
                json!({"type": "thread.item.replaced", "item": message_item(&id, &text)})
            }
            2 => {
                let title = format!("title {number}");
                steps.push(json!({"thread": {"title": title}}));
                // Saved and told after the event that follows.
                let (id, text) = (format!("{prefix}n{number}"), "titled".to_owned());
                ids.push(id.clone());
                model.push(Write::Save { id: id.clone(), text: text.clone() });
                model.push(Write::Title(title));
                json!({"type": "thread.item.done", "item": message_item(&id, &text)})
            }
            _ => {
                let id = format!("{prefix}n{number}");
                let text = "x".repeat(rng.below(2000));
                ids.push(id.clone());
                model.push(Write::Save { id: id.clone(), text: text.clone() });
                json!({"type": "thread.item.done", "item": message_item(&id, &text)})
            }
        };
        steps.push(json!({"event": event}));
    }
    steps
}
