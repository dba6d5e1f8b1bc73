//! Bytes for models and from models.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::StatusCode,
};
use bytes::Bytes;
use chatkit_server::{
    AttachmentError, AttachmentStore as _, MemoryStore, Owner, RequestContext as _, Store,
    protocol::{Attachment, AttachmentCreateParams, AttachmentId, AttachmentKind},
};
use chatkit_testkit::spans::Recorder;

use super::{
    Attachments, MAX_SIZE,
    routes::{download, upload},
};

const PNG: Bytes = Bytes::from_static(b"\x89PNG\r\n\x1a\n");

fn new() -> (Arc<dyn Store>, Attachments) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let attachments = Attachments::new(Arc::clone(&store), None, "http://here/".to_owned());
    (store, attachments.unwrap())
}

/// An attachment of the owner's that is still to be uploaded.
async fn expected(store: &dyn Store, attachments: &Attachments, owner: &Owner) -> Attachment {
    let params = AttachmentCreateParams {
        name: "a.txt".to_owned(),
        size: 2,
        mime_type: "text/plain".to_owned(),
    };
    let attachment = attachments.create_attachment(owner, &params).await.unwrap();
    store.save_attachment(owner, &attachment).await.unwrap();
    attachment
}

#[tokio::test]
async fn only_the_owner_reads_what_was_uploaded() {
    let (store, attachments) = new();
    let (mine, other) = (Owner::new("mine"), Owner::new("other"));
    let attachment = expected(&*store, &attachments, &mine).await;
    assert_eq!(attachments.read_attachment(&mine, &attachment.id).await.unwrap(), None);

    let blobs = &attachments.shared.blobs;
    let staged = blobs.stage(&attachment.id, Bytes::from_static(b"hi")).await.unwrap();
    blobs.commit(staged).await.unwrap();
    let read = attachments.read_attachment(&mine, &attachment.id).await.unwrap();
    assert_eq!(read.as_deref(), Some(&b"hi"[..]));
    assert_eq!(attachments.read_attachment(&other, &attachment.id).await.unwrap(), None);
    assert_eq!(attachments.read_attachment(&mine, &"atc_x".into()).await.unwrap(), None);
}

#[tokio::test]
async fn an_image_of_the_assistants_is_an_attachment() {
    let (store, attachments) = new();
    let owner = Owner::default();
    let url = attachments.save_image(&owner, "cat.png", "image/png", PNG).await.unwrap().unwrap();
    let id = url.strip_prefix("http://here/attachments/").unwrap().into();

    assert_eq!(attachments.read_attachment(&owner, &id).await.unwrap(), Some(PNG));
    let record = store.load_attachment(&owner, &id).await.unwrap();
    assert_eq!(record.kind, AttachmentKind::Image { preview_url: url });
    assert_eq!((record.name.as_str(), record.mime_type.as_str()), ("cat.png", "image/png"));
    assert_eq!(record.upload_descriptor, None);

    let too_large = Bytes::from(vec![0; usize::try_from(MAX_SIZE).unwrap() + 1]);
    let refused = attachments.save_image(&owner, "cat.png", "image/png", too_large).await;
    assert!(matches!(refused, Err(AttachmentError::TooLarge { .. })), "{refused:?}");
}

#[tokio::test]
async fn uploads_and_downloads_have_spans() {
    let (store, attachments) = new();
    let Attachment { id, .. } = expected(&*store, &attachments, &().owner()).await;
    let recorder = Recorder::start();
    let put = async |id: &AttachmentId| {
        upload(State(attachments.clone()), Path(id.clone()), Body::from("MARK-7f3a")).await
    };
    let get =
        async |id: &AttachmentId| download(State(attachments.clone()), Path(id.clone())).await;
    let unknown = AttachmentId::from("MARK-7f3a".repeat(100));
    let answers = [put(&id).await, get(&id).await, put(&id).await, get(&unknown).await];
    let statuses = answers.map(|answer| answer.status());
    let expected =
        [StatusCode::NO_CONTENT, StatusCode::OK, StatusCode::CONFLICT, StatusCode::NOT_FOUND];
    assert_eq!(statuses, expected);

    let spans = recorder.spans();
    let known = Some(id.as_str());
    for (span, (method, status, sent, got, attachment)) in spans.iter().zip([
        ("PUT", "204", Some("9"), None, known),
        ("GET", "200", None, Some("9"), known),
        ("PUT", "409", None, None, known),
        ("GET", "404", None, None, None),
    ]) {
        let field = |name: &str| span.fields.get(name).map(String::as_str);
        assert_eq!((span.name.as_str(), span.closed), ("request", true));
        assert_eq!(field("otel.name"), Some(&*format!("{method} /attachments/{{id}}")));
        assert_eq!(field("otel.kind"), Some("server"));
        assert_eq!(field("http.request.method"), Some(method));
        assert_eq!(field("http.route"), Some("/attachments/{id}"));
        assert_eq!(field("http.response.status_code"), Some(status));
        assert_eq!(field("http.request.body.size"), sent);
        assert_eq!(field("http.response.body.size"), got);
        assert_eq!(field("attachment"), attachment);
        let path = attachment.map(|id| format!("/attachments/{id}"));
        assert_eq!(field("url.path"), path.as_deref());
    }
    assert_eq!(spans.len(), 4);
    assert!(!format!("{spans:?}").contains("MARK-7f3a"), "{spans:#?}");
}
