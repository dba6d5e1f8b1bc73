//! Attachments as a model can read them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chatkit_protocol::{Attachment, AttachmentId};
use chatkit_server::{AttachmentError, AttachmentStore, Owner};

use super::{
    DefaultConverter,
    content_type::{ContentType, image_type, is_document, text},
};
use crate::model::InputContent;

/// How much of attachments a model is given, in bytes before their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentLimits {
    /// The largest image or file; by default 20 MiB.
    pub file_bytes: usize,
    /// What is given of a text; by default 100 KiB. A longer one is cut, and the model is told so.
    pub text_bytes: usize,
    /// All attachments of a conversation, the newest first; by default 40 MiB.
    pub total_bytes: usize,
}

impl AttachmentLimits {
    pub(super) const DEFAULT: Self =
        Self { file_bytes: 20 << 20, text_bytes: 100 << 10, total_bytes: 40 << 20 };
}

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the attachments of a conversation may still take, in bytes.
#[derive(Debug)]
pub struct AttachmentRoom {
    left: usize,
}

impl AttachmentRoom {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { left: bytes }
    }

    /// The bytes left.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Takes room, if there is as much.
    #[must_use]
    pub fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// Why a model is not given an attachment. The model reads it.
#[derive(Debug, thiserror::Error)]
enum LeftOut {
    #[error("files of this type cannot be read")]
    Unsupported,
    #[error("it was not uploaded")]
    Missing,
    #[error("it could not be read")]
    Unreadable(#[from] AttachmentError),
    #[error("it is damaged, or not of its type")]
    Damaged,
    #[error("it is not text in UTF-8")]
    NotText,
    #[error("it has {size} bytes, and at most {limit} are read")]
    TooLarge { size: usize, limit: usize },
    #[error("the attachments of this conversation are too large together")]
    NoRoom,
}

/// Where an owner's attachments are.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) store: std::sync::Arc<dyn AttachmentStore>,
    pub(super) owner: Owner,
}

impl DefaultConverter {
    /// The content for an attachment, or a note in its place.
    pub(super) async fn attachment(
        &self,
        attachment: &Attachment,
        room: &mut AttachmentRoom,
    ) -> InputContent {
        let described = describe(attachment);
        let Some(place) = self.place() else {
            let note = format!("The user attached {described}. Its content is not available.");
            return InputContent::Text(note);
        };
        match read(place, attachment, self.limits(), room).await {
            Ok(content) => content,
            Err(reason) => {
                if let LeftOut::Unreadable(error) = &reason {
                    tracing::warn!(attachment = %attachment.id, %error, "an attachment was not read");
                }
                let note = "Its content is not available";
                InputContent::Text(format!("The user attached {described}. {note}: {reason}."))
            }
        }
    }

