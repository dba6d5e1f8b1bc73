//! The task behind a streamed response, from its request to its end.

use std::{pin::pin, sync::Arc, time::Duration};

use chatkit_protocol::{Icon, ItemId, Op, Order, RequestBody, ThreadId, ThreadStreamEvent};
use tokio::time::timeout;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{
    EndReason, LogWriter, MultitaskStrategy, RunHandle, RunOptions,
    drive::{Drive, Opening},
    watched::Watched,
};
use crate::{
    Busy, ChatKitServer, Entry, Lease, OpError, OpErrorKind, PageRequest, RequestContext,
    StoreResult, ThreadHandle, ThreadKey, Turn, Visibility,
    chatkit::Shared,
    ops::{self, Start},
    respond::TurnParts,
    spans,
};

/// How long a turn that called a client tool may take to end once the output is there. The output
/// can overtake the end of the turn, which then was not interrupted by anything.
const TOOL_CALL_PATIENCE: Duration = Duration::from_secs(5);

/// How long a client waits for its thread without being told why.
const WAITS_SILENTLY: Duration = Duration::from_secs(1);
/// The same when it is to queue for it: the run before may be at its end.
const QUEUES_SILENTLY: Duration = Duration::from_millis(50);

/// What a run holds to its end, let go in this order: who waits for the end of all runs may rely on
/// it that nothing is held any more.
pub(crate) struct Held<S: ChatKitServer> {
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) context: S::Context,
    pub(crate) _token: TaskTrackerToken,
}

/// Runs a streaming op to its end.
///
/// For as long as it streams a run keeps all that its future has room for. So what is needed only
/// before and afterwards is boxed.
#[expect(clippy::manual_async_fn, reason = "an async function keeps its arguments twice")]
pub(crate) fn run<S: ChatKitServer>(
    held: Held<S>,
    request: Box<RequestBody>,
    run: RunHandle,
) -> impl Future<Output = ()> + Send {
    async move {
        let held = held;
        let Held { shared, context, .. } = &held;
        let mut writer = LogWriter::new(run.clone());
        let op = request.op();
        let thread_id =
            request.thread_id().cloned().unwrap_or_else(|| shared.store.generate_thread_id());
        let mut watched = Watched::start(op, thread_id, run);
        let (thread_id, run) = (&watched.thread_id, &watched.run);
        spans::of_thread(thread_id);
        let own = own_options(shared, &request, context);
        let options = own.as_deref().unwrap_or(&shared.options);
        let entered = Box::pin(async {
            shared.recover_once().await?;
            let entering = Entering { shared, context, run, options };
            entering.prepare(thread_id, request, &mut writer).await
        });
        let mut prepared = match entered.await {
            Ok(prepared) => prepared,
            Err(error) => {
                watched.answered(error.kind.status());
                error.log(op.as_str());
                let end = error.end();
                send_all(&mut writer, [ThreadStreamEvent::Error(error.into_event())]);
                writer.end(end);
                return tell_end(shared, context, watched, end);
            }
        };
        watched.answered(200);
        let turn = &prepared.turn;
        if options.log_content {
            spans::log_input(turn.input());
        }
        let drive = Drive {
            server: &shared.server,
            turn,
            run,
            options,
            guard: &shared.guard,
            writer: &mut writer,
            stopwatch: &mut watched.stopwatch,
            lease: &mut prepared.lease,
            last_before: prepared.last_before.as_ref(),
        };
        let (end, checkpoints) = drive.drive(prepared.opening).await;
        writer.end(end);
        run.cancellation().forget_task();
        if checkpoints.are_written() {
            Box::pin(checkpoints.forget(turn)).await;
        }
        drop(prepared.lease);
        tell_end(shared, context, watched, end);
    }
}

/// The options of this run, if they are not those of all.
fn own_options<S: ChatKitServer>(
    shared: &Shared<S>,
    request: &RequestBody,
    context: &S::Context,
) -> Option<Box<RunOptions>> {
    let options = shared.server.run_options(request, context, shared.options);
    (options != shared.options).then(|| Box::new(options))
}

fn tell_end<S: ChatKitServer>(
    shared: &Shared<S>,
    context: &S::Context,
    watched: Watched,
    end: EndReason,
) {
    let stats = watched.end(end);
    stats.log();
    spans::ended(end);
    shared.server.stream_ended(&stats, context);
}

/// A run on its way to its thread.
struct Entering<'a, S: ChatKitServer> {
    shared: &'a Shared<S>,
    context: &'a S::Context,
    run: &'a RunHandle,
    options: &'a RunOptions,
}

/// A turn that has its thread.
struct Prepared<C> {
    turn: Turn<C>,
    opening: Box<Opening>,
    lease: Lease,
    /// The last item that was stored before, if the turn answers no message.
    last_before: Option<ItemId>,
}

