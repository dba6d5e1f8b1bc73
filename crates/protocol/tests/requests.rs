//! What clients send: every op, and what may be left out.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use chatkit_protocol::{
    Action, AttachmentCreateParams, AttachmentDeleteParams, CustomActionParams, FeedbackKind,
    InferenceOptions, ItemFeedbackParams, ItemsListParams, Op, Order, Request, RequestBody,
    StructuredInputAnswerSubmission, StructuredInputSubmission, SubmissionStatus,
    ThreadAddClientToolOutputParams, ThreadAddStructuredInputParams, ThreadAddUserMessageParams,
    ThreadAttachParams, ThreadCreateParams, ThreadDeleteParams, ThreadGetByIdParams,
    ThreadListParams, ThreadRetryAfterItemParams, ThreadStopParams, ThreadUpdateParams, ToolChoice,
    TranscribeParams, UserMessageContent, UserMessageInput, UserMessageTag,
};
use serde_json::{Value, json};

fn parse(request: &Value) -> RequestBody {
    let request = Request::parse(request.to_string().as_bytes()).unwrap();
    assert!(request.metadata.is_empty());
    request.body
}

fn input(input: &Value) -> UserMessageInput {
    match parse(&json!({ "type": "threads.create", "params": { "input": input } })) {
        RequestBody::ThreadsCreate(params) => params.input,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> UserMessageInput {
    UserMessageInput {
        content: vec![UserMessageContent::text(text)],
        attachments: vec![],
        quoted_text: None,
        inference_options: InferenceOptions::default(),
    }
}

/// Each op as the stock client sends it.
fn sent() -> Vec<(Value, RequestBody)> {
    vec![
        (
            json!({
                "type": "threads.create",
                "params": {
                    "input": {
                        "content": [{ "type": "input_text", "text": "Hello" }],
                        "quoted_text": "",
                        "attachments": [],
                        "inference_options": {},
                    },
                },
            }),
            RequestBody::ThreadsCreate(ThreadCreateParams {
                input: UserMessageInput { quoted_text: Some(String::new()), ..text("Hello") },
            }),
        ),
        (
            json!({
                "type": "threads.add_user_message",
                "params": {
                    "thread_id": "thr_1",
                    "input": {
                        "content": [
                            { "type": "input_text", "text": "Ask " },
                            {
                                "type": "input_tag",
                                "id": "user_7",
                                "text": "Ada",
                                "data": { "mail": "ada@example.org" },
                                "group": "People",
                                "interactive": true,
                            },
                        ],
                        "quoted_text": "an earlier line",
                        "attachments": ["atc_1", "atc_2"],
                        "inference_options": {
                            "tool_choice": { "id": "search" },
                            "model": "large",
                        },
                    },
                },
            }),
            RequestBody::ThreadsAddUserMessage(ThreadAddUserMessageParams {
                thread_id: "thr_1".into(),
                input: UserMessageInput {
                    content: vec![
                        UserMessageContent::text("Ask "),
                        UserMessageContent::Tag(Box::new(UserMessageTag {
                            id: "user_7".to_owned(),
                            text: "Ada".to_owned(),
                            data: [("mail".to_owned(), json!("ada@example.org"))]
                                .into_iter()
                                .collect(),
                            group: Some("People".to_owned()),
                            interactive: true,
                        })),
                    ],
                    attachments: vec!["atc_1".into(), "atc_2".into()],
                    quoted_text: Some("an earlier line".to_owned()),
                    inference_options: InferenceOptions {
                        tool_choice: Some(ToolChoice { id: "search".to_owned() }),
                        model: Some("large".to_owned()),
                    },
                },
            }),
        ),
        (
            json!({
                "type": "threads.add_client_tool_output",
                "params": { "thread_id": "thr_1", "result": { "ok": true, "rows": [1, null] } },
            }),
            RequestBody::ThreadsAddClientToolOutput(ThreadAddClientToolOutputParams {
                thread_id: "thr_1".into(),
                result: json!({ "ok": true, "rows": [1, null] }),
            }),
        ),
        (
            json!({
                "type": "threads.add_structured_input",
                "params": {
                    "thread_id": "thr_1",
                    "item_id": "inp_1",
                    "input": {
                        "status": "answered",
                        "answers": {
                            "color": { "values": ["red", "blue"] },
                            "name": { "values": [], "skipped": true },
                        },
                    },
                },
            }),
            RequestBody::ThreadsAddStructuredInput(ThreadAddStructuredInputParams {
                thread_id: "thr_1".into(),
                item_id: "inp_1".into(),
                input: StructuredInputSubmission {
                    status: SubmissionStatus::Answered,
                    answers: [
                        (
                            "color".to_owned(),
                            StructuredInputAnswerSubmission {
                                values: vec!["red".to_owned(), "blue".to_owned()],
                                skipped: false,
                            },
                        ),
                        (
                            "name".to_owned(),
                            StructuredInputAnswerSubmission { values: vec![], skipped: true },
                        ),
                    ]
                    .into(),
                },
            }),
        ),
        (
            json!({
                "type": "threads.retry_after_item",
                "params": { "thread_id": "thr_1", "item_id": "msg_1" },
            }),
            RequestBody::ThreadsRetryAfterItem(ThreadRetryAfterItemParams {
                thread_id: "thr_1".into(),
                item_id: "msg_1".into(),
            }),
        ),
        (
            json!({
                "type": "threads.custom_action",
                "params": {
                    "thread_id": "thr_1",
                    "item_id": "wid_1",
                    "action": { "type": "send", "payload": { "to": "ada" } },
                },
            }),
            RequestBody::ThreadsCustomAction(CustomActionParams {
                thread_id: "thr_1".into(),
                item_id: Some("wid_1".into()),
                action: Action { kind: "send".to_owned(), payload: json!({ "to": "ada" }) },
            }),
        ),
        (
            json!({
                "type": "threads.sync_custom_action",
                "params": { "thread_id": "thr_1", "item_id": null, "action": { "type": "tick" } },
            }),
            RequestBody::ThreadsSyncCustomAction(CustomActionParams {
                thread_id: "thr_1".into(),
                item_id: None,
                action: Action { kind: "tick".to_owned(), payload: Value::Null },
            }),
        ),
        (
            json!({ "type": "threads.get_by_id", "params": { "thread_id": "thr_1" } }),
            RequestBody::ThreadsGetById(ThreadGetByIdParams { thread_id: "thr_1".into() }),
        ),
        (
            json!({
                "type": "threads.list",
                "params": { "limit": 9999, "order": "desc", "after": "thr_9" },
            }),
            RequestBody::ThreadsList(ThreadListParams {
                limit: Some(9999),
                order: Order::Desc,
                after: Some("thr_9".to_owned()),
            }),
        ),
        (
            json!({
                "type": "threads.update",
                "params": { "thread_id": "thr_1", "title": "Trip to Graz" },
            }),
            RequestBody::ThreadsUpdate(ThreadUpdateParams {
                thread_id: "thr_1".into(),
                title: "Trip to Graz".to_owned(),
            }),
        ),
        (
            json!({ "type": "threads.delete", "params": { "thread_id": "thr_1" } }),
            RequestBody::ThreadsDelete(ThreadDeleteParams { thread_id: "thr_1".into() }),
        ),
        (
            json!({ "type": "threads.stop", "params": { "thread_id": "thr_1" } }),
            RequestBody::ThreadsStop(ThreadStopParams { thread_id: "thr_1".into() }),
        ),
        (
            json!({
                "type": "threads.attach",
                "params": { "thread_id": "thr_1", "after": "4f1c9a0be2d7.12" },
            }),
            RequestBody::ThreadsAttach(ThreadAttachParams {
                thread_id: "thr_1".into(),
                after: Some("4f1c9a0be2d7.12".to_owned()),
            }),
        ),
        (
            json!({
                "type": "items.list",
                "params": { "thread_id": "thr_1", "limit": 9999, "order": "asc", "after": "msg_9" },
            }),
            RequestBody::ItemsList(ItemsListParams {
                thread_id: "thr_1".into(),
                limit: Some(9999),
                order: Order::Asc,
                after: Some("msg_9".to_owned()),
            }),
        ),
        (
            json!({
                "type": "items.feedback",
                "params": {
                    "thread_id": "thr_1",
                    "item_ids": ["msg_1", "wid_1"],
                    "kind": "negative",
                },
            }),
            RequestBody::ItemsFeedback(ItemFeedbackParams {
                thread_id: "thr_1".into(),
                item_ids: vec!["msg_1".into(), "wid_1".into()],
                kind: FeedbackKind::Negative,
            }),
        ),
        (
            json!({
                "type": "attachments.create",
                "params": { "name": "cat.png", "size": 5_000_000_000_u64, "mime_type": "image/png" },
            }),
            RequestBody::AttachmentsCreate(AttachmentCreateParams {
                name: "cat.png".to_owned(),
                size: 5_000_000_000,
                mime_type: "image/png".to_owned(),
            }),
        ),
        (
            json!({ "type": "attachments.delete", "params": { "attachment_id": "atc_1" } }),
            RequestBody::AttachmentsDelete(AttachmentDeleteParams {
                attachment_id: "atc_1".into(),
            }),
        ),
        (
            json!({
                "type": "input.transcribe",
                "params": { "audio_base64": "AAEC", "mime_type": "audio/webm;codecs=opus" },
            }),
            RequestBody::InputTranscribe(TranscribeParams {
                audio_base64: "AAEC".to_owned(),
                mime_type: "audio/webm;codecs=opus".to_owned(),
            }),
        ),
    ]
}

#[test]
fn every_op_is_read() {
    let sent = sent();
    let ops: Vec<_> = sent.iter().map(|(_, body)| body.op()).collect();
    assert_eq!(ops, Op::ALL);
    for (json, body) in sent {
        assert_eq!(body.op().as_str(), json["type"]);
        assert_eq!(parse(&json), body);
    }
}

#[test]
fn a_written_request_is_read_back() {
    for (_, body) in sent() {
        let metadata = [("tenant".to_owned(), json!(7))].into_iter().collect();
        let request = Request { body, metadata };
        let json = serde_json::to_vec(&request).unwrap();
        assert_eq!(Request::parse(&json).unwrap(), request);
    }
}

#[test]
fn seven_ops_are_answered_with_a_stream() {
    let streaming: Vec<_> =
        Op::ALL.into_iter().filter(|op| op.is_streaming()).map(Op::as_str).collect();
    assert_eq!(
        streaming,
        [
            "threads.create",
            "threads.add_user_message",
            "threads.add_client_tool_output",
            "threads.add_structured_input",
            "threads.retry_after_item",
            "threads.custom_action",
            "threads.attach",
        ],
    );
}

/// Adds an unknown field to every object in a request.
fn extended(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut object: serde_json::Map<_, _> =
                object.iter().map(|(name, value)| (name.clone(), extended(value))).collect();
            object.insert("new_in_2030".to_owned(), json!({ "type": [null] }));
            Value::Object(object)
        }
        Value::Array(values) => values.iter().map(extended).collect(),
        other => other.clone(),
    }
}

