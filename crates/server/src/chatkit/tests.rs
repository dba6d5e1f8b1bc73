use chatkit_protocol::Request;

use super::*;
use crate::{EventStream, MemoryStore, Turn};

struct Silent;

impl ChatKitServer for Silent {
    type Context = ();

    fn respond(&self, _: Turn<()>) -> EventStream<'_> {
        EventStream::of([])
    }
}

/// Most turns wait for a model most of the time, and there may be very many: what grows here is
/// paid for each of them. A task's room is rounded up to the next 128 bytes.
#[test]
fn a_turn_that_waits_keeps_little() {
    let chatkit = ChatKit::new(Silent, MemoryStore::new());
    let request = br#"{"type": "threads.create", "params": {"input": {
        "content": [], "attachments": [], "inference_options": {}
    }}}"#;
    let request = Box::new(Request::parse(request).unwrap().body);
    let (shared, token) = (Arc::clone(&chatkit.shared), chatkit.shared.runs.token());
    let running = run(Held { shared, context: (), _token: token }, request, RunHandle::new(false));
    assert!(size_of_val(&running) <= 624, "{}", size_of_val(&running));
}
