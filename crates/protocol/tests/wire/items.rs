use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, Attachment, AttachmentKind, ClientToolCallItem,
    ClientToolCallStatus, EndOfTurnItem, GeneratedImage, GeneratedImageItem, HiddenContextItem,
    ImageTask, InferenceOptions, SdkHiddenContextItem, StructuredInputItem, StructuredInputStatus,
    Task, TaskItem, ThreadItem, ToolChoice, UploadDescriptor, UploadMethod, UserMessageContent,
    UserMessageItem, UserMessageTag, WidgetItem, WidgetRoot, Workflow, WorkflowItem, WorkflowKind,
};
use serde_json::{Value, json};

use crate::{AT, assert_read, assert_wire, at, object};

/// Asserts the item's JSON, to which the fields of every item are added, and what it tells of
/// itself.
#[track_caller]
fn assert_item(item: &ThreadItem, json: &Value) {
    assert_wire(item, &complete(json));
    assert_eq!(item.kind(), json["type"]);
    assert_eq!((item.id().as_str(), item.thread_id().as_str()), ("itm_1", "thr_1"));
    assert_eq!(item.created_at(), at());
}

fn complete(json: &Value) -> Value {
    let mut json = json.clone();
    for (name, value) in [("id", "itm_1"), ("thread_id", "thr_1"), ("created_at", AT)] {
        json[name] = value.into();
    }
    json
}

#[test]
fn user_messages() {
    let mut message = UserMessageItem {
        id: "itm_1".into(),
        thread_id: "thr_1".into(),
        created_at: at(),
        content: vec![],
        attachments: vec![],
        quoted_text: None,
        inference_options: InferenceOptions::default(),
    };
    assert_item(
        &ThreadItem::UserMessage(message.clone()),
        &json!({
            "type": "user_message",
            "content": [],
            "attachments": [],
            "inference_options": {},
        }),
    );
    assert_read(
        &complete(&json!({ "type": "user_message", "content": [] })),
        &ThreadItem::UserMessage(message.clone()),
    );

    let tag = |data, group: Option<&str>, interactive| {
        UserMessageContent::Tag(Box::new(UserMessageTag {
            id: "user_7".to_owned(),
            text: "Ada".to_owned(),
            data: object(data),
            group: group.map(str::to_owned),
            interactive,
        }))
    };
    message.content = vec![
        UserMessageContent::text("Ask "),
        tag(json!({}), None, false),
        tag(json!({ "mail": null }), Some("People"), true),
    ];
    message.quoted_text = Some(String::new());
    message.inference_options = InferenceOptions {
        tool_choice: Some(ToolChoice { id: "search".to_owned() }),
        model: Some("large".to_owned()),
    };
    message.attachments = vec![attachment()];
    assert_eq!(message.text(), "Ask AdaAda");
    assert_item(
        &ThreadItem::UserMessage(message),
        &json!({
            "type": "user_message",
            "content": [
                { "type": "input_text", "text": "Ask " },
                {
                    "type": "input_tag",
                    "id": "user_7",
                    "text": "Ada",
                    "data": {},
                    "interactive": false,
                },
                {
                    "type": "input_tag",
                    "id": "user_7",
                    "text": "Ada",
                    "data": { "mail": null },
                    "group": "People",
                    "interactive": true,
                },
            ],
            "attachments": [
                { "type": "file", "id": "atc_1", "name": "a.pdf", "mime_type": "application/pdf" },
            ],
            "quoted_text": "",
            "inference_options": { "tool_choice": { "id": "search" }, "model": "large" },
        }),
    );
}

fn attachment() -> Attachment {
    Attachment {
        kind: AttachmentKind::File,
        id: "atc_1".into(),
        name: "a.pdf".to_owned(),
        mime_type: "application/pdf".to_owned(),
        upload_descriptor: None,
        thread_id: None,
        metadata: None,
    }
}

#[test]
fn attachments() {
    assert_wire(
        &attachment(),
        &json!({ "type": "file", "id": "atc_1", "name": "a.pdf", "mime_type": "application/pdf" }),
    );
    let upload = |method, headers: &[(&str, &str)]| UploadDescriptor {
        url: "https://files.example/atc_1".to_owned(),
        method,
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    };
    assert_wire(
        &Attachment {
            kind: AttachmentKind::Image { preview_url: "https://files.example/preview".to_owned() },
            upload_descriptor: Some(upload(UploadMethod::Put, &[("x-key", "secret")])),
            thread_id: Some("thr_1".into()),
            metadata: Some(object(json!({ "path": "/a", "hash": null }))),
            ..attachment()
        },
        &json!({
            "type": "image",
            "preview_url": "https://files.example/preview",
            "id": "atc_1",
            "name": "a.pdf",
            "mime_type": "application/pdf",
            "upload_descriptor": {
                "url": "https://files.example/atc_1",
                "method": "PUT",
                "headers": { "x-key": "secret" },
            },
            "thread_id": "thr_1",
            "metadata": { "path": "/a", "hash": null },
        }),
    );
    assert_wire(
        &upload(UploadMethod::Post, &[]),
        &json!({ "url": "https://files.example/atc_1", "method": "POST", "headers": {} }),
    );
    assert_read(
        &json!({ "url": "https://files.example/atc_1", "method": "POST" }),
        &upload(UploadMethod::Post, &[]),
    );
}

