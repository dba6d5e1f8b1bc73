//! An attachment store in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use chatkit_server::{
    AttachmentError, AttachmentStore, Owner, Store, async_trait, new_attachment_id,
    protocol::{Attachment, AttachmentCreateParams, AttachmentId, AttachmentKind},
};

/// Keeps the images that the assistant makes.
pub(crate) struct Gallery {
    store: Arc<dyn Store>,
    images: Arc<Mutex<BTreeMap<AttachmentId, Bytes>>>,
}

impl Gallery {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        images: Arc<Mutex<BTreeMap<AttachmentId, Bytes>>>,
    ) -> Self {
        Self { store, images }
    }
}

#[async_trait]
impl AttachmentStore for Gallery {
    async fn create_attachment(
        &self,
        _: &Owner,
        _: &AttachmentCreateParams,
    ) -> Result<Attachment, AttachmentError> {
        Err(AttachmentError::UnsupportedType("nothing is uploaded here".to_owned()))
    }

    async fn delete_attachment(&self, _: &Owner, id: &AttachmentId) -> Result<(), AttachmentError> {
        self.images.lock().unwrap().remove(id);
        Ok(())
    }

    async fn save_image(
        &self,
        owner: &Owner,
        name: &str,
        mime_type: &str,
        bytes: Bytes,
    ) -> Result<Option<String>, AttachmentError> {
        let id = new_attachment_id();
        let url = format!("http://images/{id}");
        self.images.lock().unwrap().insert(id.clone(), bytes);
        let record = Attachment {
            kind: AttachmentKind::Image { preview_url: url.clone() },
            id,
            name: name.to_owned(),
            mime_type: mime_type.to_owned(),
            upload_descriptor: None,
            thread_id: None,
            metadata: None,
        };
        self.store.save_attachment(owner, &record).await.unwrap();
        Ok(Some(url))
    }
}