    /// The address of an image that the assistant made, as a provider can read it. `None` when there
    /// is no room for it.
    pub(super) async fn generated_image(
        &self,
        url: &str,
        room: &mut AttachmentRoom,
    ) -> Option<String> {
        if url.starts_with("data:") {
            // Four characters of base64 are three bytes.
            return room.take(url.len() / 4 * 3).then(|| url.to_owned());
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let id = path.rsplit('/').next().filter(|id| !id.is_empty());
        let (Some(place), Some(id)) = (self.place(), id) else { return Some(url.to_owned()) };
        match read_image(place, &AttachmentId::from(id), self.limits(), room).await {
            Ok(stored) => Some(stored),
            Err(LeftOut::TooLarge { .. } | LeftOut::NoRoom) => None,
            // It need not be one of the store's.
            Err(_) => Some(url.to_owned()),
        }
    }
}

async fn read(
    place: &Place,
    attachment: &Attachment,
    limits: &AttachmentLimits,
    room: &mut AttachmentRoom,
) -> Result<InputContent, LeftOut> {
    let content_type = ContentType::of(&attachment.mime_type, &attachment.name);
    match content_type {
        ContentType::Unsupported => Err(LeftOut::Unsupported),
        ContentType::Image => {
            let url = read_image(place, &attachment.id, limits, room).await?;
            Ok(InputContent::Image { url, detail: Some("auto".to_owned()) })
        }
        ContentType::Document(mime_type) => {
            let bytes = read_file(place, &attachment.id, limits, room).await?;
            if !is_document(mime_type, &bytes) {
                return Err(LeftOut::Damaged);
            }
            take(room, bytes.len())?;
            let data = Some(data_url(mime_type, &bytes));
            Ok(InputContent::File { filename: Some(shown_name(attachment)), data, url: None })
        }
        ContentType::Text | ContentType::Unknown => {
            let bytes = read_bytes(place, &attachment.id).await?;
            let not_text = match content_type {
                ContentType::Text => LeftOut::NotText,
                _ => LeftOut::Unsupported,
            };
            let text = text(&bytes).ok_or(not_text)?;
            let shown = cut(text, limits.text_bytes);
            take(room, shown.len())?;
            Ok(InputContent::Text(inline(attachment, shown, text.len())))
        }
    }
}

/// The address of an image: a public one, or its bytes.
async fn read_image(
    place: &Place,
    id: &AttachmentId,
    limits: &AttachmentLimits,
    room: &mut AttachmentRoom,
) -> Result<String, LeftOut> {
    if let Some(url) = place.store.public_url(&place.owner, id).await? {
        return Ok(url);
    }
    let bytes = read_file(place, id, limits, room).await?;
    let mime_type = image_type(&bytes).ok_or(LeftOut::Damaged)?;
    take(room, bytes.len())?;
    Ok(data_url(mime_type, &bytes))
}

/// The bytes of a file that is sent whole or not at all.
async fn read_file(
    place: &Place,
    id: &AttachmentId,
    limits: &AttachmentLimits,
    room: &AttachmentRoom,
) -> Result<Bytes, LeftOut> {
    if room.left() == 0 {
        return Err(LeftOut::NoRoom);
    }
    let bytes = read_bytes(place, id).await?;
    let (size, limit) = (bytes.len(), limits.file_bytes);
    if size > limit { Err(LeftOut::TooLarge { size, limit }) } else { Ok(bytes) }
}

async fn read_bytes(place: &Place, id: &AttachmentId) -> Result<Bytes, LeftOut> {
    place.store.read_attachment(&place.owner, id).await?.ok_or(LeftOut::Missing)
}

fn take(room: &mut AttachmentRoom, bytes: usize) -> Result<(), LeftOut> {
    if room.take(bytes) { Ok(()) } else { Err(LeftOut::NoRoom) }
}

fn data_url(mime_type: &str, bytes: &[u8]) -> String {
    let mut url = format!("data:{mime_type};base64,");
    BASE64_STANDARD.encode_string(bytes, &mut url);
    url
}

fn inline(attachment: &Attachment, shown: &str, size: usize) -> String {
    let name = shown_name(attachment);
    let cut = if shown.len() < size {
        format!("\n[The file was cut here: {} of its {size} bytes are shown.]", shown.len())
    } else {
        String::new()
    };
    format!("<Attachment name=\"{name}\">\n{shown}\n</Attachment>{cut}")
}

/// The beginning of a text, at most so many bytes, cut between characters.
fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

fn describe(attachment: &Attachment) -> String {
    format!("the file \"{}\" ({})", shown_name(attachment), plain(&attachment.mime_type))
}

fn shown_name(attachment: &Attachment) -> String {
    plain(&attachment.name)
}

/// A name on one line that does not end the quotes around it.
fn plain(name: &str) -> String {
    let plain = |c: char| match c {
        '"' => '\'',
        c if c.is_control() => ' ',
        c => c,
    };
    name.chars().take(200).map(plain).collect()
}
