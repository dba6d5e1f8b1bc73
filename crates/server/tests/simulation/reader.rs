//! A client's end of a stream, and what it checks while it reads.

use std::{sync::Arc, task::Poll, time::Duration};

use chatkit_protocol::{ErrorEvent, ItemId, Op, ThreadItem, ThreadStreamEvent};
use chatkit_server::Subscription;
use futures_util::{StreamExt as _, poll};
use tokio::time::{Instant, timeout_at};

use crate::{
    model::Ms,
    pause::sleep,
    probe::Stage,
    rng::Rng,
    running::brief,
    view::View,
    world::{State, World},
};

/// How somebody reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// The longest pause before each chunk.
    pub(crate) pause: Ms,
    /// When it goes away.
    pub(crate) leaves_after: Option<Ms>,
}

/// What a client knows of a response: it outlives a lost connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    run: Option<String>,
    /// The number of the last frame it has seen.
    pub(crate) last: u64,
    /// What it shows, once the stream options were there.
    view: Option<View>,
    /// Items that were taken away before.
    removed: Vec<ItemId>,
    /// It has seen every single frame.
    is_whole: bool,
    /// It joined with an id that it knows from elsewhere: it shows a part of the response only.
    pub(crate) is_partial: bool,
    /// The error that it got in place of a response.
    pub(crate) refused: Option<ErrorEvent>,
    /// It was told to load the thread anew.
    is_lost: bool,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self { is_whole: true, ..Self::default() }
    }

    /// One that joins after a frame that it has not seen.
    pub(crate) fn partial() -> Self {
        Self { is_partial: true, ..Self::default() }
    }

    /// The id of the last event.
    pub(crate) fn last_id(&self) -> Option<String> {
        Some(format!("{}.{}", self.run.as_ref()?, self.last))
    }
}

/// A connection.
pub(crate) struct Reading {
    world: Arc<World>,
    /// The request whose run is read; none if it was refused.
    pub(crate) number: Option<usize>,
    frames: Subscription,
    pub(crate) known: Known,
}

impl Reading {
    pub(crate) fn new(
        world: Arc<World>,
        number: Option<usize>,
        frames: Subscription,
        known: Known,
    ) -> Self {
        Self { world, number, frames, known }
    }

    /// Reads until the stream ends, or the client goes away; says whether the stream has ended.
    pub(crate) async fn read(&mut self, rng: &mut Rng, manner: Manner) -> bool {
        let leaves = manner.leaves_after.map_or(Duration::MAX, Duration::from_millis);
        let far = Instant::now() + Duration::from_secs(1 << 30);
        let leaves = Instant::now().checked_add(leaves).unwrap_or(far);
        loop {
            let pause = rng.between(0, manner.pause);
            if pause > 0 && timeout_at(leaves, sleep(pause)).await.is_err() {
                return false;
            }
            if Instant::now() >= leaves {
                return false;
            }
            let chunk = match poll!(self.frames.next()) {
                Poll::Ready(chunk) => chunk,
                Poll::Pending => {
                    self.world.note(|state| self.check_caught_up(state));
                    match timeout_at(leaves, self.frames.next()).await {
                        Ok(chunk) => chunk,
                        Err(_) => return false,
                    }
                }
            };
            let Some(chunk) = chunk else {
                self.world.note(|state| self.check_end(state));
                return true;
            };
            self.take(str::from_utf8(&chunk).unwrap());
        }
    }

    fn take(&mut self, chunk: &str) {
        if chunk.contains("secret") {
            self.world.fail(|| format!("a client was shown a secret: {chunk}"));
        }
        for frame in chunk.split_terminator("\n\n") {
            let (id, json) = frame.split_once("\ndata: ").unwrap();
            let event: ThreadStreamEvent = serde_json::from_str(json).unwrap();
            let (run, number) = id.strip_prefix("id: ").unwrap().split_once('.').unwrap();
            let number: u64 = number.parse().unwrap();
            let Self { world, known, number: of, .. } = self;
            world.note(|state| {
                state.step();
                state.count("frames");
                known.take(state, *of, (run, number), event);
            });
        }
    }

    /// Nothing more is there to be read now: everything was.
    fn check_caught_up(&self, state: &mut State) {
        let Some(number) = self.number else { return };
        let (probe, known) = (&state.probes[number], &self.known);
        if probe.stage != Stage::Responding || known.is_lost || known.is_partial {
            return;
        }
        let Some(view) = &known.view else {
            return state.fail(format!("a reader of #{number} waits before its first event"));
        };
        let sent = probe.options_frame.unwrap_or_default() + probe.model.body.len() as u64;
        let problem = if known.last != sent {
            format!("{sent} frames were sent, and {} read", known.last)
        } else if *view != probe.model.view {
            format!("{:?} was sent, and {view:?} is shown", probe.model.view)
        } else {
            return state.count("views");
        };
        state.fail(format!("a reader of #{number} waits: {problem}"));
    }