#[test]
fn unknown_fields_are_ignored() {
    for (mut json, body) in sent() {
        // These objects have free keys: there are no unknown ones.
        let free = [
            "/params/input/content/1/data",
            "/params/input/answers",
            "/params/result",
            "/params/action/payload",
        ];
        let mut more = extended(&json);
        for pointer in free {
            if let (Some(to), Some(from)) = (more.pointer_mut(pointer), json.pointer_mut(pointer)) {
                *to = from.take();
            }
        }
        assert_eq!(parse(&more), body);
    }
}

#[test]
fn metadata_may_be_missing_null_or_any_object() {
    let metadata = |metadata: Option<Value>| {
        let mut request = json!({ "type": "threads.list", "params": {} });
        if let Some(metadata) = metadata {
            request["metadata"] = metadata;
        }
        Value::Object(Request::parse(request.to_string().as_bytes()).unwrap().metadata)
    };
    assert_eq!(metadata(None), json!({}));
    assert_eq!(metadata(Some(Value::Null)), json!({}));
    assert_eq!(metadata(Some(json!({ "a": [null] }))), json!({ "a": [null] }));
}

#[test]
fn a_message_needs_its_content_only() {
    let content = json!([{ "type": "input_text", "text": "Hello" }]);
    for sent in [
        json!({ "content": content }),
        json!({ "content": content, "inference_options": {} }),
        json!({
            "content": content,
            "attachments": null,
            "quoted_text": null,
            "inference_options": null,
        }),
        json!({ "content": content, "inference_options": { "tool_choice": null, "model": null } }),
    ] {
        assert_eq!(input(&sent), text("Hello"));
    }
    assert_eq!(input(&json!({ "content": [] })).content, []);
    let quoted = input(&json!({ "content": content, "quoted_text": "" }));
    assert_eq!(quoted.quoted_text.as_deref(), Some(""));
}

