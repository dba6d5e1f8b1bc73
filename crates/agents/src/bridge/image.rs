//! Images in the making.

use chatkit_server::protocol::{
    GeneratedImage, GeneratedImageItem, ItemId, ThreadId, ThreadItem, ThreadItemUpdate,
    ThreadStreamEvent, Timestamp,
};

/// The image of one item of the model's answer.
#[derive(Debug)]
pub(super) struct Image {
    item: GeneratedImageItem,
    /// What the provider calls it; stable over its states.
    image_id: String,
}

impl Image {
    pub(super) fn new(id: ItemId, thread_id: ThreadId, image_id: Option<String>) -> Self {
        let image_id = image_id.unwrap_or_else(|| id.as_str().to_owned());
        let created_at = Timestamp::now();
        Self { item: GeneratedImageItem { id, thread_id, created_at, image: None }, image_id }
    }

    pub(super) fn image_id(&self) -> &str {
        &self.image_id
    }

    pub(super) fn added(&self) -> ThreadStreamEvent {
        ThreadStreamEvent::added(ThreadItem::GeneratedImage(self.item.clone()))
    }

    /// A state of the image.
    pub(super) fn updated(&mut self, url: String, progress: f64) -> ThreadStreamEvent {
        let image = GeneratedImage { id: self.image_id.clone(), url };
        self.item.image = Some(image.clone());
        let update = ThreadItemUpdate::GeneratedImageUpdated { image, progress: Some(progress) };
        ThreadStreamEvent::updated(self.item.id.clone(), update)
    }

    /// The image is complete, or its last state is all there will be. One that never came is taken
    /// away.
    pub(super) fn done(mut self, url: Option<String>) -> ThreadStreamEvent {
        if let Some(url) = url {
            self.item.image = Some(GeneratedImage { id: self.image_id, url });
        }
        if self.item.image.is_none() {
            return ThreadStreamEvent::ThreadItemRemoved { item_id: self.item.id };
        }
        ThreadStreamEvent::done(ThreadItem::GeneratedImage(self.item))
    }
}
