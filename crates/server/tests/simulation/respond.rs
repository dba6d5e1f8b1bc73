//! Responders that play scripts.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use chatkit_protocol::{ErrorCode, ThreadStreamEvent};
use chatkit_server::{CancelToken, Emitter, EventStream, RespondError, Turn};
use futures_core::Stream;
use futures_util::stream;

use crate::{
    pause::let_others,
    rng::Rng,
    script::{Change, Ending, Script, Step, plan},
    world::{Ctx, World},
};

/// Begins a response.
pub(crate) fn respond<'a>(world: &Arc<World>, turn: Turn<Ctx>) -> EventStream<'a> {
    let number = turn.context().0.number;
    let input = turn.input().map(|message| message.id.clone());
    let is_cancelled = turn.is_cancelled();
    world.note(|state| state.responds(number, input, is_cancelled));
    let mut rng = Rng::of(world.seed, &[4, number as u64]);
    let Script { steps, ending, emits } = plan(&mut rng, world, &turn);
    world
        .trace(|| format!("#{number} plays {} steps, then {ending:?}, emits {emits}", steps.len()));
    let watch = Watch { world: Arc::clone(world), number, token: turn.cancel_token() };
    if ending == Ending::PanicAtOnce {
        world.note(|state| state.probes[number].script_failed = true);
        panic!("scripted: the responder panics at once");
    }
    let _dropped = PanicOnDrop(ending == Ending::PanicOnDrop);
    let player =
        Player { world: Arc::clone(world), number, steps: steps.into(), ending, turn, _dropped };
    if emits {
        let turn = player.turn.clone();
        turn.stream(async move |_, events| {
            Watched { inner: Box::pin(player.emit(events)), watch }.await
        })
    } else {
        let events =
            stream::unfold(player, async |mut player| Some((player.next().await?, player)));
        EventStream::new(Watched { inner: Box::pin(events), watch })
    }
}

/// Plays a script.
struct Player {
    world: Arc<World>,
    number: usize,
    steps: VecDeque<Step>,
    ending: Ending,
    turn: Turn<Ctx>,
    _dropped: PanicOnDrop,
}

struct PanicOnDrop(bool);

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        if self.0 && !std::thread::panicking() {
            panic!("scripted: the responder panics when it is dropped");
        }
    }
}

/// What a step of a script comes to.
enum Played {
    Event(ThreadStreamEvent),
    Change(Change),
    End(Result<(), RespondError>),
}

impl Player {
    /// The next event of the stream.
    async fn next(&mut self) -> Option<Result<ThreadStreamEvent, RespondError>> {
        loop {
            return match self.play().await {
                Played::Event(event) => {
                    self.world.note(|state| state.yields(self.number, event.clone()));
                    Some(Ok(event))
                }
                Played::Change(change) => {
                    self.turn.thread().update(|thread| change.apply(thread));
                    continue;
                }
                Played::End(Ok(())) => None,
                Played::End(Err(error)) => Some(Err(error)),
            };
        }
    }

    /// Sends all events. One at a time, and with a pause between two in which the task's budget is
    /// filled up, so that the engine takes each as soon as it is sent.
    async fn emit(mut self, events: Emitter) -> Result<(), RespondError> {
        loop {
            match self.play().await {
                Played::Event(event) => {
                    self.world.note(|state| state.yields(self.number, event.clone()));
                    events.send(event).await?;
                }
                Played::Change(change) => {
                    self.world.note(|state| state.is_heard(self.number));
                    events.update_thread(move |thread| change.apply(thread)).await?;
                }
                Played::End(end) => return end,
            }
            let_others(2).await;
        }
    }

    async fn play(&mut self) -> Played {
        while let Some(step) = self.steps.pop_front() {
            match step {
                Step::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
                Step::Pend => let_others(1).await,
                Step::Event(event) => return Played::Event(*event),
                Step::Change(change) => return Played::Change(change),
                Step::Read => {
                    // What a responder makes of a store that fails is its own affair.
                    if let Err(error) = self.turn.recent_items(20).await {
                        self.world.note(|state| state.probes[self.number].script_failed = true);
                        return Played::End(Err(error.into()));
                    }
                }
            }
        }
        self.end().await
    }

    async fn end(&mut self) -> Played {
        let fails = |error: RespondError| {
            self.world.note(|state| state.probes[self.number].script_failed = true);
            Played::End(Err(error))
        };
        match self.ending {
            Ending::Done => {
                self.world.note(|state| state.probes[self.number].script_ended = true);
                Played::End(Ok(()))
            }
            // What it holds is dropped while it is polled.
            Ending::PanicOnDrop => {
                self.world.note(|state| state.probes[self.number].script_failed = true);
                Played::End(Ok(()))
            }
            Ending::Custom => fails(RespondError::custom("the model is asleep")),
            Ending::Coded => fails(RespondError::coded(ErrorCode::STREAM_ERROR)),
            Ending::Unexpected => fails(RespondError::unexpected("scripted: a secret failure")),
            Ending::Panic | Ending::PanicAtOnce => {
                self.world.note(|state| state.probes[self.number].script_failed = true);
                panic!("scripted: the responder panics");
            }
            Ending::Silence => std::future::pending().await,
            Ending::AwaitCancel { then, speaks } => {
                self.world.note(|state| state.probes[self.number].awaits_cancel = true);
                self.turn.cancelled().await;
                tokio::time::sleep(Duration::from_millis(then)).await;
                if speaks {
                    self.ending = Ending::Silence;
                    return Played::Event(ThreadStreamEvent::progress(None, "after the end"));
                }
                Played::End(Ok(()))
            }
        }
    }
}

/// Takes note of when a responder is polled and dropped.
struct Watch {
    world: Arc<World>,
    number: usize,
    token: CancelToken,
}

impl Watch {
    fn poll<T>(&self, poll: impl FnOnce() -> T) -> T {
        /// The world must know that the poll is over, even if it panics.
        struct Polling<'a>(&'a World);

        impl Drop for Polling<'_> {
            fn drop(&mut self) {
                self.0.note(|state| state.in_responder = None);
            }
        }

        let is_cancelled = self.token.is_cancelled();
        self.world.note(|state| state.polling(self.number, is_cancelled));
        let _polling = Polling(&self.world);
        poll()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.world.note(|state| state.responder_gone(self.number));
    }
}

struct Watched<T> {
    // Dropped before the watch, which says that the responder is gone.
    inner: Pin<Box<T>>,
    watch: Watch,
}

impl<T: Stream> Stream for Watched<T> {
    type Item = T::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        let Self { inner, watch } = &mut *self;
        watch.poll(|| inner.as_mut().poll_next(cx))
    }
}

impl<T: Future> Future for Watched<T> {
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        let Self { inner, watch } = &mut *self;
        watch.poll(|| inner.as_mut().poll(cx))
    }
}
