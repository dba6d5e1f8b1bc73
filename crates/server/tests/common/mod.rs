//! What the tests of the engine share: a server made of a closure, requests, and a slow store.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Order, Page, ThreadId, ThreadItem, ThreadMetadata,
    ThreadStreamEvent,
};
use chatkit_server::{
    ChatKit, ChatKitServer, Checkpoint, ClientInfo, EventStream, MemoryStore, Owner, PageRequest,
    Response, Store, StoreError, StoreResult, Subscription, Turn, Visibility, async_trait,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

type Respond = dyn Fn(Turn<()>) -> EventStream<'static> + Send + Sync;

/// A server whose `respond` is a closure.
pub(crate) struct Server(Box<Respond>);

impl Server {
    pub(crate) fn new(
        respond: impl Fn(Turn<()>) -> EventStream<'static> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(respond))
    }
}

impl ChatKitServer for Server {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        (self.0)(turn)
    }
}

pub(crate) fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}})
}

pub(crate) fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

pub(crate) fn add_message(thread_id: &str, text: &str) -> Value {
    json!({"type": "threads.add_user_message", "params": {"thread_id": thread_id, "input": input(text)}})
}

pub(crate) async fn stream<S: ChatKitServer<Context = ()>>(
    chatkit: &ChatKit<S>,
    request: Value,
) -> Subscription {
    match chatkit.process(request.to_string().as_bytes(), ()).await {
        Response::Stream(frames) => frames,
        other @ Response::Json { .. } => panic!("expected a stream, found {other:?}"),
    }
}

pub(crate) async fn events<S: ChatKitServer<Context = ()>>(
    chatkit: &ChatKit<S>,
    request: Value,
) -> Vec<ThreadStreamEvent> {
    let mut frames = stream(chatkit, request).await;
    let mut events = Vec::new();
    while let Some(more) = next(&mut frames).await {
        events.extend(more);
    }
    events
}

/// The stream of a client that something is known about.
pub(crate) async fn request_from<S: ChatKitServer<Context = ()>>(
    chatkit: &ChatKit<S>,
    client: ClientInfo,
    request: Value,
) -> Subscription {
    match chatkit.process_from(client, request.to_string().as_bytes(), ()).await {
        Response::Stream(frames) => frames,
        other @ Response::Json { .. } => panic!("expected a stream, found {other:?}"),
    }
}

/// The events of the next chunk.
pub(crate) async fn next(frames: &mut Subscription) -> Option<Vec<ThreadStreamEvent>> {
    Some(next_frames(frames).await?.into_iter().map(|(_, event)| event).collect())
}

/// The events of the next chunk with their ids.
pub(crate) async fn next_frames(
    frames: &mut Subscription,
) -> Option<Vec<(String, ThreadStreamEvent)>> {
    let chunk = String::from_utf8(frames.next().await?.to_vec()).unwrap();
    let frames = chunk.split_terminator("\n\n").map(|frame| {
        let (id, json) = frame.strip_prefix("id: ").unwrap().split_once("\ndata: ").unwrap();
        (id.to_owned(), serde_json::from_str(json).unwrap())
    });
    Some(frames.collect())
}

/// Reads until an event of a kind was seen; returns all events read.
pub(crate) async fn until(frames: &mut Subscription, kind: &str) -> Vec<ThreadStreamEvent> {
    let mut seen = Vec::new();
    while !seen.iter().any(|event: &ThreadStreamEvent| event.kind() == kind) {
        let more = next(frames).await;
        seen.extend(more.unwrap_or_else(|| panic!("the stream ended without {kind}: {seen:?}")));
    }
    seen
}

pub(crate) fn kinds(events: &[ThreadStreamEvent]) -> Vec<&'static str> {
    events.iter().map(ThreadStreamEvent::kind).collect()
}

pub(crate) async fn json<S: ChatKitServer<Context = ()>>(
    chatkit: &ChatKit<S>,
    request: Value,
) -> (u16, Value) {
    match chatkit.process(request.to_string().as_bytes(), ()).await {
        Response::Json { status, body } => (status, serde_json::from_slice(&body).unwrap()),
        other @ Response::Stream(_) => panic!("expected JSON, found {other:?}"),
    }
}

/// The thread that a stream created.
pub(crate) fn created(events: &[ThreadStreamEvent]) -> ThreadId {
    match &events[0] {
        ThreadStreamEvent::ThreadCreated { thread } => thread.id.clone(),
        other => panic!("expected thread.created, found {other:?}"),
    }
}

