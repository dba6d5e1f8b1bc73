//! From a responder's stream to a thread and its readers.

mod alarm;
mod checkpoints;
mod end;
mod polling;

pub(crate) use polling::BlockGuard;

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use chatkit_protocol::{Action, ItemId, Thread, ThreadStreamEvent, WidgetItem};
use futures_util::poll;
use tokio::time::{Instant, timeout};

use super::{CancelReason, EndReason, LogWriter, RunHandle, RunOptions, Stopwatch, stats::millis};
use crate::{
    ChatKitServer, Lease, RespondError, Turn,
    respond::Yielded,
    turn::{Effects, Write},
};
use alarm::Alarm;
use checkpoints::Checkpoints;
use polling::{Poller, Response, panicked};

/// Which of the application's methods answers.
#[derive(Debug)]
pub(crate) enum Respond {
    /// A message, a client tool's output or a structured input.
    Message,
    /// An action, with the widget that sent it. Boxed, so that other turns keep no room for it.
    Action(Box<(Action, Option<WidgetItem>)>),
}

/// A turn that was prepared and waits for its answer.
pub(crate) struct Drive<'a, S: ChatKitServer> {
    pub(crate) server: &'a S,
    pub(crate) turn: &'a Turn<S::Context>,
    pub(crate) run: &'a RunHandle,
    pub(crate) options: &'a RunOptions,
    pub(crate) guard: &'a BlockGuard,
    pub(crate) writer: &'a mut LogWriter,
    pub(crate) stopwatch: &'a mut Stopwatch,
    pub(crate) lease: &'a mut Lease,
    /// The last item that was stored before a turn without a message.
    pub(crate) last_before: Option<&'a ItemId>,
}

impl<S: ChatKitServer> Drive<'_, S> {
    /// Runs the turn to its end: stream options, what is known already (`first`), the responder's
    /// events, and what remains to be done when it completes, fails or is cancelled.
    pub(crate) async fn drive(
        self,
        respond: Respond,
        first: Vec<ThreadStreamEvent>,
    ) -> (EndReason, Checkpoints) {
        let now = Instant::now();
        let checkpoints = Checkpoints::new(&**self.turn.store(), self.options, now);
        let thread_changes = self.turn.thread().changes();
        let mut running = Running {
            begun: now,
            alarm: Alarm::new(now),
            checkpoints,
            poller: Poller::new(self.guard),
            thread_changes,
            polled: None,
            cancelled: None,
            it: self,
        };
        // What came before, a queue or a slow store, is not the responder's silence.
        running.it.stopwatch.responding();
        running.arm(now);
        let end = match running.begin(first) {
            Ok(()) => running.respond(respond).await,
            Err(error) => End::Failed(error),
        };
        let end = match end {
            End::Completed => Box::pin(running.complete()).await,
            End::Failed(error) => Box::pin(running.fail(error)).await,
            End::Cancelled(reason) => Box::pin(running.clean_up(reason)).await,
        };
        if let Some(cancelled) = running.cancelled {
            let _ = running.it.stopwatch.silent_until(cancelled);
        }
        running.it.stopwatch.blocked_polls = running.poller.blocked_polls;
        (end, running.checkpoints)
    }
}

/// A turn that is being answered.
struct Running<'a, S: ChatKitServer> {
    it: Drive<'a, S>,
    begun: Instant,
    /// Rings when a limit may be passed or a checkpoint is due.
    alarm: Alarm,
    checkpoints: Checkpoints,
    poller: Poller<'a>,
    /// The thread's changes that were saved.
    thread_changes: u64,
    /// When the last poll of the responder ended, if nothing was waited for since: reading the
    /// clock for every event costs.
    polled: Option<Instant>,
    /// When the response was cancelled.
    cancelled: Option<Instant>,
}

enum End {
    Completed,
    Failed(RespondError),
    Cancelled(CancelReason),
}

enum Next {
    Yielded(Option<Result<Yielded, RespondError>>),
    Cancelled(CancelReason),
}

