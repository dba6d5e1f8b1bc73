//! A model that answers what the test has written down for it.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use chatkit_agents::{
    RunError, RunEvent, RunStream,
    model::{
        FunctionCall, InputItem, Model, ModelError, ModelEvent, ModelRequest, ModelStream,
        OutputItem, OutputKind, OutputPart, Usage,
    },
};
use futures_core::Stream;
use futures_util::StreamExt as _;

/// A model with written answers, one for each request.
#[derive(Clone, Default)]
pub(crate) struct Scripted(Arc<Inner>);

#[derive(Default)]
struct Inner {
    answers: Mutex<VecDeque<Vec<Step>>>,
    requests: Mutex<Vec<ModelRequest>>,
    open: AtomicUsize,
}

/// What an answer does next.
pub(crate) enum Step {
    Event(ModelEvent),
    Fail(ModelError),
    /// Says nothing before the gate is open.
    Wait(Gate),
    /// Closes the stream.
    Close,
}

impl Scripted {
    pub(crate) fn new(answers: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let model = Self::default();
        model.0.answers.lock().unwrap().extend(answers);
        model
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<ModelRequest> {
        self.0.requests.lock().unwrap().clone()
    }

    /// How many answers are being streamed.
    pub(crate) fn open_streams(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }
}

impl Model for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        self.0.requests.lock().unwrap().push(request);
        let steps = self.0.answers.lock().unwrap().pop_front().expect("an answer for each request");
        self.0.open.fetch_add(1, Ordering::SeqCst);
        Box::pin(Answering { steps: steps.into(), model: Arc::clone(&self.0) })
    }
}

struct Answering {
    steps: VecDeque<Step>,
    model: Arc<Inner>,
}

impl Stream for Answering {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(Step::Wait(gate)) = self.steps.front() {
                if gate.is_closed_for(cx) {
                    return Poll::Pending;
                }
                self.steps.pop_front();
                continue;
            }
            return Poll::Ready(match self.steps.pop_front() {
                Some(Step::Event(event)) => Some(Ok(event)),
                Some(Step::Fail(error)) => Some(Err(error)),
                Some(Step::Wait(_) | Step::Close) | None => None,
            });
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.model.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Something to wait for, closed at first.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    pub(crate) fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        for waker in state.1.drain(..) {
            waker.wake();
        }
    }

    pub(crate) async fn passed(&self) {
        std::future::poll_fn(
            |cx| {
                if self.is_closed_for(cx) { Poll::Pending } else { Poll::Ready(()) }
            },
        )
        .await;
    }

    fn is_closed_for(&self, cx: &Context<'_>) -> bool {
        let mut state = self.0.lock().unwrap();
        if !state.0 {
            state.1.push(cx.waker().clone());
        }
        !state.0
    }
}

/// Counts itself while it lives.
pub(crate) struct Alive(Arc<AtomicUsize>);

impl Alive {
    pub(crate) fn in_count(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// An answer of one message.
pub(crate) fn says(text: &str) -> Vec<Step> {
    let delta = ModelEvent::TextDelta { item: 0, part: 0, delta: text.to_owned() };
    answer([delta, done(0, message(text))])
}

/// An answer of calls, with the ids `call_0`, `call_1`, …
pub(crate) fn calls<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Step> {
    let calls = calls.into_iter().enumerate();
    answer(calls.map(|(number, (name, arguments))| {
        done(number, OutputKind::FunctionCall(call(&format!("call_{number}"), name, arguments)))
    }))
}

/// An answer of these events, with a beginning and an end.
pub(crate) fn answer(events: impl IntoIterator<Item = ModelEvent>) -> Vec<Step> {
    let started = ModelEvent::Started { response_id: None, model: None };
    let events = [started].into_iter().chain(events).chain([completed(None)]);
    events.map(Step::Event).collect()
}

pub(crate) fn completed(response_id: Option<&str>) -> ModelEvent {
    let mut usage = Usage::default();
    usage.input_tokens = 10;
    usage.output_tokens = 5;
    usage.total_tokens = 15;
    ModelEvent::Completed { response_id: response_id.map(str::to_owned), usage, incomplete: None }
}

pub(crate) fn message(text: &str) -> OutputKind {
    OutputKind::Message(vec![OutputPart::text(text)])
}

pub(crate) fn call(call_id: &str, name: &str, arguments: &str) -> FunctionCall {
    FunctionCall {
        call_id: call_id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

pub(crate) fn done(item: usize, kind: OutputKind) -> ModelEvent {
    ModelEvent::ItemDone { item, output: OutputItem::from(kind) }
}

/// All events of a run, and its error.
pub(crate) async fn drain<C>(mut run: RunStream<C>) -> (Vec<RunEvent>, Option<RunError>) {
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(run.next().await.is_none(), "something follows an error");
                return (events, Some(error));
            }
        }
    }
    assert!(matches!(events.last(), Some(RunEvent::Finished(_))), "no end: {events:?}");
    (events, None)
}

/// The outputs that a request gives back for calls, with the calls' ids.
pub(crate) fn outputs(request: &ModelRequest) -> Vec<(String, String)> {
    let outputs = request.input.iter().filter_map(|item| match item {
        InputItem::FunctionCallOutput(output) => {
            Some((output.call_id.clone(), output.output.clone()))
        }
        _ => None,
    });
    outputs.collect()
}