#[test]
fn a_tag_needs_its_id_and_text_only() {
    let tag = UserMessageContent::Tag(Box::new(UserMessageTag {
        id: "user_7".to_owned(),
        text: "Ada".to_owned(),
        data: serde_json::Map::new(),
        group: None,
        interactive: false,
    }));
    for sent in [
        json!({ "type": "input_tag", "id": "user_7", "text": "Ada" }),
        json!({ "text": "Ada", "id": "user_7", "type": "input_tag", "data": {} }),
        json!({
            "type": "input_tag",
            "id": "user_7",
            "text": "Ada",
            "data": null,
            "group": null,
            "interactive": null,
        }),
    ] {
        assert_eq!(input(&json!({ "content": [sent] })).content, std::slice::from_ref(&tag));
    }
}

#[test]
fn a_tool_may_return_nothing() {
    for params in [json!({ "thread_id": "t" }), json!({ "thread_id": "t", "result": null })] {
        assert_eq!(
            parse(&json!({ "type": "threads.add_client_tool_output", "params": params })),
            RequestBody::ThreadsAddClientToolOutput(ThreadAddClientToolOutputParams {
                thread_id: "t".into(),
                result: Value::Null,
            }),
        );
    }
}

#[test]
fn lists_have_defaults() {
    let all = json!({ "limit": null, "order": null, "after": null });
    for params in [json!({}), all] {
        assert_eq!(
            parse(&json!({ "type": "threads.list", "params": params })),
            RequestBody::ThreadsList(ThreadListParams {
                limit: None,
                order: Order::Desc,
                after: None,
            }),
        );
        let mut params = params;
        params["thread_id"] = json!("t");
        assert_eq!(
            parse(&json!({ "type": "items.list", "params": params })),
            RequestBody::ItemsList(ItemsListParams {
                thread_id: "t".into(),
                limit: None,
                order: Order::Desc,
                after: None,
            }),
        );
    }
}

