//! The records of attachments.

use chatkit_protocol::{UploadDescriptor, UploadMethod};
use chatkit_server::RecordKind;

use super::{SharedStore, samples::*};

/// Saving a record again leaves nothing of the one before.
pub async fn an_attachment_is_replaced_as_a_whole(store: SharedStore) {
    let mut uploading = attachment("file", None);
    uploading.upload_descriptor = Some(UploadDescriptor {
        url: "https://example.com/upload".to_owned(),
        method: UploadMethod::Put,
        headers: [("a".to_owned(), "b".to_owned())].into(),
    });
    let mut uploaded = attachment("file", Some("t"));
    uploaded.name = "renamed.txt".to_owned();
    for record in [uploading.clone(), uploaded, uploading] {
        store.save_attachment(&alice(), &record).await.unwrap();
        assert_eq!(store.load_attachment(&alice(), &"file".into()).await.unwrap(), record);
    }
}

/// A deleted record is gone, the others stay, and its id is free again.
pub async fn an_attachment_can_be_deleted(store: SharedStore) {
    let (a, b) = (attachment("a", None), attachment("b", None));
    store.save_attachment(&alice(), &a).await.unwrap();
    store.save_attachment(&alice(), &b).await.unwrap();
    store.delete_attachment(&alice(), &a.id).await.unwrap();
    assert_not_found(store.load_attachment(&alice(), &a.id).await, RecordKind::Attachment);
    assert_not_found(store.delete_attachment(&alice(), &a.id).await, RecordKind::Attachment);
    assert_eq!(store.load_attachment(&alice(), &b.id).await.unwrap(), b);
    store.save_attachment(&bob(), &a).await.unwrap();
    assert_eq!(store.load_attachment(&bob(), &a.id).await.unwrap(), a);
}
