//! Attachments as a model can read them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chatkit_agents::{
    AttachmentLimits, DefaultConverter, ThreadItemConverter as _, load_input, model::InputContent,
    model::InputItem,
};
use chatkit_protocol::{Attachment, AttachmentCreateParams, AttachmentId};
use chatkit_server::{
    AttachmentError, AttachmentStore, ChatKit, ChatKitServer, EventStream, MemoryStore, Owner,
    RespondError, Response, Store, Turn, async_trait,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::{item, texts};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest";

/// Files by id, of one owner. The id `broken` fails, `public` has an address.
struct Files(HashMap<&'static str, Vec<u8>>);

#[async_trait]
impl AttachmentStore for Files {
    async fn create_attachment(
        &self,
        _: &Owner,
        _: &AttachmentCreateParams,
    ) -> Result<Attachment, AttachmentError> {
        Err(AttachmentError::UnsupportedType("nothing is created here".to_owned()))
    }

    async fn delete_attachment(&self, _: &Owner, _: &AttachmentId) -> Result<(), AttachmentError> {
        Ok(())
    }

    async fn read_attachment(
        &self,
        owner: &Owner,
        id: &AttachmentId,
    ) -> Result<Option<Bytes>, AttachmentError> {
        assert_eq!(owner.as_str(), "ada");
        if id == "broken" {
            return Err(AttachmentError::Backend("secret".into()));
        }
        Ok(self.0.get(id.as_str()).cloned().map(Bytes::from))
    }

    async fn public_url(
        &self,
        _: &Owner,
        id: &AttachmentId,
    ) -> Result<Option<String>, AttachmentError> {
        Ok((id == "public").then(|| "https://files.example/public?signed".to_owned()))
    }
}

fn converter<const N: usize>(files: [(&'static str, &[u8]); N]) -> DefaultConverter {
    let files = files.into_iter().map(|(id, bytes)| (id, bytes.to_vec())).collect();
    DefaultConverter::new().attachments(Arc::new(Files(files)), Owner::new("ada"))
}

fn attachment(id: &str, name: &str, mime_type: &str) -> Value {
    json!({"type": "file", "id": id, "name": name, "mime_type": mime_type})
}

/// What becomes of the attachments of a message.
async fn contents<const N: usize>(
    converter: &DefaultConverter,
    attachments: [Value; N],
) -> Vec<InputContent> {
    let message = json!({"type": "user_message", "content": [], "attachments": &attachments[..]});
    let mut input = converter.to_agent_input(&[item(0, message)]).await.unwrap();
    match input.pop() {
        Some(InputItem::Message(message)) => message.content.into_iter().skip(1).collect(),
        other => panic!("expected a message, found {other:?}"),
    }
}

async fn one(converter: &DefaultConverter, attachment: Value) -> InputContent {
    contents(converter, [attachment]).await.remove(0)
}

fn note(text: &str) -> InputContent {
    InputContent::Text(format!("The user attached the file {text}"))
}

fn image(url: String) -> InputContent {
    InputContent::Image { url, detail: Some("auto".to_owned()) }
}

fn data_url(mime_type: &str, bytes: &[u8]) -> String {
    format!("data:{mime_type};base64,{}", BASE64_STANDARD.encode(bytes))
}

#[tokio::test]
async fn without_a_store_there_is_a_note() {
    let attachment = attachment("a", "a.png", "image/png");
    let content = one(&DefaultConverter::new(), attachment).await;
    assert_eq!(content, note("\"a.png\" (image/png). Its content is not available."));
}

#[tokio::test]
async fn images_are_sent_as_what_they_are() {
    let converter = converter([("a", PNG), ("b", b"\xff\xd8\xff\xe0"), ("c", b"<html>")]);
    let attachments = [
        attachment("a", "a.png", "image/png"),
        // The client may be wrong about the type.
        attachment("b", "b.png", "image/png"),
        attachment("c", "c.png", "image/png"),
        attachment("public", "d.heic", "image/heic"),
    ];
    let expected = [
        image(data_url("image/png", PNG)),
        image(data_url("image/jpeg", b"\xff\xd8\xff\xe0")),
        note(
            "\"c.png\" (image/png). Its content is not available: it is damaged, or not of its type.",
        ),
        image("https://files.example/public?signed".to_owned()),
    ];
    assert_eq!(contents(&converter, attachments).await, expected);
}

#[tokio::test]
async fn texts_are_inline() {
    let converter = converter([("a", "\u{feff}a = \"ü\"\n".as_bytes()), ("b", b"caf\xe9")]);
    let attachments = [
        attachment("a", "a\"b\n.toml", "application/octet-stream"),
        attachment("a", "notes", ""),
        attachment("b", "b.txt", "text/plain"),
        attachment("b", "b.bin", "application/octet-stream"),
    ];
    let expected = [
        InputContent::Text(
            "<Attachment name=\"a'b .toml\">\na = \"ü\"\n\n</Attachment>".to_owned(),
        ),
        InputContent::Text("<Attachment name=\"notes\">\na = \"ü\"\n\n</Attachment>".to_owned()),
        note("\"b.txt\" (text/plain). Its content is not available: it is not text in UTF-8."),
        note(
            "\"b.bin\" (application/octet-stream). Its content is not available: files of this type \
             cannot be read.",
        ),
    ];
    assert_eq!(contents(&converter, attachments).await, expected);
}

#[tokio::test]
async fn a_long_text_is_cut_between_characters() {
    let mut limits = AttachmentLimits::default();
    limits.text_bytes = 4;
    let converter = converter([("a", "aüüü".as_bytes())]).attachment_limits(limits);
    let content = one(&converter, attachment("a", "a.txt", "text/plain")).await;
    let expected = "<Attachment name=\"a.txt\">\naü\n</Attachment>\n\
                    [The file was cut here: 3 of its 7 bytes are shown.]";
    assert_eq!(content, InputContent::Text(expected.to_owned()));
}

#[tokio::test]
async fn documents_are_files() {
    let converter = converter([("a", b"%PDF-1.7 ..."), ("b", b"<html>")]);
    let attachments = [attachment("a", "a.pdf", ""), attachment("b", "b.pdf", "application/pdf")];
    let expected = [
        InputContent::File {
            filename: Some("a.pdf".to_owned()),
            data: Some(data_url("application/pdf", b"%PDF-1.7 ...")),
            url: None,
        },
        note(
            "\"b.pdf\" (application/pdf). Its content is not available: it is damaged, or not of its \
             type.",
        ),
    ];
    assert_eq!(contents(&converter, attachments).await, expected);
}

#[tokio::test]
async fn nothing_about_an_attachment_ends_the_turn() {
    let mut limits = AttachmentLimits::default();
    limits.file_bytes = 11;
    let converter = converter([("big", PNG)]).attachment_limits(limits);
    for (id, name, mime_type, why) in [
        ("a", "a.txt", "text/plain", "it was not uploaded"),
        ("broken", "a.png", "image/png", "it could not be read"),
        ("big", "a.png", "image/png", "it has 13 bytes, and at most 11 are read"),
        ("a", "a.mp4", "video/mp4", "files of this type cannot be read"),
    ] {
        let content = one(&converter, attachment(id, name, mime_type)).await;
        let expected =
            note(&format!("\"{name}\" ({mime_type}). Its content is not available: {why}."));
        assert_eq!(content, expected);
    }
}

#[tokio::test]
async fn the_newest_attachments_come_first() {
    let mut limits = AttachmentLimits::default();
    limits.total_bytes = PNG.len() + 2;
    let converter = converter([("a", PNG), ("t", b"xy")]).attachment_limits(limits);
    let message = |number, attachments: Value| {
        item(number, json!({"type": "user_message", "content": [], "attachments": attachments}))
    };
    let png = attachment("a", "a.png", "image/png");
    let text = attachment("t", "t.txt", "text/plain");
    let items = [
        message(0, json!([png, text])),
        message(1, json!([png])),
        item(2, json!({"type": "generated_image", "image": {"id": "i", "url": "https://x/a"}})),
        message(3, json!([text])),
    ];
    let input = converter.to_agent_input(&items).await.unwrap();
    let json = serde_json::to_value(&input).unwrap();
    let types = |index: usize| -> Vec<_> {
        let content = json[index]["content"].as_array().unwrap().iter().skip(1);
        content.map(|content| content["type"].as_str().unwrap()).collect()
    };
    assert_eq!(types(3), ["input_text"]);
    assert!(json[3]["content"][1]["text"].as_str().unwrap().contains("xy"));
    assert_eq!(types(2), ["input_image"], "the image is read from the store");
    assert!(json[2]["content"][1]["image_url"].as_str().unwrap().starts_with("data:image/png"));
    for (index, content) in [(1, 1), (0, 1), (0, 2)] {
        let text = json[index]["content"][content]["text"].as_str().unwrap();
        assert!(text.ends_with("the attachments of this conversation are too large together."));
    }
}

#[tokio::test]
async fn generated_images_are_found_in_the_store() {
    let converter = converter([("atc_1", PNG)]);
    for (url, expected) in [
        ("http://localhost/attachments/atc_1?x#y", data_url("image/png", PNG)),
        ("https://cdn.example/other.png", "https://cdn.example/other.png".to_owned()),
        ("https://cdn.example/broken", "https://cdn.example/broken".to_owned()),
        ("https://cdn.example/", "https://cdn.example/".to_owned()),
    ] {
        let image = json!({"type": "generated_image", "image": {"id": "i", "url": url}});
        let input = converter.to_agent_input(&[item(0, image)]).await.unwrap();
        let json = serde_json::to_value(&input).unwrap();
        assert_eq!(json[0]["content"][1]["image_url"], expected);
    }

    let mut limits = AttachmentLimits::default();
    limits.total_bytes = 3;
    let converter = converter.attachment_limits(limits);
    for url in [data_url("image/png", PNG), "http://localhost/attachments/atc_1".to_owned()] {
        let image = json!({"type": "generated_image", "image": {"id": "i", "url": url}});
        let input = converter.to_agent_input(&[item(0, image)]).await.unwrap();
        let left_out =
            "An image was generated by the agent here. It is too large to be shown again.";
        assert_eq!(input, [InputItem::user(left_out)]);
    }
}

/// Reads the attachments of each turn.
struct Reader(Arc<Mutex<Vec<InputItem>>>);

impl ChatKitServer for Reader {
    type Context = Owner;

    fn respond(&self, turn: Turn<Owner>) -> EventStream<'_> {
        turn.stream(async move |turn, _events| {
            let input = load_input(&turn, &DefaultConverter::for_turn(&turn)).await;
            *self.0.lock().unwrap() = input.map_err(RespondError::unexpected)?;
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_turn_knows_its_attachments() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ada = Owner::new("ada");
    let record = attachment("t", "t.txt", "text/plain");
    let record: Attachment = serde_json::from_value(record).unwrap();
    store.save_attachment(&ada, &record).await.unwrap();
    let input = Arc::default();
    let files = Files([("t", b"inside".to_vec())].into());
    let chatkit =
        ChatKit::builder(Reader(Arc::clone(&input)), store).attachments(Arc::new(files)).build();
    let message = json!({"content": [], "attachments": ["t"]});
    let request = json!({"type": "threads.create", "params": {"input": message}}).to_string();
    let Response::Stream(frames) = chatkit.process(request.as_bytes(), ada).await else {
        panic!("expected a stream")
    };
    frames.collect::<Vec<_>>().await;
    let input = input.lock().unwrap();
    assert_eq!(texts(&input), ["", "<Attachment name=\"t.txt\">\ninside\n</Attachment>"]);
}
