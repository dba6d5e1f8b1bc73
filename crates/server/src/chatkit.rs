//! The engine: an assistant, a store, and requests in between.

mod builder;
#[cfg(test)]
mod tests;

pub use builder::ChatKitBuilder;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chatkit_protocol::{Op, Request, RequestBody, RequestError, ThreadStreamEvent};
use serde_json::json;
use tokio::time::{Instant, timeout};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tracing::{Instrument as _, Span};

use crate::{
    AttachmentStore, ChatKitServer, ClientInfo, Coordinator, Observer, OpError, OpErrorKind,
    RunHandle, RunOptions, Store, StoreResult, Subscription, ops, recover,
    run::{BlockGuard, Held, LogWriter, run},
    spans,
};

/// A ChatKit server without a transport: takes requests, keeps threads in a store, and has an
/// assistant answer. Cheap to clone.
///
/// ```
/// use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Response, Turn};
/// use futures_util::StreamExt;
///
/// struct Echo;
///
/// impl ChatKitServer for Echo {
///     type Context = ();
///
///     fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
///         turn.stream(async move |turn, events| events.message(turn.input_text()).await)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let chatkit = ChatKit::new(Echo, MemoryStore::new());
/// let request = br#"{"type": "threads.create", "params": {"input": {
///     "content": [{"type": "input_text", "text": "hello"}], "attachments": [], "inference_options": {}
/// }}}"#;
/// let Response::Stream(frames) = chatkit.process(request, ()).await else { panic!("a stream") };
/// let body: Vec<u8> = frames.collect::<Vec<_>>().await.concat();
/// let body = String::from_utf8_lossy(&body);
/// assert!(body.contains(r#"data: {"type":"thread.created""#));
/// # }
/// ```
pub struct ChatKit<S> {
    shared: Arc<Shared<S>>,
}

/// What every request needs.
pub(crate) struct Shared<S> {
    pub(crate) server: S,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) attachments: Option<Arc<dyn AttachmentStore>>,
    pub(crate) coordinator: Arc<dyn Coordinator>,
    pub(crate) options: RunOptions,
    observer: Option<Arc<dyn Observer>>,
    pub(crate) guard: BlockGuard,
    /// Closed when no new turns are taken.
    runs: TaskTracker,
    shut_down: AtomicBool,
    /// Whether turns that a crash left open were closed.
    recovered: tokio::sync::Mutex<bool>,
}

impl<S> Shared<S> {
    /// Closes what a crash left open, unless that is done, and says how many turns there were. No
    /// turn may begin before: its checkpoint would be taken for one of those.
    pub(crate) async fn recover_once(&self) -> StoreResult<usize> {
        if !self.store.keeps_checkpoints() {
            return Ok(0);
        }
        let mut recovered = self.recovered.lock().await;
        if *recovered {
            return Ok(0);
        }
        let closed = recover::recover(&*self.store).await?;
        *recovered = true;
        Ok(closed)
    }
}

/// The answer to a request.
#[derive(Debug)]
#[must_use]
pub enum Response {
    /// One JSON document. Failures have a body `{"message": …}`.
    Json {
        /// The HTTP status.
        status: u16,
        /// The document.
        body: Bytes,
    },
    /// Server-sent events, always with status 200: failures are `error` events.
    Stream(Subscription),
}

impl<S: ChatKitServer> ChatKit<S> {
    /// A server without attachments.
    pub fn new(server: S, store: impl Store) -> Self {
        Self::builder(server, Arc::new(store)).build()
    }

    /// A server whose users may attach files.
    pub fn with_attachments(
        server: S,
        store: impl Store,
        attachments: impl AttachmentStore,
    ) -> Self {
        Self::builder(server, Arc::new(store)).attachments(Arc::new(attachments)).build()
    }

    /// A server of parts that others hold as well, with options.
    pub fn builder(server: S, store: Arc<dyn Store>) -> ChatKitBuilder<S> {
        ChatKitBuilder::new(server, store)
    }

