//! From what a model refers to and draws to what a thread can show.

use std::sync::Arc;

use async_trait::async_trait;
use chatkit_server::protocol::{Annotation, FileSource, UrlSource};

use crate::model::Citation;

/// Adapts what a model streams to the forms of ChatKit. Each method has a default; override what
/// the application does differently.
#[async_trait]
pub trait ResponseStreamConverter: Send + Sync {
    /// An image as a URL, where the turn has no attachment store that keeps it. `partial` is the
    /// state of an image in the making, from 0; `image_id` stays the same for all states of an image.
    /// By default a `data:` URL.
    async fn base64_image_to_url(
        &self,
        image_id: &str,
        base64_image: &str,
        partial: Option<usize>,
    ) -> String {
        let _ = (image_id, partial);
        data_url(base64_image)
    }

    /// How much of an image is done, from 0 to 1, when its state of this index has come. By default
    /// always 0.
    fn partial_image_index_to_progress(&self, index: usize) -> f64 {
        let _ = index;
        0.0
    }

    /// A reference to a file of the provider's. By default its name; nothing without a name.
    async fn file_citation_to_annotation(&self, citation: &Citation) -> Option<Annotation> {
        let Citation::File { filename, index, .. } = citation else { return None };
        file_annotation(filename.as_deref(), *index)
    }

    /// A reference to a file that the provider's interpreter wrote. By default its name; nothing
    /// without a name.
    async fn container_file_citation_to_annotation(
        &self,
        citation: &Citation,
    ) -> Option<Annotation> {
        let Citation::ContainerFile { filename, end_index, .. } = citation else { return None };
        file_annotation(filename.as_deref(), *end_index)
    }

    /// A reference to a web page. By default its address and title.
    async fn url_citation_to_annotation(&self, citation: &Citation) -> Option<Annotation> {
        let Citation::Url { url, title, end_index } = citation else { return None };
        let title = title.clone().unwrap_or_else(|| url.clone());
        let source = UrlSource { title, url: url.clone(), ..UrlSource::default() };
        Some(Annotation { source: source.into(), index: *end_index })
    }
}

#[async_trait]
impl<V: ResponseStreamConverter + ?Sized> ResponseStreamConverter for Arc<V> {
    async fn base64_image_to_url(
        &self,
        image_id: &str,
        base64_image: &str,
        partial: Option<usize>,
    ) -> String {
        (**self).base64_image_to_url(image_id, base64_image, partial).await
    }

    fn partial_image_index_to_progress(&self, index: usize) -> f64 {
        (**self).partial_image_index_to_progress(index)
    }

    async fn file_citation_to_annotation(&self, citation: &Citation) -> Option<Annotation> {
        (**self).file_citation_to_annotation(citation).await
    }

    async fn container_file_citation_to_annotation(
        &self,
        citation: &Citation,
    ) -> Option<Annotation> {
        (**self).container_file_citation_to_annotation(citation).await
    }

    async fn url_citation_to_annotation(&self, citation: &Citation) -> Option<Annotation> {
        (**self).url_citation_to_annotation(citation).await
    }
}

/// The defaults, with an optional number of states that images in the making are expected to have.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultResponseConverter {
    partial_images: Option<usize>,
}

impl DefaultResponseConverter {
    /// Shows progress by the number of states that are expected of an image in the making, as
    /// requested from the provider (`partial_images`).
    #[must_use]
    pub fn partial_images(mut self, expected: usize) -> Self {
        self.partial_images = Some(expected);
        self
    }
}

#[async_trait]
impl ResponseStreamConverter for DefaultResponseConverter {
    fn partial_image_index_to_progress(&self, index: usize) -> f64 {
        progress(index, self.partial_images)
    }
}

pub(super) async fn annotation(
    converter: &dyn ResponseStreamConverter,
    citation: &Citation,
) -> Option<Annotation> {
    match citation {
        Citation::File { .. } => converter.file_citation_to_annotation(citation).await,
        Citation::ContainerFile { .. } => {
            converter.container_file_citation_to_annotation(citation).await
        }
        Citation::Url { .. } => converter.url_citation_to_annotation(citation).await,
        Citation::Other(_) => None,
    }
}

/// A `data:` URL of an image. It says PNG whatever the image is, as the reference's does: clients
/// look at the bytes.
pub(super) fn data_url(base64_image: &str) -> String {
    format!("data:image/png;base64,{base64_image}")
}

/// The media type of an image by its first bytes; PNG if they tell nothing.
pub(super) fn image_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        [b'G', b'I', b'F', ..] => "image/gif",
        _ => "image/png",
    }
}

fn progress(index: usize, expected: Option<usize>) -> f64 {
    match expected {
        Some(expected) if expected > 0 => {
            let small = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
            (small(index) / small(expected)).min(1.0)
        }
        _ => 0.0,
    }
}

fn file_annotation(filename: Option<&str>, index: Option<i64>) -> Option<Annotation> {
    let filename = filename.filter(|name| !name.is_empty())?.to_owned();
    let source = FileSource { title: filename.clone(), filename, ..FileSource::default() };
    Some(Annotation { source: source.into(), index })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_the_share_of_the_expected_states() {
        assert_eq!(progress(1, None), 0.0);
        assert_eq!(progress(1, Some(0)), 0.0);
        assert_eq!(progress(1, Some(4)), 0.25);
        assert_eq!(progress(9, Some(4)), 1.0);
    }

    #[test]
    fn the_first_bytes_tell_the_kind_of_image() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n0000000000"), "image/png");
        assert_eq!(image_type(b"\xff\xd8\xff\xe0000000000000"), "image/jpeg");
        assert_eq!(image_type(b"RIFF0000WEBPVP8 "), "image/webp");
        assert_eq!(image_type(b""), "image/png");
    }
}
