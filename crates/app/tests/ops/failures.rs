//! Wrong requests: a JSON op is refused with a status, a streaming op with an `error` event on a
//! stream, and both say which field is wrong.

use serde_json::{Value, json};

use crate::common::{Server, create, op};

/// The streaming ops with parameters that are right but for the ids.
fn streaming() -> Vec<(&'static str, Value)> {
    let input = json!({"content": [], "attachments": [], "inference_options": {}});
    vec![
        ("threads.create", json!({"input": input})),
        ("threads.add_user_message", json!({"thread_id": "thr_x", "input": input})),
        ("threads.add_client_tool_output", json!({"thread_id": "thr_x", "result": 1})),
        (
            "threads.add_structured_input",
            json!({"thread_id": "thr_x", "item_id": "i", "input": {}}),
        ),
        ("threads.retry_after_item", json!({"thread_id": "thr_x", "item_id": "i"})),
        ("threads.custom_action", json!({"thread_id": "thr_x", "action": {"type": "a"}})),
    ]
}

fn answered_at_once() -> Vec<(&'static str, Value)> {
    vec![
        ("threads.get_by_id", json!({"thread_id": "thr_x"})),
        ("threads.update", json!({"thread_id": "thr_x", "title": "t"})),
        ("threads.delete", json!({"thread_id": "thr_x"})),
        ("items.list", json!({"thread_id": "thr_x"})),
        ("items.feedback", json!({"thread_id": "thr_x", "item_ids": [], "kind": "positive"})),
        ("attachments.delete", json!({"attachment_id": "atc_x"})),
        ("threads.sync_custom_action", json!({"thread_id": "thr_x", "action": {"type": "a"}})),
    ]
}

/// The one event of a stream that failed before it began: its message.
fn refused(server: &Server, body: &[u8]) -> String {
    let answer = server.connect().post_bytes(body);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let text = answer.text();
    let (_id, event) = text.strip_suffix("\n\n").unwrap().split_once("\ndata: ").unwrap();
    let event: Value = serde_json::from_str(event).unwrap();
    let message = event["message"].as_str().unwrap_or_default().to_owned();
    let expected =
        json!({"type": "error", "code": "custom", "message": message, "allow_retry": false});
    assert_eq!(event, expected);
    message
}

#[test]
fn what_does_not_exist_is_404_or_an_error_event() {
    let server = Server::playback();
    for (kind, params) in answered_at_once() {
        let answer = server.post(&op(kind, params));
        assert_eq!(answer.status(), 404, "{kind}: {}", answer.text());
        let message = answer.message();
        assert!(message.ends_with("_x` not found"), "{kind}: {message}");
    }
    for (kind, params) in streaming().into_iter().skip(1) {
        let message = refused(&server, op(kind, params).to_string().as_bytes());
        assert_eq!(message, "thread `thr_x` not found", "{kind}");
    }
}

#[test]
fn a_missing_or_wrong_field_is_named() {
    let server = Server::playback();
    for (kind, params) in streaming().into_iter().chain(answered_at_once()) {
        let is_streaming = streaming().iter().any(|(other, _)| *other == kind);
        let fields: Vec<String> = params.as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let required = field != "result";
            let mut without = params.clone();
            without.as_object_mut().unwrap().remove(&field);
            let mut wrong = params.clone();
            wrong[&field] = json!(17);
            for (params, problem) in [
                (without, format!("params.{field}: missing field")),
                (wrong, format!("params.{field}: ")),
            ] {
                if !required {
                    continue;
                }
                let request = op(kind, params);
                let message = if is_streaming {
                    refused(&server, request.to_string().as_bytes())
                } else {
                    let answer = server.post(&request);
                    assert_eq!(answer.status(), 422, "{request}: {}", answer.text());
                    answer.message()
                };
                assert!(message.starts_with(&problem), "{request}: {message}");
            }
        }
        for params in [json!(null), json!([]), json!("x"), json!(1)] {
            let request = op(kind, params);
            let message = if is_streaming {
                refused(&server, request.to_string().as_bytes())
            } else {
                let answer = server.post(&request);
                assert_eq!(answer.status(), 422, "{request}: {}", answer.text());
                answer.message()
            };
            assert!(message.starts_with("params"), "{request}: {message}");
        }
    }
}

