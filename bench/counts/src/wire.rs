//! What is done to bytes, without a server.

use std::hint::black_box;

use chatkit_protocol::{ItemId, Request, ThreadItemUpdate, ThreadStreamEvent};

use crate::{Outcome, replies};

/// None: the path is not one of these.
pub(crate) fn run(path: &str, times: usize) -> Option<Outcome> {
    match path {
        "encode-delta" => Some(encode_deltas(times)),
        "parse-request" => Some(parse_requests(times)),
        _ => None,
    }
}

fn encode_deltas(times: usize) -> Outcome {
    let event = ThreadStreamEvent::updated(
        ItemId::from("msg_0192a0b7c3d47e8f9a0b1c2d3e4f5061"),
        ThreadItemUpdate::AssistantMessageContentPartTextDelta {
            content_index: 0,
            delta: " \"token\"".to_owned(),
        },
    );
    let mut out = Vec::with_capacity(1024);
    for _ in 0..times {
        out.clear();
        black_box(&event).encode(&mut out)?;
        black_box(&out);
    }
    Ok(())
}

fn parse_requests(times: usize) -> Outcome {
    let request = replies::create_thread("What is the weather in \"Oslo\" today?").to_string();
    for _ in 0..times {
        black_box(Request::parse(black_box(request.as_bytes()))?);
    }
    Ok(())
}