#[test]
fn a_submission_has_defaults() {
    let submission = |input: Value| {
        let params = json!({ "thread_id": "t", "item_id": "i", "input": input });
        match parse(&json!({ "type": "threads.add_structured_input", "params": params })) {
            RequestBody::ThreadsAddStructuredInput(params) => params.input,
            other => panic!("{other:?}"),
        }
    };
    let empty = StructuredInputSubmission::default();
    assert_eq!(submission(json!({})), empty);
    assert_eq!(submission(json!({ "status": null, "answers": null })), empty);
    assert_eq!(
        submission(json!({ "status": "skipped", "answers": { "a": {} } })),
        StructuredInputSubmission {
            status: SubmissionStatus::Skipped,
            answers: [("a".to_owned(), StructuredInputAnswerSubmission::default())].into(),
        },
    );
    assert_eq!(
        submission(json!({ "answers": { "a": { "values": null, "skipped": null } } })).answers["a"],
        StructuredInputAnswerSubmission::default(),
    );
}

#[test]
fn of_repeated_free_keys_the_last_counts() {
    let body = br#"{
        "type": "threads.add_client_tool_output",
        "params": { "thread_id": "t", "result": { "a": 1, "a": 2 }, "else": 1, "else": 2 }
    }"#;
    let request = Request::parse(body).unwrap();
    assert_eq!(serde_json::to_value(request).unwrap()["params"]["result"], json!({ "a": 2 }));
}

#[test]
fn numbers_are_kept_as_they_are() {
    let limit = |limit: &str| {
        let body = format!(r#"{{"type": "threads.list", "params": {{"limit": {limit}}}}}"#);
        match Request::parse(body.as_bytes()).map(|request| request.body) {
            Ok(RequestBody::ThreadsList(params)) => params.limit,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(limit("0"), Some(0));
    assert_eq!(limit("18446744073709551615"), Some(u64::MAX));
}
