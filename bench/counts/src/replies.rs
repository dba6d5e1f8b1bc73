//! Whole turns, from the bytes of the request to the bytes of the stream.

use std::sync::Arc;

use chatkit_server::{ChatKit, ChatKitServer, EventStream, Response, Store, Turn};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::Outcome;

/// As many deltas as a usual reply has.
const DELTAS: usize = 200;

/// Answers a number with so many deltas.
pub(crate) struct Counting;

impl ChatKitServer for Counting {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async |turn, events| {
            let deltas: usize = turn.input_text().parse().unwrap_or_default();
            let mut reply = events.stream_message().await?;
            for _ in 0..deltas {
                reply.text(" token").await?;
            }
            reply.done().await
        })
    }
}

/// The request that begins a thread.
pub(crate) fn create_thread(text: &str) -> Value {
    json!({"type": "threads.create", "metadata": {}, "params": {"input": {
        "content": [{"type": "input_text", "text": text}],
        "attachments": [], "quoted_text": null, "inference_options": {},
    }}})
}

/// One reply of so many deltas.
pub(crate) async fn reply(store: Arc<dyn Store>, deltas: usize) -> Outcome {
    let chatkit = ChatKit::builder(Counting, store).build();
    read(&chatkit, &create_thread(&deltas.to_string())).await
}

/// So many usual replies, each in a thread of its own, one after the other.
pub(crate) async fn replies(store: Arc<dyn Store>, times: usize) -> Outcome {
    let chatkit = ChatKit::builder(Counting, store).build();
    let request = create_thread(&DELTAS.to_string());
    for _ in 0..times {
        read(&chatkit, &request).await?;
    }
    Ok(())
}

async fn read(chatkit: &ChatKit<Counting>, request: &Value) -> Outcome {
    let request = request.to_string();
    let Response::Stream(mut frames) = chatkit.process(request.as_bytes(), ()).await else {
        return Err("expected a stream".into());
    };
    let mut last = None;
    while let Some(chunk) = frames.next().await {
        last = Some(chunk);
    }
    // What fails costs less, and must not count.
    let is_done = last.is_some_and(|chunk| contains(&chunk, br#""type":"thread.item.done""#));
    if is_done { Ok(()) } else { Err("the reply was not done".into()) }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
