//! From a responder's stream to a thread and its readers.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use chatkit_protocol::{Action, ErrorCode, Thread, ThreadItem, ThreadStreamEvent, WidgetItem};
use futures_util::FutureExt as _;
use tokio_util::sync::WaitForCancellationFuture;

use super::{CancelReason, Cancellation, EndReason, LogWriter};
use crate::{
    CancelledTurn, ChatKitServer, EventStream, RespondError, Turn,
    respond::Yielded,
    turn::{Effects, TurnState, Write, is_worth_keeping},
};

/// Which of the application's methods answers.
#[derive(Debug)]
pub(crate) enum Respond {
    /// A message, a client tool's output or a structured input.
    Message,
    /// An action, with the widget that sent it.
    Action(Action, Option<WidgetItem>),
}

/// Runs a turn to its end: stream options, what is known already (`first`), the responder's events,
/// and what remains to be done when it completes, fails or is cancelled.
pub(crate) async fn drive<S: ChatKitServer>(
    server: &S,
    turn: Turn<S::Context>,
    respond: Respond,
    first: Vec<ThreadStreamEvent>,
    writer: &mut LogWriter,
) -> EndReason {
    let mut run = Run {
        turn: &turn,
        state: TurnState::default(),
        thread_changes: turn.thread().changes(),
        writer,
    };
    let end = match run.begin(server, first) {
        Ok(()) => run.respond(server, respond).await,
        Err(error) => End::Failed(error),
    };
    match end {
        End::Completed => match run.save_thread().await {
            Ok(()) => EndReason::Completed,
            Err(error) => Box::pin(run.fail(error)).await,
        },
        End::Failed(error) => Box::pin(run.fail(error)).await,
        End::Cancelled(reason) => {
            Box::pin(run.clean_up(server, reason)).await;
            if reason == CancelReason::Shutdown {
                let error = RespondError::coded(ErrorCode::STREAM_ERROR);
                run.send_last(ThreadStreamEvent::Error(error.into_event()));
            }
            EndReason::Cancelled(reason)
        }
    }
}

struct Run<'a, C> {
    turn: &'a Turn<C>,
    state: TurnState,
    thread_changes: u64,
    writer: &'a mut LogWriter,
}

enum End {
    Completed,
    Failed(RespondError),
    Cancelled(CancelReason),
}