impl<S: ChatKitServer> Running<'_, S> {
    fn begin(&mut self, first: Vec<ThreadStreamEvent>) -> Result<(), RespondError> {
        let turn = self.it.turn;
        let (server, thread) = (self.it.server, turn.thread_metadata());
        let asked = AssertUnwindSafe(|| server.stream_options(&thread, turn.context()));
        let stream_options = catch_unwind(asked).map_err(|panic| panicked(&*panic))?;
        self.it.run.mind_absence(stream_options.allow_cancel, self.it.options.linger);
        self.it.writer.send(ThreadStreamEvent::StreamOptions { stream_options })?;
        for event in first {
            self.it.writer.send(event)?;
        }
        Ok(())
    }

    async fn respond(&mut self, respond: Respond) -> End {
        if let Some(reason) = self.it.run.cancel_reason() {
            return End::Cancelled(reason);
        }
        let (server, turn) = (self.it.server, self.it.turn.clone());
        let called = self.poller.poll(None, || {
            catch_unwind(AssertUnwindSafe(|| match respond {
                Respond::Message => server.respond(turn),
                Respond::Action(action) => {
                    let (action, sender) = *action;
                    server.action(turn, action, sender)
                }
            }))
        });
        if let Some(blocked) = called.blocked_first {
            self.warn_that_it_blocks(blocked);
        }
        let mut stream = match called.result {
            Ok(stream) => Response::new(stream),
            Err(panic) => return End::Failed(panicked(&*panic)),
        };
        self.it.stopwatch.responding();
        loop {
            let next = poll_fn(|cx| self.poll_next(&mut stream, cx)).await;
            let step = match next {
                Next::Cancelled(reason) => {
                    self.cancelled = Some(Instant::now());
                    if self.it.run.cancellation().is_awaited() {
                        Box::pin(stream.wind_down(self.it.options.cancel_grace)).await;
                    }
                    return End::Cancelled(reason);
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
                    let thread = self.it.turn.thread();
                    match catch_unwind(AssertUnwindSafe(|| thread.update(change))) {
                        Ok(()) => Box::pin(self.finish(None)).await,
                        Err(panic) => Err(panicked(&*panic)),
                    }
                }
            };
            if let Err(error) = step {
                return End::Failed(error);
            }
            let mut yields = pin!(tokio::task::consume_budget());
            if poll!(&mut yields).is_pending() {
                self.polled = None;
                yields.await;
            }
        }
    }

    fn poll_next(&mut self, stream: &mut Response<'_>, cx: &mut Context<'_>) -> Poll<Next> {
        let run = self.it.run;
        if let Some(reason) = run.cancel_reason() {
            return Poll::Ready(Next::Cancelled(reason));
        }
        let polled = self.poller.poll(self.polled.take(), || stream.poll_yielded(cx));
        if let Some(blocked) = polled.blocked_first {
            self.warn_that_it_blocks(blocked);
        }
        if let Poll::Ready(yielded) = polled.result {
            let now = polled.at;
            self.polled = polled.is_sure.then_some(now);
            let is_first = matches!(yielded, Some(Ok(_))) && self.it.stopwatch.heard(now);
            // Another limit holds once the responder was heard of.
            if is_first || run.cancellation().take_attention() || self.alarm.has_passed(now) {
                self.arm(now);
            }
            self.checkpoints.poll(cx);
            return Poll::Ready(Next::Yielded(yielded));
        }
        run.cancellation().register_task(cx.waker());
        if run.cancellation().take_attention() {
            self.arm(polled.at);
        }
        self.checkpoints.poll(cx);
        loop {
            if let Some(reason) = run.cancel_reason() {
                return Poll::Ready(Next::Cancelled(reason));
            }
            if self.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.arm(Instant::now());
            self.checkpoints.poll(cx);
        }
    }

    /// Does what is due and sets the alarm for what is due next.
    fn arm(&mut self, now: Instant) {
        let (heard, heard_any) = self.it.stopwatch.last_heard();
        let options = self.it.options;
        let silence = if heard_any { options.gap_timeout } else { options.first_event_timeout };
        let limits = [
            (after(heard, silence), CancelReason::Stalled),
            (after(self.begun, options.turn_timeout), CancelReason::Deadline),
            (self.it.run.lingers_until(), CancelReason::Disconnect),
        ];
        let mut next = None;
        for (limit, reason) in limits {
            match limit {
                Some(limit) if limit <= now => self.it.run.cancel(reason),
                Some(limit) => next = earliest(next, Some(limit)),
                None => {}
            }
        }
        let checkpoint = self.checkpoints.make_if_due(now, self.it.turn, self.it.run);
        self.alarm.set(earliest(next, checkpoint));
    }

    /// Applies an event and sends it. What has to be written first is returned.
    fn apply(&mut self, event: ThreadStreamEvent) -> Result<Option<Effects>, RespondError> {
        let effects = self.it.run.state().apply(event)?;
        if self.checkpoints.changed() {
            self.arm(Instant::now());
        }
        if effects.write.is_some() {
            return Ok(Some(effects));
        }
        if let Some(event) = effects.send {
            self.send(event)?;
        }
        Ok(None)
    }

    /// Writes, then sends, and saves the thread if the responder changed it.
    async fn finish(&mut self, effects: Option<Effects>) -> Result<(), RespondError> {
        self.polled = None;
        let Effects { write, send } = effects.unwrap_or_default();
        if let Some(write) = write {
            let turn = self.it.turn;
            let (store, owner, thread_id) = (turn.store(), turn.owner(), turn.thread_id());
            match write {
                Write::Save(item) => {
                    store.save_item(owner, thread_id, &item).await?;
                    self.it.run.state().written(item.id());
                }
                Write::Delete(item_id) => {
                    self.checkpoints.leave_out(&item_id, turn, self.it.run).await;
                    store.delete_item(owner, thread_id, &item_id).await?;
                    self.it.run.state().written(&item_id);
                }
            }
            // The time that the store took is not the responder's silence.
            self.it.stopwatch.responding();
        }
        if let Some(event) = send {
            self.send(event)?;
        }
        self.save_thread().await
    }

    fn send(&mut self, event: ThreadStreamEvent) -> Result<(), RespondError> {
        self.it.stopwatch.sends(&event);
        Ok(self.it.writer.send(event)?)
    }

    fn is_saved(&self) -> bool {
        self.it.turn.thread().changes() == self.thread_changes
    }

    /// Saves the thread and lets clients know, if the responder changed it.
    async fn save_thread(&mut self) -> Result<(), RespondError> {
        let turn = self.it.turn;
        let thread = turn.thread();
        let changes = thread.changes();
        if changes == self.thread_changes {
            return Ok(());
        }
        let Some(patch) = thread.unsaved() else {
            self.thread_changes = changes;
            return Ok(());
        };
        let stored = turn.store().update_thread(turn.owner(), thread.id(), &patch).await?;
        self.it.stopwatch.responding();
        thread.saved(&patch, stored.clone());
        self.thread_changes = changes;
        let thread = Box::new(Thread::new(stored, chatkit_protocol::Page::default()));
        self.send(ThreadStreamEvent::ThreadUpdated { thread })
    }

    fn warn_that_it_blocks(&self, blocked_for: Duration) {
        tracing::warn!(
            thread = %self.it.turn.thread_id(),
            run = %self.it.run.id(),
            blocked_ms = millis(blocked_for),
            "the responder blocked its thread: other streams may have waited; use async calls, \
             and tokio::task::spawn_blocking for what computes or waits without await"
        );
    }
}

impl Response<'_> {
    /// Lets a cancelled responder let go of what it holds; what it yields is dropped.
    async fn wind_down(&mut self, grace: Duration) {
        let ending = async {
            while let Some(Ok(_)) = poll_fn(|cx| self.poll_yielded(cx)).await {
                tokio::task::consume_budget().await;
            }
        };
        // Beyond the grace it is dropped all the same.
        let _ = timeout(grace, ending).await;
    }
}

/// A zero duration means never, and so does one beyond what the clock can tell.
fn after(begin: Instant, duration: Duration) -> Option<Instant> {
    if duration.is_zero() { None } else { begin.checked_add(duration) }
}

fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
