//! Bytes for models and from models.

use std::sync::Arc;

use bytes::Bytes;
use chatkit_server::{
    AttachmentError, AttachmentStore as _, MemoryStore, Owner, Store,
    protocol::{AttachmentCreateParams, AttachmentKind},
};

use super::{Attachments, MAX_SIZE};

const PNG: Bytes = Bytes::from_static(b"\x89PNG\r\n\x1a\n");

fn new() -> (Arc<dyn Store>, Attachments) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let attachments = Attachments::new(Arc::clone(&store), None, "http://here/".to_owned());
    (store, attachments.unwrap())
}

#[tokio::test]
async fn only_the_owner_reads_what_was_uploaded() {
    let (store, attachments) = new();
    let (mine, other) = (Owner::new("mine"), Owner::new("other"));
    let params = AttachmentCreateParams {
        name: "a.txt".to_owned(),
        size: 2,
        mime_type: "text/plain".to_owned(),
    };
    let attachment = attachments.create_attachment(&mine, &params).await.unwrap();
    store.save_attachment(&mine, &attachment).await.unwrap();
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
