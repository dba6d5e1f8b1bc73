//! The stream of a run: when it begins, how it goes on, and what is left when it is dropped.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use chatkit_agents::{
    Agent, GuardrailResult, InputGuardrail, RunEvent, RunStream, Runner, function_tool,
    model::ModelEvent,
};
use common::{Alive, Gate, Scripted, Step, calls, drain, says};
use futures_core::Stream as _;
use futures_util::StreamExt as _;

fn poll<C>(run: &mut RunStream<C>) -> Poll<Option<RunEvent>> {
    let mut context = Context::from_waker(Waker::noop());
    pin!(run).poll_next(&mut context).map(|event| event.map(Result::unwrap))
}

#[test]
fn a_stream_can_be_sent_and_moved() {
    fn check<T: Send + Unpin + 'static>(_: &T) {}
    let agent = Agent::new("Assistant").model(Scripted::new([]));
    let run = Runner::run_streamed(&agent, "go", ());
    check(&run);
    let (): &() = run.context();
}

#[test]
fn nothing_begins_before_the_first_poll() {
    let model = Scripted::new([says("Hi")]);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let guardrail = InputGuardrail::new("count", move |(), _input| {
        count.fetch_add(1, Ordering::SeqCst);
        async { GuardrailResult::pass() }
    });
    let agent = Agent::new("Assistant").model(model.clone()).input_guardrail(guardrail);
    let mut run = Runner::run_streamed(&agent, "go", ());
    assert_eq!((model.requests().len(), asked.load(Ordering::SeqCst)), (0, 0));
    assert!(matches!(poll(&mut run), Poll::Ready(Some(RunEvent::AgentStarted { .. }))));
    assert_eq!((model.requests().len(), asked.load(Ordering::SeqCst)), (0, 0));
    assert!(matches!(poll(&mut run), Poll::Ready(Some(RunEvent::ModelAsked { turn: 0 }))));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(model.requests().len(), 0, "the run stands still right after an event");
    assert!(matches!(poll(&mut run), Poll::Ready(Some(RunEvent::Model(_)))));
    assert_eq!(model.requests().len(), 1);
}

#[test]
fn each_poll_yields_one_event_and_what_is_ready_never_waits() {
    let model = Scripted::new([calls([("a", ""), ("b", "")]), says("Hi")]);
    let returned = Arc::new(AtomicUsize::new(0));
    let tool = |name: &str| {
        let returned = Arc::clone(&returned);
        function_tool(name, "", move |_call, (): ()| {
            returned.fetch_add(1, Ordering::SeqCst);
            async {}
        })
    };
    let agent = Agent::new("Assistant").model(model).tool(tool("a")).tool(tool("b"));
    let mut run = Runner::run_streamed(&agent, "go", ());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _guard = runtime.enter();
    let (mut called, mut seen) = (0, 0);
    loop {
        let Poll::Ready(event) = poll(&mut run) else { panic!("it waits for nothing") };
        match event {
            Some(RunEvent::ToolCalled { .. }) => {
                called += 1;
                assert_eq!(returned.load(Ordering::SeqCst), 0, "its tool runs after the event");
            }
            Some(RunEvent::ToolReturned { .. }) => {
                seen += 1;
                assert_eq!(returned.load(Ordering::SeqCst), seen, "the next runs after the event");
            }
            Some(_) => {}
            None => break,
        }
    }
    assert_eq!((called, seen), (2, 2));
    assert!(matches!(poll(&mut run), Poll::Ready(None)), "the end is the end");
}

#[tokio::test]
async fn dropping_a_run_closes_the_model_and_drops_the_guardrails() {
    let guards = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&guards);
    let guardrail = InputGuardrail::new("hangs", move |(), _input| {
        let alive = Alive::in_count(&count);
        async move {
            std::future::pending::<()>().await;
            drop(alive);
            GuardrailResult::pass()
        }
    });
    let model = Scripted::new([vec![
        Step::Event(ModelEvent::Started { response_id: None, model: None }),
        Step::Wait(Gate::default()),
    ]]);
    let agent = Agent::new("Assistant").model(model.clone()).input_guardrail(guardrail);
    let mut run = Runner::run_streamed(&agent, "go", ());
    while futures_util::poll!(run.next()).is_ready() {}
    assert_eq!((model.open_streams(), guards.load(Ordering::SeqCst)), (1, 1));
    drop(run);
    assert_eq!((model.open_streams(), guards.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn dropping_a_run_drops_its_tools() {
    let tools = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tools);
    let model = Scripted::new([calls([("hang", ""); 3])]);
    let hang = function_tool("hang", "", move |_call, (): ()| {
        let alive = Alive::in_count(&count);
        async move {
            std::future::pending::<()>().await;
            drop(alive);
        }
    });
    let agent = Agent::new("Assistant").model(model.clone()).tool(hang);
    let mut run = Runner::run_streamed(&agent, "go", ());
    while futures_util::poll!(run.next()).is_ready() {}
    assert_eq!((model.open_streams(), tools.load(Ordering::SeqCst)), (0, 3));
    drop(run);
    assert_eq!(tools.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn long_answers_come_whole() {
    let deltas =
        (0..20_000).map(|_| ModelEvent::TextDelta { item: 0, part: 0, delta: "word ".to_owned() });
    let agent = Agent::new("Assistant").model(Scripted::new([common::answer(deltas)]));
    let (events, error) = drain(Runner::run_streamed(&agent, "go", ())).await;
    assert!(error.is_none());
    let Some(RunEvent::Finished(outcome)) = events.last() else { panic!("no end") };
    assert_eq!(outcome.final_text.len(), 100_000);
    assert_eq!(events.len(), 20_005);
}
