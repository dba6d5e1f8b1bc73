//! Where the bytes of attachments are kept.

use async_trait::async_trait;
use bytes::Bytes;
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

    /// The bytes of an attachment, so that a model can be given them. `None` when there are none:
    /// not uploaded, another owner's, or not kept here.
    async fn read_attachment(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> Result<Option<Bytes>, AttachmentError> {
        let _ = (owner, attachment_id);
        Ok(None)
    }

    /// An address under which a model's provider can fetch the bytes for a while, such as a signed
    /// URL. `None` when there is none: then the bytes are [read](Self::read_attachment) and sent
    /// along.
    async fn public_url(
        &self,
        owner: &Owner,
        attachment_id: &AttachmentId,
    ) -> Result<Option<String>, AttachmentError> {
        let _ = (owner, attachment_id);
        Ok(None)
    }

    /// Keeps an image that the assistant made and returns the address under which clients get it.
    /// `None` when there is no place for such images.
    ///
    /// The last segment of the address should be the image's attachment id: then the image can be
    /// [read](Self::read_attachment) for the model when the conversation goes on. If the image has a
    /// record in the [`Store`](crate::Store), too, the one who shows it in a thread puts the thread's
    /// id there, and the image is deleted with the thread.
    async fn save_image(
        &self,
        owner: &Owner,
        name: &str,
        mime_type: &str,
        bytes: Bytes,
    ) -> Result<Option<String>, AttachmentError> {
        let _ = (owner, name, mime_type, bytes);
        Ok(None)
    }
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