/// All items of a thread in the store, hidden ones included, oldest first.
pub(crate) async fn stored(store: &dyn Store, thread_id: &ThreadId) -> Vec<ThreadItem> {
    let page = PageRequest::first(1000, Order::Asc);
    let page = store.load_thread_items(&Owner::default(), thread_id, &page, Visibility::All).await;
    page.unwrap().data
}

/// Items in short: the kind, and the text where there is one.
pub(crate) fn brief(items: &[ThreadItem]) -> Vec<(&str, String)> {
    items.iter().map(|item| (item.kind(), text(item))).collect()
}

fn text(item: &ThreadItem) -> String {
    match item {
        ThreadItem::UserMessage(message) => message.text(),
        ThreadItem::AssistantMessage(message) => message.text(),
        ThreadItem::SdkHiddenContext(note) => note.content.clone(),
        _ => String::new(),
    }
}

/// Waits until no run is left.
pub(crate) async fn idle<S: ChatKitServer>(chatkit: &ChatKit<S>) {
    while chatkit.active() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A store that takes its time with each call, counts the calls, fails when told to, and keeps
/// checkpoints if it is to.
#[derive(Default)]
pub(crate) struct SlowStore {
    pub(crate) inner: Arc<MemoryStore>,
    pub(crate) delay: Duration,
    pub(crate) calls: AtomicUsize,
    pub(crate) broken: Arc<AtomicBool>,
    /// How many of the next calls fail.
    pub(crate) failures: Arc<AtomicUsize>,
    pub(crate) checkpoints: Option<Mutex<BTreeMap<ThreadId, Checkpoint>>>,
    /// How many checkpoints were written.
    pub(crate) noted: AtomicUsize,
}

impl SlowStore {
    /// One that keeps checkpoints and is not slow.
    pub(crate) fn noting() -> Arc<Self> {
        Arc::new(Self { checkpoints: Some(Mutex::default()), ..Self::default() })
    }

    /// What a crash would leave: the same items, and the checkpoints as they are.
    pub(crate) fn as_it_is(&self) -> Arc<Self> {
        let checkpoints = self.checkpoints.as_ref();
        let checkpoints = checkpoints.map(|noted| Mutex::new(noted.lock().unwrap().clone()));
        Arc::new(Self { inner: Arc::clone(&self.inner), checkpoints, ..Self::default() })
    }

    pub(crate) fn checkpoint(&self, thread_id: &ThreadId) -> Option<Checkpoint> {
        self.checkpoints.as_ref().unwrap().lock().unwrap().get(thread_id).cloned()
    }

    async fn wait(&self) -> StoreResult<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let one_less = |failures: usize| failures.checked_sub(1);
        let failed =
            self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        if failed || self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::backend("the disk is on fire"));
        }
        Ok(())
    }
}

#[async_trait]
impl Store for SlowStore {
    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        self.wait().await?;
        self.inner.load_thread(owner, id).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        self.wait().await?;
        self.inner.save_thread(owner, thread).await
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        self.wait().await?;
        self.inner.load_threads(owner, page).await
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        self.wait().await?;
        self.inner.delete_thread(owner, id).await
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        self.wait().await?;
        self.inner.load_thread_items(owner, thread_id, page, visibility).await
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.wait().await?;
        self.inner.load_item(owner, thread_id, id).await
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        self.wait().await?;
        self.inner.save_item(owner, thread_id, item).await
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<()> {
        self.wait().await?;
        self.inner.delete_item(owner, thread_id, id).await
    }

    fn keeps_checkpoints(&self) -> bool {
        self.checkpoints.is_some()
    }

    async fn save_checkpoint(&self, _: &Owner, checkpoint: &Checkpoint) -> StoreResult<()> {
        self.wait().await?;
        self.noted.fetch_add(1, Ordering::SeqCst);
        let checkpoints = self.checkpoints.as_ref().unwrap();
        checkpoints.lock().unwrap().insert(checkpoint.thread_id.clone(), checkpoint.clone());
        Ok(())
    }

    async fn delete_checkpoint(&self, _: &Owner, thread_id: &ThreadId) -> StoreResult<()> {
        self.wait().await?;
        self.checkpoints.as_ref().unwrap().lock().unwrap().remove(thread_id);
        Ok(())
    }

    async fn load_checkpoints(&self, limit: usize) -> StoreResult<Vec<(Owner, Checkpoint)>> {
        let checkpoints = self.checkpoints.as_ref().unwrap().lock().unwrap();
        let all = checkpoints.values().map(|noted| (Owner::default(), noted.clone()));
        Ok(all.take(limit).collect())
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.wait().await?;
        self.inner.save_attachment(owner, attachment).await
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.wait().await?;
        self.inner.load_attachment(owner, id).await
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        self.wait().await?;
        self.inner.delete_attachment(owner, id).await
    }
}
