//! From a responder's stream to a thread and its readers.

mod alarm;
mod checkpoints;
mod end;
mod polling;

pub(crate) use polling::BlockGuard;

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, ready},
    time::Duration,
};

use chatkit_protocol::{Action, ItemId, Thread, ThreadStreamEvent, WidgetItem};
use tokio::{
    task::coop::poll_proceed,
    time::{Instant, timeout},
};

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

/// How an answer begins.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) respond: Respond,
    /// Sent after the stream options.
    pub(crate) first: Vec<ThreadStreamEvent>,
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
    /// Runs the turn to its end: stream options, what is known already, the responder's events, and
    /// what remains to be done when it completes, fails or is cancelled.
    ///
    /// Not an async function, whose future would keep room for its arguments to the end.
    pub(crate) fn drive(
        self,
        opening: Box<Opening>,
    ) -> impl Future<Output = (EndReason, Checkpoints)> {
        let mut running = Running::new(self);
        async move {
            let end = match *running.respond(opening).await {
                End::Completed => Box::pin(running.complete()).await,
                End::Failed(error) => Box::pin(running.fail(error)).await,
                End::Cancelled(reason) => Box::pin(running.clean_up(reason)).await,
            };
            running.it.stopwatch.blocked_polls = running.poller.blocked_polls;
            (end, running.checkpoints)
        }
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

/// What a response has come to that takes more than a poll.
enum Step {
    /// Something is to be written, and then sent; or the thread has changed.
    Finish(Option<Box<Effects>>),
    Ended(Box<End>),
}

impl Step {
    fn ended(end: End) -> Self {
        Self::Ended(Box::new(end))
    }
}

impl<'a, S: ChatKitServer> Running<'a, S> {
    fn new(it: Drive<'a, S>) -> Self {
        let now = Instant::now();
        let mut running = Self {
            begun: now,
            alarm: Alarm::new(now),
            checkpoints: Checkpoints::new(&**it.turn.store(), it.options, now),
            poller: Poller::new(it.guard),
            thread_changes: it.turn.thread().changes(),
            polled: None,
            it,
        };
        // What came before, a queue or a slow store, is not the responder's silence.
        running.it.stopwatch.responding();
        running.arm(now);
        running
    }

    /// Sends what comes before the responder's events.
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

    fn call(&mut self, respond: Respond) -> Result<Response<'a>, RespondError> {
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
        let stream = called.result.map_err(|panic| panicked(&*panic))?;
        self.it.stopwatch.responding();
        Ok(Response::new(stream))
    }

    #[expect(clippy::boxed_local, reason = "so it is gone when this returns")]
    fn open(&mut self, opening: Box<Opening>) -> Result<Response<'a>, Box<End>> {
        let Opening { respond, first } = *opening;
        let failed = |error| Box::new(End::Failed(error));
        self.begin(first).map_err(failed)?;
        match self.it.run.cancel_reason() {
            Some(reason) => Err(Box::new(End::Cancelled(reason))),
            None => self.call(respond).map_err(failed),
        }
    }

    /// Few events take more than a poll, and what those need is boxed: a stream waits here for most
    /// of its life, and keeps room for all that this future may hold.
    async fn respond(&mut self, opening: Box<Opening>) -> Box<End> {
        let mut stream = match self.open(opening) {
            Ok(stream) => stream,
            Err(end) => return end,
        };
        loop {
            match poll_fn(|cx| self.poll_step(&mut stream, cx)).await {
                Step::Finish(effects) => {
                    if let Err(error) = Box::pin(self.finish(effects)).await {
                        return Box::new(End::Failed(error));
                    }
                }
                Step::Ended(end) => {
                    if matches!(*end, End::Cancelled(_)) {
                        self.it.stopwatch.silent_until(Instant::now());
                        if self.it.run.cancellation().is_awaited() {
                            Box::pin(stream.wind_down(self.it.options.cancel_grace)).await;
                        }
                    }
                    return end;
                }
            }
        }
    }

    /// Polls the responder and sends what it yields, until something has to be waited for or it is
    /// another task's turn.
    fn poll_step(&mut self, stream: &mut Response<'_>, cx: &mut Context<'_>) -> Poll<Step> {
        loop {
            let Poll::Ready(budget) = poll_proceed(cx) else {
                self.polled = None;
                return Poll::Pending;
            };
            let next = ready!(self.poll_next(stream, cx));
            budget.made_progress();
            let applied = match next {
                Next::Cancelled(reason) => {
                    return Poll::Ready(Step::ended(End::Cancelled(reason)));
                }
                Next::Yielded(None) => return Poll::Ready(Step::ended(End::Completed)),
                Next::Yielded(Some(Err(error))) => Err(error),
                Next::Yielded(Some(Ok(Yielded::Event(event)))) => self.apply(event),
                Next::Yielded(Some(Ok(Yielded::ChangeThread(change)))) => {
                    let thread = self.it.turn.thread();
                    let changed = catch_unwind(AssertUnwindSafe(|| thread.update(change)));
                    changed.map(|()| None).map_err(|panic| panicked(&*panic))
                }
            };
            match applied {
                Ok(None) if self.is_saved() => {}
                Ok(effects) => return Poll::Ready(Step::Finish(effects)),
                Err(error) => return Poll::Ready(Step::ended(End::Failed(error))),
            }
        }
    }

    fn poll_next(&mut self, stream: &mut Response<'_>, cx: &mut Context<'_>) -> Poll<Next> {
        let run = self.it.run;
        if let Some(reason) = run.cancel_reason() {
            return Poll::Ready(Next::Cancelled(reason));
        }
        let since = self.polled.take();
        let polled = self.poller.poll(since, || stream.poll_yielded(cx));
        if let Some(blocked) = polled.blocked_first {
            self.warn_that_it_blocks(blocked);
        }
        if let Poll::Ready(yielded) = polled.result {
            let now = polled.at;
            self.polled = polled.is_sure.then_some(now);
            // Since the end of the last poll, which gave an event, nothing was waited for.
            let gap = since.map(|_| polled.took);
            let is_first = matches!(yielded, Some(Ok(_))) && self.it.stopwatch.heard(now, gap);
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
    fn apply(&mut self, event: ThreadStreamEvent) -> Result<Option<Box<Effects>>, RespondError> {
        if let ThreadStreamEvent::ThreadItemUpdated { item_id, update } = &event {
            let is_shown = self.it.run.state().update(item_id, update);
            self.changed();
            return if is_shown { self.send(event).map(|()| None) } else { Ok(None) };
        }
        let effects = self.it.run.state().apply(event)?;
        self.changed();
        if effects.write.is_some() {
            return Ok(Some(Box::new(effects)));
        }
        if let Some(event) = effects.send {
            self.send(event)?;
        }
        Ok(None)
    }

    /// The items in the making have changed.
    fn changed(&mut self) {
        if self.checkpoints.changed() {
            self.arm(Instant::now());
        }
    }

    /// Writes, then sends, and saves the thread if the responder changed it.
    async fn finish(&mut self, effects: Option<Box<Effects>>) -> Result<(), RespondError> {
        self.polled = None;
        let Effects { write, send } = effects.map(|effects| *effects).unwrap_or_default();
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
