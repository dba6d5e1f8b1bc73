//! What users attach reaches the model.

use serde_json::{Value, json};

use crate::{
    agent, agent_with,
    common::{Server, create, string},
    created,
    provider::{Provider, chats},
};

/// The first bytes of an image, as base64 and not.
const PNG: (&str, &[u8]) = ("iVBORw0KGgo=", b"\x89PNG\r\n\x1a\n");

/// Registers and uploads a file; returns its id.
fn upload(server: &Server, name: &str, mime_type: &str, bytes: &[u8]) -> String {
    let params = json!({"name": name, "size": bytes.len(), "mime_type": mime_type});
    let file = server.json("attachments.create", params);
    let descriptor = &file["upload_descriptor"];
    let url = string(descriptor, "url");
    let path = url.strip_prefix(&format!("http://{}", server.address())).unwrap();
    let answer = server.connect().request(string(descriptor, "method"), path, &[], bytes);
    assert_eq!(answer.status(), 204, "{}", answer.text());
    string(&file, "id").to_owned()
}

/// A message with a text file and an image.
fn message(server: &Server) -> Value {
    let notes = upload(server, "notes.txt", "text/plain", "Milk,\nbread, ältere Eier".as_bytes());
    let photo = upload(server, "photo.png", "image/png", PNG.1);
    let mut request = create("What is this?");
    request["params"]["input"]["attachments"] = json!([notes, photo]);
    request
}

const INLINE: &str = "<Attachment name=\"notes.txt\">\nMilk,\nbread, ältere Eier\n</Attachment>";

#[test]
fn files_and_images_reach_a_model_of_the_responses_api() {
    let provider = Provider::saying(&["Breakfast.", "Yes."]);
    let server = agent(&provider);
    let events = server.events(&message(&server));
    let image = format!("data:image/png;base64,{}", PNG.0);
    let expected = json!([
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_text", "text": INLINE},
        {"type": "input_image", "image_url": image, "detail": "auto"},
    ]);
    assert_eq!(provider.request(1).body["input"][0]["content"], expected);
    // It is still there when the user goes on.
    server.say(&created(&events), "Are you sure?");
    assert_eq!(provider.request(2).body["input"][0]["content"], expected);
}

#[test]
fn files_and_images_reach_a_model_of_chat_completions() {
    let provider = Provider::start();
    provider.answer(chats("Breakfast."));
    let server = agent_with(&provider, &["--model-api", "chat-completions"]);
    server.events(&message(&server));
    let image = format!("data:image/png;base64,{}", PNG.0);
    assert_eq!(
        provider.request(1).body["messages"][1]["content"],
        json!([
            {"type": "text", "text": "What is this?"},
            {"type": "text", "text": INLINE},
            {"type": "image_url", "image_url": {"url": image, "detail": "auto"}},
        ])
    );
}

#[test]
fn what_was_never_uploaded_is_a_note_to_the_model() {
    let provider = Provider::saying(&["I cannot see it."]);
    let server = agent(&provider);
    let params = json!({"name": "late.txt", "size": 3, "mime_type": "text/plain"});
    let file = server.json("attachments.create", params);
    let mut request = create("What is this?");
    request["params"]["input"]["attachments"] = json!([file["id"]]);
    server.events(&request);
    let note = provider.request(1).body["input"][0]["content"][1]["text"].to_string();
    assert!(note.contains("late.txt") && note.contains("was not uploaded"), "{note}");
}
