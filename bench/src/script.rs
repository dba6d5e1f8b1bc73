//! Requests that have a server with the playback responder stream a reply.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::target::Target;

/// A request, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    /// All its bytes over HTTP/1.1.
    pub(crate) http1: Vec<u8>,
    /// Where it goes, for HTTP/2.
    pub(crate) uri: String,
    pub(crate) body: Bytes,
}

/// A script that streams one message: `deltas` times `delta`, `gap_ms` apart, and then is silent
/// for `hold_ms`.
pub(crate) fn script(deltas: u32, delta: &str, gap_ms: u64, hold_ms: u64) -> String {
    let mut steps = vec![json!({"text": {"deltas": deltas, "delta": delta, "gap_ms": gap_ms}})];
    if hold_ms > 0 {
        steps.push(json!({"sleep_ms": hold_ms}));
    }
    json!({ "steps": steps }).to_string()
}

/// A `threads.create` whose message is `text`.
pub(crate) fn create_thread(target: &Target, text: &str) -> Post {
    post(target, &create_thread_body(text))
}

/// The body of a `threads.create` whose message is `text`.
pub(crate) fn create_thread_body(text: &str) -> Value {
    json!({"type": "threads.create", "metadata": {}, "params": {"input": input(text)}})
}

/// A further message of a thread.
pub(crate) fn add_message(target: &Target, thread: &str, text: &str) -> Post {
    let params = json!({"thread_id": thread, "input": input(text)});
    post(target, &json!({"type": "threads.add_user_message", "metadata": {}, "params": params}))
}

fn input(text: &str) -> Value {
    json!({
        "content": [{"type": "input_text", "text": text}],
        "attachments": [],
        "quoted_text": Value::Null,
        "inference_options": {},
    })
}

/// A request with a JSON body.
pub(crate) fn post(target: &Target, body: &Value) -> Post {
    let body = body.to_string();
    let Target { authority, path } = target;
    let http1 = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/event-stream\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    );
    Post { http1: http1.into_bytes(), uri: target.to_string(), body: body.into() }
}

/// The bytes of a request that no server does anything for.
pub(crate) fn nothing(target: &Target) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", target.authority).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_holds_the_script_and_says_its_length() {
        let target: Target = "http://127.0.0.1:80".parse().unwrap();
        let script = script(2, "\"x\"", 5, 7);
        let request = String::from_utf8(create_thread(&target, &script).http1).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /chatkit HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"), "{head}");
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        let text = body["params"]["input"]["content"][0]["text"].as_str().unwrap();
        let expected = json!({"steps": [
            {"text": {"deltas": 2, "delta": "\"x\"", "gap_ms": 5}}, {"sleep_ms": 7},
        ]});
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
    }
}
