//! Where the bytes of attachments are kept.

use async_trait::async_trait;
use chatkit_protocol::{Attachment, AttachmentCreateParams, AttachmentId};

use crate::Owner;

/// Keeps the bytes of attachments. Their records are kept by the [`Store`](crate::Store).
#[async_trait]
pub trait AttachmentStore: Send + Sync + 'static {
    /// Registers an upload and says where the bytes go (`upload_descriptor`).
    async fn create_attachment(
        &self,
        owner: &Owner,
        params: &AttachmentCreateParams,
    ) -> Result<Attachment, AttachmentError>;

    /// Deletes the bytes. Deleting what does not exist is no error.
    async fn delete_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> Result<(), AttachmentError>;
}

/// An attachment that was refused, or a failure of the store behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentError {
    /// It is larger than allowed.
    #[error("params.size: expected at most {limit} bytes, found {size}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The largest size allowed, in bytes.
        limit: u64,
    },
    /// Its kind is not taken.
    #[error("params.mime_type: {0}")]
    UnsupportedType(String),
    /// The store itself failed. The text is for the operator, never for a client.
    #[error("the attachment store failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}
