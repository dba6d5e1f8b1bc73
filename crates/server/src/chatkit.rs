//! The engine: an assistant, a store, and requests in between.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use chatkit_protocol::{Op, Request, RequestBody, ThreadId, ThreadStreamEvent};
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::{
    AttachmentStore, ChatKitServer, EndReason, OpError, OpErrorKind, Owner, RequestContext, Store,
    Subscription, ThreadHandle, Turn,
    ops::{self, Start},
    respond::TurnParts,
    run::{Cancellation, Lease, Log, LogWriter, Registry, drive},
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
/// assert!(body.starts_with(b"data: {\"type\":\"thread.created\""));
/// # }
/// ```
pub struct ChatKit<S> {
    shared: Arc<Shared<S>>,
}

/// How long a turn that called a client tool may take to end once the output is there. The output
/// can overtake the end of the turn, which then was not interrupted by anything.
const TOOL_CALL_PATIENCE: Duration = Duration::from_secs(5);

/// What every request needs.
pub(crate) struct Shared<S> {
    pub(crate) server: S,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) attachments: Option<Arc<dyn AttachmentStore>>,
    pub(crate) registry: Registry,
    runs: TaskTracker,
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
        Self::assemble(server, Arc::new(store), None)
    }

    /// A server whose users may attach files.
    pub fn with_attachments(
        server: S,
        store: impl Store,
        attachments: impl AttachmentStore,
    ) -> Self {
        Self::assemble(server, Arc::new(store), Some(Arc::new(attachments)))
    }

    /// A server of parts that others hold as well.
    pub fn assemble(
        server: S,
        store: Arc<dyn Store>,
        attachments: Option<Arc<dyn AttachmentStore>>,
    ) -> Self {
        let registry = Registry::default();
        let runs = TaskTracker::new();
        Self { shared: Arc::new(Shared { server, store, attachments, registry, runs }) }
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
        match Request::parse(body) {
            Ok(request) => self.process_request(request, context).await,
            Err(error) => {
                let op = error.op;
                self.refuse(op, error.into())
            }
        }
    }

    /// Answers a request that was read already.
    ///
    /// An op runs to its end even when the returned future is dropped.
    pub async fn process_request(&self, request: Request, context: S::Context) -> Response {
        let op = request.body.op();
        if self.shared.runs.is_closed() {
            let message = "the server is shutting down";
            return self.refuse(Some(op), OpError::new(OpErrorKind::Unavailable, message));
        }
        if op.is_streaming() {
            return Response::Stream(self.spawn_run(request.body, context));
        }
        let shared = Arc::clone(&self.shared);
        let answering = async move { ops::answer(&shared, request.body, context).await };
        match self.shared.runs.spawn(answering).await {
            Ok(Ok(body)) => Response::Json { status: 200, body: body.into() },
            Ok(Err(error)) => self.refuse(Some(op), error),
            Err(panicked) => self.refuse(Some(op), OpError::unexpected(panicked)),
        }
    }

    /// Cancels all running turns, refuses further requests, and waits until all is cleaned up.
    pub async fn shut_down(&self) {
        self.shared.runs.close();
        self.shared.registry.shut_down();
        self.shared.runs.wait().await;
    }

    /// How many turns and other ops are under way.
    pub fn active(&self) -> usize {
        self.shared.runs.len()
    }

    fn spawn_run(&self, request: RequestBody, context: S::Context) -> Subscription {
        let log = Arc::new(Log::default());
        let cancellation = Arc::new(Cancellation::default());
        let subscription = Subscription::new(Arc::clone(&log), Arc::clone(&cancellation));
        let shared = Arc::clone(&self.shared);
        let _detached = self.shared.runs.spawn(async move {
            run(&shared, request, context, cancellation, LogWriter::new(log)).await;
        });
        subscription
    }

    fn refuse(&self, op: Option<Op>, error: OpError) -> Response {
        error.log(op.map_or("unknown", Op::as_str));
        if op.is_some_and(Op::is_streaming) {
            let log = Arc::new(Log::default());
            let subscription = Subscription::new(Arc::clone(&log), Arc::default());
            let mut writer = LogWriter::new(log);
            if writer.send(ThreadStreamEvent::Error(error.into_event())).is_ok() {
                writer.finish(EndReason::Failed);
            }
            return Response::Stream(subscription);
        }
        let status = error.kind.status();
        let body = json!({ "message": error.message }).to_string();
        Response::Json { status, body: body.into() }
    }
}