    fn check_end(&self, state: &mut State) {
        let known = &self.known;
        let Some(number) = self.number else {
            if known.refused.is_none() {
                state.fail("a stream that was refused ended without an error");
            }
            return;
        };
        state.trace(|| format!("a reader of #{number} comes to the end at {}", known.last));
        if known.is_lost || known.is_partial {
            return;
        }
        match (&known.view, &known.refused) {
            (Some(view), None) => state.reads_to_end(number, view, known.last),
            (None, Some(error)) => state.is_refused(number, error),
            _ => state.fail(format!("#{number} ended with neither a response nor an error")),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let is_lost = self.known.is_lost;
        if let Some(number) = self.number {
            self.world.note(|state| state.departs(number, is_lost));
        }
    }
}

impl Known {
    fn take(
        &mut self,
        state: &mut State,
        of: Option<usize>,
        (run, number): (&str, u64),
        event: ThreadStreamEvent,
    ) {
        if let ThreadStreamEvent::Error(error) = &event
            && error.message.as_deref().is_some_and(|message| message.contains("too slow"))
        {
            state.count("readers told to reload");
            self.is_lost = true;
            return;
        }
        if self.run.as_deref().is_some_and(|known| known != run) || number <= self.last {
            let (last, of_run) = (self.last, &self.run);
            state.fail(format!("frame {run}.{number} comes after {of_run:?} {last}"));
        }
        if state.event_ids.len() < 2000 {
            state.event_ids.push(format!("{run}.{number}"));
        }
        let is_next = number == self.last + 1;
        self.is_whole &= is_next;
        self.run = Some(run.to_owned());
        self.last = number;
        match of {
            Some(of) => {
                let right = state.probes[of].run;
                if right.is_some_and(|right| right.to_string() != run) {
                    state.fail(format!("a reader of #{of} gets a frame of {run}"));
                }
                if self.view.is_some() || self.is_partial {
                    self.take_body(state, of, number, is_next, &event);
                } else {
                    self.take_first(state, of, number, &event);
                }
            }
            None => match event {
                ThreadStreamEvent::Error(error) => self.refused = Some(error),
                other => state.fail(format!("a refused request is answered: {}", brief(&other))),
            },
        }
    }

    /// Up to the stream options.
    fn take_first(&mut self, state: &mut State, of: usize, number: u64, event: &ThreadStreamEvent) {
        let probe = &mut state.probes[of];
        let is_right = match event {
            ThreadStreamEvent::StreamOptions { stream_options } => {
                self.view = Some(View::default());
                let before = probe.options_frame.replace(number);
                let told = probe.must_tell.iter().all(|id| self.removed.contains(id));
                stream_options.allow_cancel == probe.allow_cancel
                    && before.is_none_or(|before| before == number)
                    && (told || !self.is_whole)
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.removed.push(item_id.clone());
                probe.must_tell.contains(item_id) || probe.may_tell.contains(item_id)
            }
            ThreadStreamEvent::ThreadCreated { thread } => {
                probe.op == Op::ThreadsCreate && thread.items.data.is_empty()
            }
            ThreadStreamEvent::ThreadItemDone { item } => {
                matches!(**item, ThreadItem::UserMessage(_))
                    && probe.input.as_ref() == Some(item.id())
            }
            ThreadStreamEvent::ProgressUpdate { .. } => true,
            ThreadStreamEvent::Error(error) => {
                self.refused = Some(error.clone());
                probe.begun.is_none()
            }
            _ => false,
        };
        if !is_right {
            let told = (probe.must_tell.clone(), self.removed.clone());
            state.fail(format!(
                "#{of} begins with {}, after {told:?} were taken back",
                brief(event)
            ));
        }
    }

    fn take_body(
        &mut self,
        state: &mut State,
        of: usize,
        number: u64,
        is_next: bool,
        event: &ThreadStreamEvent,
    ) {
        if let Some(view) = &mut self.view {
            view.apply(event);
            if view.misfits > 0 {
                view.misfits = 0;
                state.fail(format!(
                    "a reader of #{of} was not shown what this is of: {}",
                    brief(event)
                ));
            }
        }
        let probe = &state.probes[of];
        let Some(place) = probe.options_frame.and_then(|first| number.checked_sub(first + 1))
        else {
            return;
        };
        let place = usize::try_from(place).unwrap();
        if place >= probe.closed_body.unwrap_or(probe.model.body.len()) {
            if probe.closed_body.is_none() {
                state.fail(format!("#{of} sends what it must not: {}", brief(event)));
            }
            return;
        }
        let sent = &probe.model.body[place];
        if is_next && sent != event {
            let sent = brief(sent);
            state.fail(format!("#{of}: {sent} was sent, and {} read", brief(event)));
        }
    }
}

impl State {
    /// A reader has come to the end of a response.
    fn reads_to_end(&mut self, number: usize, view: &View, last: u64) {
        let probe = &mut self.probes[number];
        match &probe.last_view {
            Some((other, at)) if other != view || *at != last => {
                let what = format!("#{number}: one shows {other:?} at the end, another {view:?}");
                self.fail(what);
            }
            Some(_) => {}
            None => {
                probe.last_view = Some((view.clone(), last));
                self.check_last_view(number);
            }
        }
    }

    /// A request was answered with an error in place of a response.
    fn is_refused(&mut self, number: usize, error: &ErrorEvent) {
        let probe = &self.probes[number];
        let is_shut = error.message.as_deref() == Some("the server is shutting down");
        let is_right = match probe.stage {
            Stage::Asked => is_shut && self.shut_down_begun,
            _ => probe.begun.is_none(),
        };
        if !is_right {
            self.fail(format!("#{number} is refused: {error:?}"));
        }
    }
}