impl<C: crate::RequestContext> Run<'_, C> {
    fn begin<S: ChatKitServer<Context = C>>(
        &mut self,
        server: &S,
        first: Vec<ThreadStreamEvent>,
    ) -> Result<(), RespondError> {
        let stream_options =
            server.stream_options(&self.turn.thread_metadata(), self.turn.context());
        self.writer.send(ThreadStreamEvent::StreamOptions { stream_options })?;
        for event in first {
            self.writer.send(event)?;
        }
        Ok(())
    }

    async fn respond<S: ChatKitServer<Context = C>>(
        &mut self,
        server: &S,
        respond: Respond,
    ) -> End {
        if let Some(reason) = self.turn.cancellation().reason() {
            return End::Cancelled(reason);
        }
        let turn = self.turn.clone();
        let stream = catch_unwind(AssertUnwindSafe(|| match respond {
            Respond::Message => server.respond(turn),
            Respond::Action(action, sender) => server.action(turn, action, sender),
        }));
        let mut stream = match stream {
            Ok(stream) => DropQuietly(Some(stream)),
            Err(panic) => return End::Failed(panicked(&*panic)),
        };
        let mut cancelled = pin!(self.turn.cancellation().wait());
        loop {
            let next = poll_fn(|cx| {
                poll_next(&mut stream, self.turn.cancellation(), cancelled.as_mut(), cx)
            })
            .await;
            let step = match next {
                Next::Cancelled => {
                    let reason = self.turn.cancellation().reason();
                    return End::Cancelled(reason.unwrap_or(CancelReason::Stop));
                }
                Next::Yielded(None) => return End::Completed,
                Next::Yielded(Some(Err(error))) => return End::Failed(error),
                Next::Yielded(Some(Ok(Yielded::Event(event)))) => match self.apply(event) {
                    Ok(None) if self.is_saved() => Ok(()),
                    // Few events get here, and all would have to make room for its future.
                    Ok(effects) => Box::pin(self.finish(effects)).await,
                    Err(error) => Err(error),
                },
                Next::Yielded(Some(Ok(Yielded::ChangeThread(change)))) => {
                    let thread = self.turn.thread();
                    match catch_unwind(AssertUnwindSafe(|| thread.update(change))) {
                        Ok(()) => self.save_thread().await,
                        Err(panic) => Err(panicked(&*panic)),
                    }
                }
            };
            if let Err(error) = step {
                return End::Failed(error);
            }
            tokio::task::consume_budget().await;
        }
    }

    /// Applies an event and sends it. What has to be written first is returned.
    fn apply(&mut self, event: ThreadStreamEvent) -> Result<Option<Effects>, RespondError> {
        let effects = self.state.apply(event)?;
        if effects.write.is_some() {
            return Ok(Some(effects));
        }
        if let Some(event) = effects.send {
            self.writer.send(event)?;
        }
        Ok(None)
    }

    /// Writes, then sends, and saves the thread if the responder changed it.
    async fn finish(&mut self, effects: Option<Effects>) -> Result<(), RespondError> {
        let Effects { write, send } = effects.unwrap_or_default();
        if let Some(write) = write {
            let (store, owner, thread_id) =
                (self.turn.store(), self.turn.owner(), self.turn.thread_id());
            match write {
                Write::Save(item) => {
                    store.save_item(owner, thread_id, &item).await?;
                    self.state.written(item.id());
                }
                Write::Delete(item_id) => {
                    store.delete_item(owner, thread_id, &item_id).await?;
                    self.state.written(&item_id);
                }
            }
        }
        if let Some(event) = send {
            self.writer.send(event)?;
        }
        self.save_thread().await
    }

    fn is_saved(&self) -> bool {
        self.turn.thread().changes() == self.thread_changes
    }

    /// Saves the thread and lets clients know, if the responder changed it.
    async fn save_thread(&mut self) -> Result<(), RespondError> {
        let thread = self.turn.thread();
        let changes = thread.changes();
        if changes == self.thread_changes {
            return Ok(());
        }
        let Some(patch) = thread.unsaved() else {
            self.thread_changes = changes;
            return Ok(());
        };
        let stored =
            self.turn.store().update_thread(self.turn.owner(), thread.id(), &patch).await?;
        thread.saved(&patch, stored.clone());
        self.thread_changes = changes;
        let thread = Box::new(Thread::new(stored, chatkit_protocol::Page::default()));
        Ok(self.writer.send(ThreadStreamEvent::ThreadUpdated { thread })?)
    }

    /// Keeps what the user saw, and shows the error.
    async fn fail(&mut self, error: RespondError) -> EndReason {
        let thread_id = self.turn.thread_id();
        if error.is_unexpected() {
            tracing::error!(thread = %thread_id, %error, "the response failed");
        } else {
            tracing::debug!(thread = %thread_id, %error, "the response ended with an error");
        }
        for item in std::mem::take(&mut self.state).into_pending_items() {
            self.keep(&item).await;
        }
        self.send_last(ThreadStreamEvent::Error(error.into_event()));
        if let Err(error) = self.save_thread().await {
            tracing::error!(thread = %self.turn.thread_id(), %error, "the thread was not saved");
        }
        EndReason::Failed
    }

    async fn keep(&self, item: &ThreadItem) {
        if !is_worth_keeping(item) {
            return;
        }
        let saved =
            self.turn.store().save_item(self.turn.owner(), self.turn.thread_id(), item).await;
        if let Err(error) = saved {
            tracing::error!(thread = %self.turn.thread_id(), item = %item.id(), %error,
                "a partial item was lost");
        }
    }

    /// Has the application clean up. The responder is gone by now, and nothing cuts this short.
    async fn clean_up<S: ChatKitServer<Context = C>>(&mut self, server: &S, reason: CancelReason) {
        let thread_id = self.turn.thread_id().clone();
        tracing::debug!(thread = %thread_id, ?reason, "the response was cancelled");
        if let Err(error) = self.save_thread().await {
            tracing::error!(thread = %thread_id, %error, "the thread was not saved");
        }
        let pending = std::mem::take(&mut self.state).into_pending_items();
        let cancelled = CancelledTurn::new(self.turn.clone(), reason, pending);
        let handled = async { server.handle_stream_cancelled(cancelled).await };
        match AssertUnwindSafe(handled).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(thread = %thread_id, %error, "cleaning up a cancelled turn failed");
            }
            Err(panic) => {
                let error = panicked(&*panic);
                tracing::error!(thread = %thread_id, %error, "cleaning up a cancelled turn panicked");
            }
        }
    }

    fn send_last(&mut self, event: ThreadStreamEvent) {
        if let Err(error) = self.writer.send(event) {
            tracing::error!(thread = %self.turn.thread_id(), %error, "an error event was not sent");
        }
    }
}

enum Next {
    Yielded(Option<Result<Yielded, RespondError>>),
    Cancelled,
}

/// A response whose destructors may panic without taking the run with them.
struct DropQuietly<'a>(Option<EventStream<'a>>);

impl Drop for DropQuietly<'_> {
    fn drop(&mut self) {
        let stream = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(stream))) {
            tracing::error!(error = %panicked(&*panic), "a response panicked while it was dropped");
        }
    }
}

fn poll_next(
    stream: &mut DropQuietly<'_>,
    cancellation: &Cancellation,
    cancelled: Pin<&mut WaitForCancellationFuture<'_>>,
    cx: &mut Context<'_>,
) -> Poll<Next> {
    if cancellation.reason().is_some() {
        return Poll::Ready(Next::Cancelled);
    }
    let Some(stream) = &mut stream.0 else {
        return Poll::Ready(Next::Yielded(None));
    };
    match catch_unwind(AssertUnwindSafe(|| stream.poll_yielded(cx))) {
        // Only a run that waits has to be woken.
        Ok(Poll::Pending) => cancelled.poll(cx).map(|()| Next::Cancelled),
        Ok(Poll::Ready(yielded)) => Poll::Ready(Next::Yielded(yielded)),
        Err(panic) => Poll::Ready(Next::Yielded(Some(Err(panicked(&*panic))))),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> RespondError {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    RespondError::unexpected(format!("the responder panicked: {message}"))
}