/// One run, from taking over its thread to giving it back.
async fn run<S: ChatKitServer>(
    shared: &Shared<S>,
    request: RequestBody,
    context: S::Context,
    cancellation: Arc<Cancellation>,
    mut writer: LogWriter,
) {
    let owner = context.owner();
    let op = request.op();
    let thread_id =
        thread_of(&request).cloned().unwrap_or_else(|| shared.store.generate_thread_id());
    let entered = enter(shared, &owner, &thread_id, &cancellation, request);
    // Boxed, so that the run does not keep room for it while it streams.
    let (start, _lease) = match Box::pin(entered).await {
        Ok(entered) => entered,
        Err(error) => return fail(writer, op, error),
    };
    let Start { thread, input, respond, before, after } = start;
    send_all(&mut writer, before);
    let turn = Turn::new(TurnParts {
        thread: ThreadHandle::new(thread),
        input,
        owner,
        context,
        store: Arc::clone(&shared.store),
        cancellation,
    });
    let end = drive(&shared.server, turn, respond, after, &mut writer).await;
    tracing::debug!(thread = %thread_id, %op, ?end, "the run ended");
    writer.finish(end);
}

/// Prepares the turn and gives it the thread. A request that is refused stops nothing: it is
/// checked before it takes over, and where only the store can decide, it decides before.
async fn enter<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    thread_id: &ThreadId,
    cancellation: &Arc<Cancellation>,
    request: RequestBody,
) -> Result<(Start, Lease), OpError> {
    let (store, registry) = (&*shared.store, &shared.registry);
    let op = request.op();
    if matches!(op, Op::ThreadsAddClientToolOutput | Op::ThreadsAddStructuredInput) {
        let mut start = ops::start(store, owner, thread_id, request).await?;
        let lease = match op {
            Op::ThreadsAddClientToolOutput => {
                registry.follow(owner, thread_id, cancellation, TOOL_CALL_PATIENCE).await
            }
            _ => registry.take_over(owner, thread_id, cancellation).await,
        };
        start.thread = store.load_thread(owner, thread_id).await?;
        return Ok((start, lease));
    }
    if registry.is_busy(owner, thread_id) {
        ops::check(store, owner, thread_id, &request).await?;
    }
    let lease = registry.take_over(owner, thread_id, cancellation).await;
    Ok((ops::start(store, owner, thread_id, request).await?, lease))
}

fn fail(mut writer: LogWriter, op: Op, error: OpError) {
    error.log(op.as_str());
    send_all(&mut writer, [ThreadStreamEvent::Error(error.into_event())]);
    writer.finish(EndReason::Failed);
}

fn send_all(writer: &mut LogWriter, events: impl IntoIterator<Item = ThreadStreamEvent>) {
    for event in events {
        if let Err(error) = writer.send(event) {
            tracing::error!(%error, "an event could not be written");
        }
    }
}

fn thread_of(request: &RequestBody) -> Option<&ThreadId> {
    match request {
        RequestBody::ThreadsAddUserMessage(params) => Some(&params.thread_id),
        RequestBody::ThreadsAddClientToolOutput(params) => Some(&params.thread_id),
        RequestBody::ThreadsAddStructuredInput(params) => Some(&params.thread_id),
        RequestBody::ThreadsRetryAfterItem(params) => Some(&params.thread_id),
        RequestBody::ThreadsCustomAction(params) => Some(&params.thread_id),
        _ => None,
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