#[test]
fn a_field_deep_inside_is_named_with_its_path() {
    let server = Server::playback();
    for (content, path) in [
        (
            json!([{"type": "input_text", "text": "a"}, {"type": "input_text", "text": 1}]),
            "params.input.content[1].text",
        ),
        (json!([{"type": "input_text"}]), "params.input.content[0].text"),
        (json!([{"type": "input_image"}]), "params.input.content[0].type"),
        (json!([{"text": "a"}]), "params.input.content[0].type"),
        (json!([{"type": "input_tag", "text": "a"}]), "params.input.content[0].id"),
        (json!({}), "params.input.content"),
        (json!(["text"]), "params.input.content[0]"),
    ] {
        let request = op("threads.create", json!({"input": {"content": content}}));
        let message = refused(&server, request.to_string().as_bytes());
        assert!(message.starts_with(&format!("{path}: ")), "{request}: {message}");
    }
    assert_eq!(server.json("threads.list", json!({}))["data"], json!([]), "an orphan");
}

#[test]
fn what_is_no_request_is_400() {
    let server = Server::playback();
    for (body, problem) in [
        (&b""[..], "body: "),
        (b"{", "body: "),
        (b"hello", "body: "),
        (b"[]", "body: "),
        (b"\"threads.list\"", "body: "),
        (b"null", "body: "),
        (b"{} {}", "body: "),
        (b"\xff\xfe{}", "body: "),
        (b"{\"type\": \"threads.list\", \"params\": {\xff}}", "body: "),
        (b"{}", "type: "),
        (b"{\"type\": null}", "type: "),
        (b"{\"type\": 1}", "type: "),
        (b"{\"type\": \"threads.make\"}", "type: "),
        (b"{\"type\": \"Threads.List\", \"params\": {}}", "type: "),
        (b"{\"type\": {\"threads.list\": null}, \"params\": {}}", "type: "),
    ] {
        let answer = server.connect().post_bytes(body);
        let shown = String::from_utf8_lossy(body);
        assert_eq!(answer.status(), 400, "{shown}: {}", answer.text());
        assert!(answer.message().starts_with(problem), "{shown}: {}", answer.message());
    }
}

#[test]
fn wrong_metadata_is_named() {
    let server = Server::playback();
    let mut request = op("threads.list", json!({}));
    request["metadata"] = json!("x");
    let answer = server.post(&request);
    assert_eq!(answer.status(), 422);
    assert!(answer.message().starts_with("metadata: "), "{}", answer.message());
    for metadata in [json!({}), json!({"k": {"deep": [1]}}), json!(null)] {
        request["metadata"] = metadata;
        assert_eq!(server.post(&request).status(), 200);
    }
}

/// The stock client asks again and again when a stream is answered otherwise.
#[test]
fn a_field_given_twice_does_not_take_the_stream_from_a_streaming_op() {
    let server = Server::playback();
    for body in [
        r#"{"type": "threads.create", "params": {}, "params": {}}"#,
        r#"{"type": "threads.create", "params": {"input": 1}, "metadata": {}, "metadata": {}}"#,
        r#"{"type": "threads.create", "params": {"input": {"content": []}, "input": {"content": []}}}"#,
    ] {
        let message = refused(&server, body.as_bytes());
        assert!(!message.is_empty(), "{body}");
    }
}

#[test]
fn an_error_quotes_little_of_what_was_sent() {
    let server = Server::playback();
    let long = "x".repeat(100_000);
    for request in [op(&long, json!({})), op("threads.list", json!({"order": long}))] {
        let answer = server.post(&request);
        assert!(answer.body.len() < 1000, "{} bytes", answer.body.len());
    }
    let answer = server.post(&create(&long));
    assert_eq!(answer.status(), 200);
}