#[test]
fn assistant_messages() {
    let message = |content| {
        ThreadItem::AssistantMessage(AssistantMessageItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            content,
        })
    };
    assert_item(&message(vec![]), &json!({ "type": "assistant_message", "content": [] }));
    let parts = message(vec![
        AssistantMessageContent::default(),
        AssistantMessageContent::text("**Hello**\n"),
    ]);
    assert_item(
        &parts,
        &json!({
            "type": "assistant_message",
            "content": [
                { "type": "output_text", "text": "", "annotations": [] },
                { "type": "output_text", "text": "**Hello**\n", "annotations": [] },
            ],
        }),
    );
    assert_read(
        &complete(&json!({
            "type": "assistant_message",
            "content": [{ "text": "" }, { "type": "output_text", "text": "**Hello**\n" }],
        })),
        &parts,
    );
}

#[test]
fn client_tool_calls() {
    let call = |status, arguments, output| {
        ThreadItem::ClientToolCall(ClientToolCallItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            status,
            call_id: "call_1".to_owned(),
            name: "pick".to_owned(),
            arguments: object(arguments),
            output,
        })
    };
    let pending = call(ClientToolCallStatus::Pending, json!({}), None);
    assert!(pending.is_pending());
    assert_item(
        &pending,
        &json!({
            "type": "client_tool_call",
            "status": "pending",
            "call_id": "call_1",
            "name": "pick",
            "arguments": {},
        }),
    );
    assert_read(
        &complete(&json!({
            "type": "client_tool_call",
            "call_id": "call_1",
            "name": "pick",
            "arguments": {},
            "output": null,
        })),
        &pending,
    );
    let completed = call(
        ClientToolCallStatus::Completed,
        json!({ "from": [null, { "a": null }] }),
        Some(json!({ "picked": null, "rest": [null] })),
    );
    assert!(!completed.is_pending());
    assert_item(
        &completed,
        &json!({
            "type": "client_tool_call",
            "status": "completed",
            "call_id": "call_1",
            "name": "pick",
            "arguments": { "from": [null, { "a": null }] },
            "output": { "picked": null, "rest": [null] },
        }),
    );
}

#[test]
fn widgets() {
    let widget = |copy_text: Option<&str>| {
        ThreadItem::Widget(WidgetItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            widget: WidgetRoot::new(json!({ "type": "Card", "children": [] })).unwrap(),
            copy_text: copy_text.map(str::to_owned),
        })
    };
    let mut json = json!({ "type": "widget", "widget": { "type": "Card", "children": [] } });
    assert_item(&widget(None), &json);
    json["copy_text"] = json!("A card");
    assert_item(&widget(Some("A card")), &json);
}

#[test]
fn generated_images() {
    let image = |image| {
        ThreadItem::GeneratedImage(GeneratedImageItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            image,
        })
    };
    assert_item(&image(None), &json!({ "type": "generated_image" }));
    let url = "data:image/png;base64,AAEC".to_owned();
    assert_item(
        &image(Some(GeneratedImage { id: "img_1".to_owned(), url })),
        &json!({
            "type": "generated_image",
            "image": { "id": "img_1", "url": "data:image/png;base64,AAEC" },
        }),
    );
}

#[test]
fn structured_inputs() {
    let input = |status| {
        ThreadItem::StructuredInput(StructuredInputItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            status,
            inputs: vec![],
        })
    };
    for (status, name) in [
        (StructuredInputStatus::Pending, "pending"),
        (StructuredInputStatus::Answered, "answered"),
        (StructuredInputStatus::Skipped, "skipped"),
    ] {
        assert_eq!(input(status).is_pending(), name == "pending");
        assert_item(
            &input(status),
            &json!({ "type": "structured_input", "status": name, "inputs": [] }),
        );
    }
    assert_read(
        &complete(&json!({ "type": "structured_input", "inputs": [] })),
        &input(StructuredInputStatus::Pending),
    );
}

#[test]
fn workflows_and_tasks() {
    assert_item(
        &ThreadItem::Workflow(WorkflowItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            workflow: Workflow {
                kind: WorkflowKind::Reasoning,
                tasks: vec![],
                summary: None,
                expanded: false,
            },
        }),
        &json!({
            "type": "workflow",
            "workflow": { "type": "reasoning", "tasks": [], "expanded": false },
        }),
    );
    assert_item(
        &ThreadItem::Task(TaskItem {
            id: "itm_1".into(),
            thread_id: "thr_1".into(),
            created_at: at(),
            task: Task::Image(ImageTask::default()),
        }),
        &json!({ "type": "task", "task": { "type": "image", "status_indicator": "none" } }),
    );
}

#[test]
fn what_no_user_sees() {
    let hidden = ThreadItem::HiddenContext(HiddenContextItem {
        id: "itm_1".into(),
        thread_id: "thr_1".into(),
        created_at: at(),
        content: json!({ "clicked": [null, 1] }),
    });
    assert!(hidden.is_hidden());
    assert_item(
        &hidden,
        &json!({ "type": "hidden_context_item", "content": { "clicked": [null, 1] } }),
    );
    let hidden = ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
        id: "itm_1".into(),
        thread_id: "thr_1".into(),
        created_at: at(),
        content: "The reply was stopped.".to_owned(),
    });
    assert!(hidden.is_hidden());
    assert_item(
        &hidden,
        &json!({ "type": "sdk_hidden_context", "content": "The reply was stopped." }),
    );
    let end = ThreadItem::EndOfTurn(EndOfTurnItem {
        id: "itm_1".into(),
        thread_id: "thr_1".into(),
        created_at: at(),
    });
    assert!(!end.is_hidden());
    assert_item(&end, &json!({ "type": "end_of_turn" }));
}
