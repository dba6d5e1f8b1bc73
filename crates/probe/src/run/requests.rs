//! The requests that are sent.

use chatkit_protocol::Op;
use serde_json::{Value, json};

/// What the stock client calls the frame it runs in. Any UUID will do.
pub(super) const FRAME_INSTANCE: &str = "00000000-0000-4000-8000-000000000000";
/// A thread that no server has.
pub(super) const NO_THREAD: &str = "thr_chatkit_probe_no_such_thread";
/// The page size that the stock client asks for.
const ALL: u32 = 9999;

/// Whether a request is of an op that is answered with a stream.
pub fn is_streaming(request: &Value) -> bool {
    op(request).is_some_and(Op::is_streaming)
}

/// The op of a request, if the protocol has it.
pub(super) fn op(request: &Value) -> Option<Op> {
    Op::from_name(request["type"].as_str()?)
}

/// A new thread that begins with a message.
pub fn create_thread(message: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": user_input(message)}})
}

fn user_input(message: &str) -> Value {
    json!({
        "content": [{"type": "input_text", "text": message}],
        "attachments": [],
        "inference_options": {},
    })
}

pub(super) fn get_thread(thread: &str) -> Value {
    json!({"type": "threads.get_by_id", "params": {"thread_id": thread}})
}

pub(super) fn list_items(thread: &str) -> Value {
    let params = json!({"thread_id": thread, "limit": ALL, "order": "asc"});
    json!({"type": "items.list", "params": params})
}

pub(super) fn delete_thread(thread: &str) -> Value {
    json!({"type": "threads.delete", "params": {"thread_id": thread}})
}

pub(super) fn wrong_stream() -> Value {
    let params = json!({"thread_id": NO_THREAD, "input": user_input("Hello")});
    json!({"type": "threads.add_user_message", "params": params})
}

pub(super) fn wrong_json() -> Value {
    get_thread(NO_THREAD)
}
