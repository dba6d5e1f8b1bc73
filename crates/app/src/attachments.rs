//! The bytes of attachments: registered over the protocol, uploaded and read here.

mod blobs;
mod routes;

use std::{io, path::PathBuf, sync::Arc};

use chatkit_server::{
    AttachmentError, AttachmentStore, Owner, Store, async_trait, new_attachment_id,
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
        self.shared
            .blobs
            .delete(attachment_id)
            .await
            .map_err(|error| AttachmentError::Backend(Box::new(error)))
    }
}
