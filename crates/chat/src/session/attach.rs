//! Files that go with a message.

use std::{io, path::Path};

use chatkit_client::{Client, ClientError, Upload};
use chatkit_protocol::{Attachment, AttachmentCreateParams};

use super::Session;

impl Session {
    /// Uploads a file, to go with the next message.
    pub(super) async fn attach_file(&mut self, path: &str) -> io::Result<()> {
        if path.starts_with("http://") || path.starts_with("https://") {
            return self.screen.error("only files can be attached; put the address in the message");
        }
        let bytes = match tokio::fs::read(path).await {
            Ok(bytes) => bytes,
            Err(error) => {
                self.has_failed = true;
                return self.screen.error(&format!("{path}: {error}"));
            }
        };
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let params = AttachmentCreateParams {
            size: bytes.len().try_into().unwrap_or(u64::MAX),
            mime_type: media_type(&name).to_owned(),
            name,
        };
        let client = self.client.clone();
        match self.answer(upload(&client, &params, bytes)).await? {
            None => Ok(()),
            Some(Ok(attachment)) => {
                self.attachments.push(attachment);
                self.screen.note(&format!("{} goes with the next message", params.name))
            }
            Some(Err(error @ ClientError::Refused { .. })) => {
                self.failed("the server does not take the file; perhaps it takes none", &error)
            }
            Some(Err(error)) => self.failed("the file could not be sent", &error),
        }
    }
}

async fn upload(
    client: &Client,
    params: &AttachmentCreateParams,
    bytes: Vec<u8>,
) -> Result<Attachment, ClientError> {
    let attachment = client.create_attachment(params).await?;
    if let Some(descriptor) = &attachment.upload_descriptor {
        let file = Upload {
            name: params.name.clone(),
            mime_type: params.mime_type.clone(),
            bytes: bytes.into(),
        };
        client.upload(descriptor, file).await?;
    }
    Ok(attachment)
}

/// The media type of a file by its name's ending.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref().unwrap_or_default() {
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn the_ending_tells_the_type() {
        assert_eq!(media_type("A.PNG"), "image/png");
        assert_eq!(media_type("notes.tar.md"), "text/markdown");
        assert_eq!(media_type("README"), "application/octet-stream");
    }
}
