//! The events of a script, one after the other.
//!
//! A stream written by hand, without a channel and without a future per event: load tests play
//! hundreds of thousands of deltas per second, and what they measure should not be this.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
    vec,
};

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, ThreadItem, ThreadItemUpdate, ThreadStreamEvent,
    Timestamp, WidgetItem, WidgetRoot,
};
use chatkit_server::{IdKind, RespondError, Turn};
use chatkit_widgets::{WidgetStream, static_widget};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep};

use super::script::{Script, Step, TextStep, WidgetStep};

/// Plays a script in a turn.
#[derive(Debug)]
pub(super) struct Player {
    turn: Turn<()>,
    steps: vec::IntoIter<Step>,
    /// Of the step that is being played, what comes next.
    text: Option<Box<TextPlayer>>,
    widget: VecDeque<ThreadStreamEvent>,
    waiting: bool,
    /// Kept and set anew for each wait.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Player {
    pub(super) fn new(turn: Turn<()>, script: Script) -> Self {
        Self {
            turn,
            steps: script.steps.into_iter(),
            text: None,
            widget: VecDeque::new(),
            waiting: false,
            sleep: None,
        }
    }

    fn wait(&mut self, time: Duration) {
        self.waiting = true;
        match (&mut self.sleep, Instant::now().checked_add(time)) {
            (Some(sleep), Some(end)) => sleep.as_mut().reset(end),
            (slot, _) => *slot = Some(Box::pin(sleep(time))),
        }
    }

    fn widget_item(&self, widget: WidgetRoot, copy_text: Option<String>) -> WidgetItem {
        WidgetItem {
            id: self.turn.new_item_id(IdKind::Message),
            thread_id: self.turn.thread().id().clone(),
            created_at: Timestamp::now(),
            widget,
            copy_text,
        }
    }
}

impl Stream for Player {
    type Item = Result<ThreadStreamEvent, RespondError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.waiting
                && let Some(sleep) = &mut this.sleep
            {
                ready!(sleep.as_mut().poll(cx));
                this.waiting = false;
            }
            if let Some(text) = &mut this.text {
                match text.next() {
                    Some(Next::Event(event)) => return Poll::Ready(Some(Ok(event))),
                    Some(Next::Wait(time)) => {
                        this.wait(time);
                        continue;
                    }
                    None => this.text = None,
                }
            }
            if let Some(event) = this.widget.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            match this.steps.next() {
                None => return Poll::Ready(None),
                Some(Step::Event(event)) => return Poll::Ready(Some(Ok(*event))),
                Some(Step::Sleep(time)) => this.wait(time),
                // Clients hear of it after the next event or at the end, as of any change that a
                // responder makes in passing.
                Some(Step::Thread(change)) => {
                    this.turn.thread().update(|thread| change.apply(thread));
                }
                Some(Step::Text(text)) => {
                    this.text = Some(Box::new(TextPlayer::new(&this.turn, *text)));
                }
                Some(Step::Widget(widget)) => {
                    let WidgetStep { first, next, copy_text } = *widget;
                    let item = this.widget_item(first, copy_text);
                    this.widget = widget_events(item, next);
                }
                // Nothing is asked of a responder after its error.
                Some(Step::Fail(failure)) => return Poll::Ready(Some(Err(failure.into_error()))),
            }
        }
    }
}

fn widget_events(item: WidgetItem, next: Vec<WidgetRoot>) -> VecDeque<ThreadStreamEvent> {
    if next.is_empty() {
        return [static_widget(item)].into();
    }
    let mut stream = WidgetStream::new(item);
    let mut events = VecDeque::from([stream.added()]);
    for root in next {
        events.extend(stream.next(root));
    }
    events.push_back(stream.finish());
    events
}

/// One assistant message, delta by delta.
#[derive(Debug)]
struct TextPlayer {
    step: TextStep,
    message: AssistantMessageItem,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Added,
    PartAdded,
    /// So many deltas were sent.
    Delta(usize),
    /// So many deltas were sent, and the gap after them is over.
    AfterGap(usize),
    Done,
    End,
}

enum Next {
    Event(ThreadStreamEvent),
    Wait(Duration),
}

impl TextPlayer {
    fn new(turn: &Turn<()>, step: TextStep) -> Self {
        let message = AssistantMessageItem {
            id: turn.new_item_id(IdKind::Message),
            thread_id: turn.thread().id().clone(),
            created_at: Timestamp::now(),
            content: Vec::new(),
        };
        Self { step, message, place: Place::Added }
    }

    fn next(&mut self) -> Option<Next> {
        let (event, place) = match self.place {
            Place::Added => (self.item(ThreadStreamEvent::added), Place::PartAdded),
            Place::PartAdded => (
                self.update(ThreadItemUpdate::AssistantMessageContentPartAdded {
                    content_index: 0,
                    content: AssistantMessageContent::default(),
                }),
                Place::AfterGap(0),
            ),
            Place::Delta(sent) if sent < self.step.deltas && self.step.gap_ms > 0 => {
                self.place = Place::AfterGap(sent);
                return Some(Next::Wait(Duration::from_millis(self.step.gap_ms)));
            }
            Place::Delta(sent) | Place::AfterGap(sent) if sent < self.step.deltas => (
                self.update(ThreadItemUpdate::AssistantMessageContentPartTextDelta {
                    content_index: 0,
                    delta: self.step.delta.clone(),
                }),
                Place::Delta(sent + 1),
            ),
            Place::Delta(_) | Place::AfterGap(_) => {
                let text = self.step.delta.repeat(self.step.deltas);
                let content = AssistantMessageContent::text(text);
                self.message.content.push(content.clone());
                let update =
                    ThreadItemUpdate::AssistantMessageContentPartDone { content_index: 0, content };
                (self.update(update), Place::Done)
            }
            Place::Done => (self.item(ThreadStreamEvent::done), Place::End),
            Place::End => return None,
        };
        self.place = place;
        Some(Next::Event(event))
    }

    fn item(&self, event: fn(ThreadItem) -> ThreadStreamEvent) -> ThreadStreamEvent {
        event(ThreadItem::AssistantMessage(self.message.clone()))
    }

    fn update(&self, update: ThreadItemUpdate) -> ThreadStreamEvent {
        ThreadStreamEvent::updated(self.message.id.clone(), update)
    }
}
