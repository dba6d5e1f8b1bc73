//! Images by address instead of inside every event.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chatkit_server::{
    AttachmentError, AttachmentStore, Owner, RequestContext, Store,
    protocol::{Annotation, AttachmentId, ThreadId},
};

use super::{AgentContext, ResponseStreamConverter, convert::image_type};
use crate::model::Citation;

/// Keeps images in the attachment store of the turn, and gives their addresses to clients. The
/// states of an image in the making go when the whole image is there. Everything else is up to the
/// converter inside.
pub(super) struct StoredImages<V> {
    inner: V,
    attachments: Option<Arc<dyn AttachmentStore>>,
    store: Arc<dyn Store>,
    owner: Owner,
    thread: ThreadId,
    /// The states of images in the making, by image.
    states: Mutex<HashMap<String, Vec<AttachmentId>>>,
}

impl<V: ResponseStreamConverter> StoredImages<V> {
    pub(super) fn new<C: RequestContext>(context: &AgentContext<C>, inner: V) -> Self {
        Self {
            inner,
            attachments: context.turn().attachments().cloned(),
            store: Arc::clone(context.store()),
            owner: context.owner().clone(),
            thread: context.turn().thread().id().clone(),
            states: Mutex::default(),
        }
    }

    async fn save(
        &self,
        attachments: &dyn AttachmentStore,
        image_id: &str,
        base64: &str,
        partial: Option<usize>,
    ) -> Result<Option<String>, AttachmentError> {
        let Ok(bytes) = STANDARD.decode(base64) else { return Ok(None) };
        let media_type = image_type(&bytes);
        let ending = media_type.rsplit('/').next().unwrap_or("png");
        let name = format!("generated.{ending}");
        let url = attachments.save_image(&self.owner, &name, media_type, bytes.into()).await?;
        let id = url.as_deref().and_then(|url| url.rsplit('/').next()).map(AttachmentId::from);
        if let Some(id) = &id {
            self.keep_with_thread(id).await;
        }
        match (partial, id) {
            (Some(_), Some(id)) => {
                self.states().entry(image_id.to_owned()).or_default().push(id);
            }
            (Some(_), None) => {}
            (None, _) => {
                let states = self.states().remove(image_id).unwrap_or_default();
                for id in states {
                    self.delete(attachments, &id).await;
                }
            }
        }
        Ok(url)
    }

    /// Makes an image one of the thread's, so that it goes with it.
    async fn keep_with_thread(&self, id: &AttachmentId) {
        // What has no record is not the attachment store's, whatever its address ends in.
        let Ok(mut record) = self.store.load_attachment(&self.owner, id).await else { return };
        if record.thread_id.is_some() {
            return;
        }
        record.thread_id = Some(self.thread.clone());
        if let Err(error) = self.store.save_attachment(&self.owner, &record).await {
            tracing::warn!(attachment = %id, %error, "an image is not one of its thread's");
        }
    }

    async fn delete(&self, attachments: &dyn AttachmentStore, id: &AttachmentId) {
        // What has no record is not the attachment store's, whatever its address ends in.
        if self.store.load_attachment(&self.owner, id).await.is_err() {
            return;
        }
        if let Err(error) = attachments.delete_attachment(&self.owner, id).await {
            tracing::warn!(attachment = %id, %error, "a state of an image was left");
            return;
        }
        if let Err(error) = self.store.delete_attachment(&self.owner, id).await {
            tracing::warn!(attachment = %id, %error, "the record of an image's state was left");
        }
    }

    fn states(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<AttachmentId>>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<V: ResponseStreamConverter> ResponseStreamConverter for StoredImages<V> {
    async fn base64_image_to_url(
        &self,
        image_id: &str,
        base64_image: &str,
        partial: Option<usize>,
    ) -> String {
        if let Some(attachments) = &self.attachments {
            match self.save(&**attachments, image_id, base64_image, partial).await {
                Ok(Some(url)) => return url,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "an image was not stored"),
            }
        }
        self.inner.base64_image_to_url(image_id, base64_image, partial).await
    }

    fn partial_image_index_to_progress(&self, index: usize) -> f64 {
        self.inner.partial_image_index_to_progress(index)
    }

    async fn file_citation_to_annotation(&self, citation: &Citation) -> Option<Annotation> {
        self.inner.file_citation_to_annotation(citation).await
    }

    async fn container_file_citation_to_annotation(
        &self,
        citation: &Citation,
    ) -> Option<Annotation> {
        self.inner.container_file_citation_to_annotation(citation).await
    }

    async fn url_citation_to_annotation(&self, citation: &Citation) -> Option<Annotation> {
        self.inner.url_citation_to_annotation(citation).await
    }
}