    /// The application's part.
    pub fn server(&self) -> &S {
        &self.shared.server
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Answers a request from its body. Never fails: what is wrong is in the response.
    pub async fn process(&self, body: &[u8], context: S::Context) -> Response {
        self.process_from(ClientInfo::default(), body, context).await
    }

    /// Answers a request of a client that something more is known about.
    pub async fn process_from(
        &self,
        client: ClientInfo,
        body: &[u8],
        context: S::Context,
    ) -> Response {
        self.process_parsed(client, Request::parse(body), context).await
    }

    /// Answers a request that was read already, as [`Request::parse`] has it: for a transport that
    /// needs to know the op.
    pub async fn process_parsed(
        &self,
        client: ClientInfo,
        request: Result<Request, RequestError>,
        context: S::Context,
    ) -> Response {
        match request {
            Ok(request) => self.process_request(client, request, context).await,
            Err(error) => {
                let op = error.op;
                self.refuse(op, self.clock(), error.into())
            }
        }
    }

    /// Answers a request that was read already and is well formed.
    ///
    /// An op runs to its end even when the returned future is dropped.
    ///
    /// What happens is in a span `request` with the op, the thread and the owner: the current one
    /// if a transport has opened it, with these fields empty, or a new one. A turn has a span `run`
    /// of its own, which follows from it.
    pub async fn process_request(
        &self,
        client: ClientInfo,
        request: Request,
        context: S::Context,
    ) -> Response {
        let span = spans::request(&request.body, &context);
        let answered = self.answer(client, request, context, &span).await;
        if let Response::Json { status, .. } = &answered {
            span.record("status", status);
        }
        answered
    }

    async fn answer(
        &self,
        client: ClientInfo,
        request: Request,
        context: S::Context,
        span: &Span,
    ) -> Response {
        let (op, begun) = (request.body.op(), self.clock());
        // Taken before the look at the gate, so that a shutdown waits for who has passed it.
        let token = self.shared.runs.token();
        let starts_turn = op.is_streaming() && op != Op::ThreadsAttach;
        let is_over = self.shared.shut_down.load(Ordering::Acquire);
        if is_over || (starts_turn && self.shared.runs.is_closed()) {
            let message = "the server is shutting down";
            return self.refuse(Some(op), begun, OpError::new(OpErrorKind::Unavailable, message));
        }
        if starts_turn {
            return Response::Stream(self.spawn_run(&client, request.body, context, token, span));
        }
        if let RequestBody::ThreadsAttach(params) = request.body {
            return match ops::attach(&self.shared, &client, params, &context).await {
                Ok(subscription) => {
                    self.tell_answered(Some(op), begun, 200);
                    Response::Stream(subscription)
                }
                Err(error) => self.refuse(Some(op), begun, error),
            };
        }
        let chatkit = self.clone();
        // Told and logged there, as whoever has asked may be gone.
        let answering = async move {
            match ops::answer(&chatkit.shared, request.body, context).await {
                Ok(body) => {
                    chatkit.tell_answered(Some(op), begun, 200);
                    Response::Json { status: 200, body: body.into() }
                }
                Err(error) => chatkit.refuse(Some(op), begun, error),
            }
        };
        match self.shared.runs.spawn(answering.instrument(span.clone())).await {
            Ok(answer) => answer,
            Err(panicked) => self.refuse(Some(op), begun, OpError::unexpected(panicked)),
        }
    }

    /// Closes the turns that a crash has left open in the store: keeps what clients had seen, and
    /// leaves a note for the model. Says how many there were. Happens before the first turn in any
    /// case; called at the start, threads show what was kept from the first request on. Only the
    /// first call does something.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn recover(&self) -> StoreResult<usize> {
        self.shared.recover_once().await
    }

    /// Refuses new turns from now on; what runs goes on.
    pub fn close(&self) {
        self.shared.runs.close();
    }

    /// [Closes](Self::close), lets those that run end within the grace, cancels the rest,
    /// and waits until all is cleaned up.
    pub async fn shut_down(&self, grace: Duration) {
        self.close();
        // Whoever is still there when the grace is over is told to end.
        let _ = timeout(grace, self.shared.runs.wait()).await;
        self.shared.shut_down.store(true, Ordering::Release);
        self.shared.coordinator.shut_down();
        self.shared.runs.wait().await;
    }

    /// How many turns and other ops are under way.
    pub fn active(&self) -> usize {
        self.shared.runs.len()
    }

    fn spawn_run(
        &self,
        client: &ClientInfo,
        request: RequestBody,
        context: S::Context,
        token: TaskTrackerToken,
        asked_by: &Span,
    ) -> Subscription {
        let handle = RunHandle::observed(client.resumable, self.shared.observer.clone());
        let subscription = Subscription::new(handle.clone(), 0);
        let shared = Arc::clone(&self.shared);
        let span = spans::run(request.op(), handle.id(), &context, asked_by);
        let held = Held { shared, context, _token: token };
        let running = run(held, Box::new(request), handle);
        let _detached = tokio::spawn(running.instrument(span));
        subscription
    }

    /// The time, if somebody wants to know how long an answer takes.
    fn clock(&self) -> Option<Instant> {
        self.shared.observer.is_some().then(Instant::now)
    }

    fn tell_answered(&self, op: Option<Op>, begun: Option<Instant>, status: u16) {
        if let (Some(observer), Some(begun)) = (&self.shared.observer, begun) {
            observer.op_answered(op, status, begun.elapsed());
        }
    }

    fn refuse(&self, op: Option<Op>, begun: Option<Instant>, error: OpError) -> Response {
        error.log(op.map_or("unknown", Op::as_str));
        self.tell_answered(op, begun, error.kind.status());
        if op.is_some_and(Op::is_streaming) {
            let (handle, end) = (RunHandle::new(false), error.end());
            let subscription = Subscription::new(handle.clone(), 0);
            let mut writer = LogWriter::new(handle);
            if writer.send(ThreadStreamEvent::Error(error.into_event())).is_ok() {
                writer.end(end);
            }
            return Response::Stream(subscription);
        }
        let status = error.kind.status();
        let body = json!({ "message": error.message }).to_string();
        Response::Json { status, body: body.into() }
    }
}

impl<S> Clone for ChatKit<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S> fmt::Debug for ChatKit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatKit").field("active", &self.shared.runs.len()).finish_non_exhaustive()
    }
}
