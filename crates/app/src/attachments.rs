//! The bytes of attachments: registered over the protocol, uploaded and read here.

mod blobs;
mod routes;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf, sync::Arc};

use bytes::Bytes;
use chatkit_server::{
    AttachmentError, AttachmentStore, Owner, Store, StoreError, async_trait, new_attachment_id,
    protocol::{
        Attachment, AttachmentCreateParams, AttachmentId, AttachmentKind, UploadDescriptor,
        UploadMethod,
    },
};

use tokio::sync::Mutex;

use blobs::Blobs;
pub(crate) use routes::routes;

/// The largest file, in bytes.
const MAX_SIZE: u64 = 32 * 1024 * 1024;

/// Uploads in two phases to the server itself: in a folder beside the database, or in memory.
#[derive(Debug, Clone)]
pub(crate) struct Attachments {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    blobs: Blobs,
    public_url: String,
    /// Held from loading a record to saving it, so that of two uploads one wins.
    saving: Mutex<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("blobs", &self.blobs).finish_non_exhaustive()
    }
}

impl Attachments {
    /// Files go into `folder`, or without one into memory.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        folder: Option<PathBuf>,
        public_url: String,
    ) -> Result<Self, (String, io::Error)> {
        let blobs = match folder {
            Some(folder) => {
                Blobs::in_folder(&folder).map_err(|error| (folder.display().to_string(), error))?
            }
            None => Blobs::in_memory(),
        };
        Ok(Self { shared: Arc::new(Shared { store, blobs, public_url, saving: Mutex::new(()) }) })
    }

    fn url(&self, id: &AttachmentId) -> String {
        format!("{}/attachments/{id}", self.shared.public_url.trim_end_matches('/'))
    }
}

#[async_trait]
impl AttachmentStore for Attachments {
    async fn create_attachment(
        &self,
        _: &Owner,
        params: &AttachmentCreateParams,
    ) -> Result<Attachment, AttachmentError> {
        if params.size > MAX_SIZE {
            return Err(AttachmentError::TooLarge { size: params.size, limit: MAX_SIZE });
        }
        let id = new_attachment_id();
        let url = self.url(&id);
        let kind = if params.mime_type.starts_with("image/") {
            AttachmentKind::Image { preview_url: url.clone() }
        } else {
            AttachmentKind::File
        };
        Ok(Attachment {
            kind,
            id,
            name: params.name.clone(),
            mime_type: params.mime_type.clone(),
            upload_descriptor: Some(UploadDescriptor {
                url,
                method: UploadMethod::Put,
                headers: [("Content-Type".to_owned(), "application/octet-stream".to_owned())]
                    .into(),
            }),
            thread_id: None,
            metadata: None,
        })
    }

    async fn delete_attachment(
        &self,
        _: &Owner,
        attachment_id: &AttachmentId,
    ) -> Result<(), AttachmentError> {
        self.shared.blobs.delete(attachment_id).await.map_err(backend)
    }

    async fn read_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> Result<Option<Bytes>, AttachmentError> {
        match self.shared.store.load_attachment(owner, attachment_id).await {
            Ok(_) => self.shared.blobs.get(attachment_id).await.map_err(backend),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(backend(error)),
        }
    }

    async fn save_image(
        &self,
        owner: &Owner,
        name: &str,
        mime_type: &str,
        bytes: Bytes,
    ) -> Result<Option<String>, AttachmentError> {
        let size = bytes.len().try_into().unwrap_or(u64::MAX);
        if size > MAX_SIZE {
            return Err(AttachmentError::TooLarge { size, limit: MAX_SIZE });
        }
        let id = new_attachment_id();
        let url = self.url(&id);
        let image = Attachment {
            kind: AttachmentKind::Image { preview_url: url.clone() },
            id: id.clone(),
            name: name.to_owned(),
            mime_type: mime_type.to_owned(),
            upload_descriptor: None,
            thread_id: None,
            metadata: None,
        };
        let Shared { store, blobs, .. } = &*self.shared;
        let staged = blobs.stage(&id, bytes).await.map_err(backend)?;
        // The record comes first: without it nothing would ever find the bytes to delete them.
        store.save_attachment(owner, &image).await.map_err(backend)?;
        blobs.commit(staged).await.map_err(backend)?;
        Ok(Some(url))
    }
}

fn backend(error: impl std::error::Error + Send + Sync + 'static) -> AttachmentError {
    AttachmentError::Backend(Box::new(error))
}