impl<S: ChatKitServer> Entering<'_, S> {
    /// Gets the thread, writes the request to it, and sends what comes before the stream options.
    async fn prepare(
        &self,
        thread_id: &ThreadId,
        request: Box<RequestBody>,
        writer: &mut LogWriter,
    ) -> Result<Prepared<S::Context>, OpError> {
        let key = ThreadKey { owner: self.context.owner(), thread_id: thread_id.clone() };
        let (start, lease) = self.enter(&key, request, writer).await?;
        let Start { thread, input, respond, before, after } = start;
        let last_before = match &input {
            Some(_) => None,
            None => self.last_item(&key).await?,
        };
        let removed = lease.removed().iter().cloned();
        send_all(writer, removed.map(|item_id| ThreadStreamEvent::ThreadItemRemoved { item_id }));
        send_all(writer, before);
        let turn = Turn::new(TurnParts {
            thread: ThreadHandle::new(thread),
            input,
            owner: key.owner,
            context: self.context.clone(),
            store: Arc::clone(&self.shared.store),
            attachments: self.shared.attachments.clone(),
            cancellation: Arc::clone(self.run.cancellation()),
        });
        let opening = Box::new(Opening { respond, first: after });
        Ok(Prepared { turn, opening, lease, last_before })
    }

    async fn last_item(&self, key: &ThreadKey) -> StoreResult<Option<ItemId>> {
        let newest = PageRequest::first(1, Order::Desc);
        let store = &self.shared.store;
        let page = store.load_thread_items(&key.owner, &key.thread_id, &newest, Visibility::All);
        Ok(page.await?.data.first().map(|item| item.id().clone()))
    }

    /// Prepares the turn and gives it the thread. A request that is refused stops nothing: it is
    /// checked before it takes over, and where only the store can decide, it decides before.
    async fn enter(
        &self,
        key: &ThreadKey,
        request: Box<RequestBody>,
        writer: &mut LogWriter,
    ) -> Result<(Start, Lease), OpError> {
        let (store, coordinator) = (&*self.shared.store, &*self.shared.coordinator);
        let ThreadKey { owner, thread_id } = key;
        let op = request.op();
        let entry = self.entry(op);
        let is_busy = coordinator.is_busy(key).await;
        // The output of a tool comes while its turn ends; an answer may come at any time.
        if op == Op::ThreadsAddStructuredInput && is_busy && entry == Entry::Reject {
            return Err(Busy::Running.into());
        }
        if matches!(op, Op::ThreadsAddClientToolOutput | Op::ThreadsAddStructuredInput) {
            let mut start = ops::start(store, owner, thread_id, *request).await?;
            // From here on it cannot be refused any more.
            let entry = match entry {
                Entry::Reject | Entry::Enqueue { .. } => Entry::Enqueue { limit: usize::MAX },
                entry => entry,
            };
            let lease = self.wait(key, entry, writer).await?;
            start.thread = store.load_thread(owner, thread_id).await?;
            return Ok((start, lease));
        }
        if is_busy {
            ops::check(store, owner, thread_id, &request).await?;
        }
        let mut lease = self.wait(key, entry, writer).await?;
        match ops::start(store, owner, thread_id, *request).await {
            Ok(start) => Ok((start, lease)),
            Err(error) => {
                lease.pass_on(Vec::new());
                Err(error)
            }
        }
    }

    fn entry(&self, op: Op) -> Entry {
        match (op, self.options.multitask_strategy) {
            (
                Op::ThreadsAddClientToolOutput,
                MultitaskStrategy::Interrupt | MultitaskStrategy::Rollback,
            ) => Entry::Follow(TOOL_CALL_PATIENCE),
            (Op::ThreadsAddUserMessage, MultitaskStrategy::Rollback) => Entry::Rollback,
            (_, MultitaskStrategy::Reject) => Entry::Reject,
            (_, MultitaskStrategy::Enqueue) => Entry::Enqueue { limit: self.options.queue_limit },
            (_, MultitaskStrategy::Interrupt | MultitaskStrategy::Rollback) => Entry::Interrupt,
        }
    }

    /// Waits for the thread. Who has to queue for it is told so, at once or when it takes longer
    /// than it should.
    async fn wait(
        &self,
        key: &ThreadKey,
        entry: Entry,
        writer: &mut LogWriter,
    ) -> Result<Lease, Busy> {
        let mut entering = pin!(self.shared.coordinator.enter(key, self.run, entry));
        let patience = match entry {
            Entry::Enqueue { .. } => QUEUES_SILENTLY,
            _ => WAITS_SILENTLY,
        };
        if let Ok(entered) = timeout(patience, &mut entering).await {
            return entered;
        }
        let waiting = "Waiting for the response before this one";
        send_all(writer, [ThreadStreamEvent::progress(Some(Icon::from("clock")), waiting)]);
        let lease = entering.await?;
        send_all(writer, [ThreadStreamEvent::progress(None, "")]);
        Ok(lease)
    }
}

impl From<Busy> for OpError {
    fn from(busy: Busy) -> Self {
        Self::new(OpErrorKind::Conflict, busy.to_string())
    }
}

fn send_all(writer: &mut LogWriter, events: impl IntoIterator<Item = ThreadStreamEvent>) {
    for event in events {
        if let Err(error) = writer.send(event) {
            tracing::error!(%error, "an event could not be written");
        }
    }
}
