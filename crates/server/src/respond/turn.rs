//! What a responder knows about its turn.

use std::sync::Arc;

use chatkit_protocol::{
    ItemId, Page, ThreadId, ThreadItem, ThreadMetadata, Timestamp, UserMessageItem,
};

use super::{Emitter, EventStream, RespondError, ThreadHandle};
use crate::{
    AttachmentStore, CancelReason, CancelToken, IdKind, Owner, PageRequest, RequestContext, Store,
    StoreResult, Visibility, run::Cancellation,
};

/// One turn: the thread, the message to answer, the request's context and the store. Cheap to
/// clone.
#[derive(Debug)]
pub struct Turn<C> {
    parts: Arc<TurnParts<C>>,
}

/// What a turn is made of.
pub(crate) struct TurnParts<C> {
    pub(crate) thread: ThreadHandle,
    pub(crate) input: Option<UserMessageItem>,
    pub(crate) owner: Owner,
    pub(crate) context: C,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) attachments: Option<Arc<dyn AttachmentStore>>,
    pub(crate) cancellation: Arc<Cancellation>,
}

impl<C> std::fmt::Debug for TurnParts<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnParts")
            .field("thread", self.thread.id())
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

impl<C> Clone for Turn<C> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts) }
    }
}

impl<C: RequestContext> Turn<C> {
    pub(crate) fn new(parts: TurnParts<C>) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Answers with an async closure that sends events through an [`Emitter`].
    pub fn stream<'a, F, Fut>(self, respond: F) -> EventStream<'a>
    where
        F: FnOnce(Self, Emitter) -> Fut,
        Fut: Future<Output = Result<(), RespondError>> + Send + 'a,
    {
        let ids = Arc::clone(&self.parts.store);
        EventStream::from_emitter(self.parts.thread.clone(), ids, |emitter| respond(self, emitter))
    }

    /// The thread, which the responder may change.
    pub fn thread(&self) -> &ThreadHandle {
        &self.parts.thread
    }

    /// The message to answer; none after a client tool's output, a structured input or an action.
    pub fn input(&self) -> Option<&UserMessageItem> {
        self.parts.input.as_ref()
    }

    /// The message as plain text; empty when there is none.
    pub fn input_text(&self) -> String {
        self.input().map(UserMessageItem::text).unwrap_or_default()
    }

    /// What is known about the request.
    pub fn context(&self) -> &C {
        &self.parts.context
    }

    /// Whose thread it is.
    pub fn owner(&self) -> &Owner {
        &self.parts.owner
    }

    /// A new id for an item of the thread.
    pub fn new_item_id(&self, kind: IdKind) -> ItemId {
        self.parts.store.generate_item_id(kind, self.parts.thread.id())
    }

    /// The thread's newest items, oldest first, hidden ones included: what a model needs.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn recent_items(&self, limit: usize) -> StoreResult<Vec<ThreadItem>> {
        let page = PageRequest::first(limit.max(1), chatkit_protocol::Order::Desc);
        let mut items = self.load_items(&page).await?.data;
        items.reverse();
        Ok(items)
    }

    /// A page of the thread's items, hidden ones included.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn load_items(&self, page: &PageRequest) -> StoreResult<Page<ThreadItem>> {
        let TurnParts { store, owner, thread, .. } = &*self.parts;
        store.load_thread_items(owner, thread.id(), page, Visibility::All).await
    }

    /// The store behind, for what has no method here. Calls want the [owner](Self::owner).
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// Where the bytes of attachments are kept, if users may attach files. Calls want the
    /// [owner](Self::owner).
    pub fn attachments(&self) -> Option<&Arc<dyn AttachmentStore>> {
        self.parts.attachments.as_ref()
    }

    /// Waits until the turn is cancelled, and says why. It never is when it ends otherwise.
    ///
    /// A cancelled responder is dropped. One that waits to be told is polled a little longer, for
    /// the [grace](crate::RunOptions::cancel_grace), to let go of what dropping does not end; what
    /// it yields then is not sent any more.
    pub async fn cancelled(&self) -> CancelReason {
        self.parts.cancellation.cancelled().await
    }

    /// What tells tools and calls of models that the turn was cancelled.
    pub fn cancel_token(&self) -> CancelToken {
        CancelToken::new(Arc::clone(&self.parts.cancellation))
    }

    /// Whether the turn was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.parts.cancellation.reason().is_some()
    }

    pub(crate) fn thread_id(&self) -> &ThreadId {
        self.parts.thread.id()
    }

    pub(crate) fn thread_metadata(&self) -> ThreadMetadata {
        self.parts.thread.get()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
