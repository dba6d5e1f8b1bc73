//! Guardrails: what they see, and when they end a run.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chatkit_agents::{
    Agent, GuardrailInput, GuardrailOutput, GuardrailResult, InputGuardrail, OutputGuardrail,
    RunConfig, RunError, RunEvent, Runner, function_tool,
    model::{ModelError, ModelEvent},
};
use common::{Gate, Scripted, Step, calls, drain, message, says};
use futures_util::StreamExt as _;
use serde_json::json;

/// Waits for the gate, then finds something in inputs with `bad`.
fn no_bad_words(gate: &Gate) -> InputGuardrail<()> {
    let gate = gate.clone();
    InputGuardrail::new("no_bad_words", move |(), input: GuardrailInput| {
        let gate = gate.clone();
        async move {
            gate.passed().await;
            if input.text().contains("bad") {
                GuardrailResult::trip(json!({"agent": &*input.agent}))
            } else {
                GuardrailResult::pass()
            }
        }
    })
}

fn opened() -> Gate {
    let gate = Gate::default();
    gate.open();
    gate
}

#[tokio::test]
async fn an_early_tripwire_drops_the_model_and_runs_no_tool() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let gate = Gate::default();
    let mut steps = vec![
        Step::Event(ModelEvent::Started { response_id: None, model: None }),
        Step::Wait(Gate::default()),
    ];
    steps.extend(calls([("tool", "")]));
    let model = Scripted::new([steps]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .input_guardrail(no_bad_words(&gate))
        .tool(function_tool("tool", "", move |_call, (): ()| {
            count.fetch_add(1, Ordering::SeqCst);
            async {}
        }));
    let mut run = Runner::run_streamed(&agent, "bad", ());
    for _ in 0..3 {
        run.next().await.unwrap().unwrap();
    }
    assert_eq!(model.open_streams(), 1);
    gate.open();
    let error = run.next().await.unwrap().unwrap_err();
    let RunError::InputGuardrail { guardrail, info } = &error else { panic!("{error}") };
    assert_eq!((guardrail.as_str(), info), ("no_bad_words", &json!({"agent": "Assistant"})));
    assert!(error.is_tripwire());
    assert_eq!(model.open_streams(), 0);
    assert!(run.next().await.is_none());
    assert_eq!(called.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn tools_wait_for_all_guardrails() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let gate = Gate::default();
    let model = Scripted::new([calls([("tool", "")]), says("done")]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .input_guardrail(no_bad_words(&opened()))
        .input_guardrail(no_bad_words(&gate))
        .tool(function_tool("tool", "", move |_call, (): ()| {
            count.fetch_add(1, Ordering::SeqCst);
            async {}
        }));
    let mut run = Runner::run_streamed(&agent, "good", ());
    let mut seen = 0;
    while !matches!(futures_util::poll!(run.next()), std::task::Poll::Pending) {
        seen += 1;
    }
    assert_eq!(seen, 5, "the agent, the request, and all of the answer");
    assert_eq!(called.load(Ordering::SeqCst), 0);
    gate.open();
    let (events, error) = drain(run).await;
    assert!(error.is_none());
    assert_eq!(called.load(Ordering::SeqCst), 1);
    assert!(matches!(events[0], RunEvent::ToolCalled { .. }));
}

#[tokio::test]
async fn a_late_tripwire_ends_a_run_that_seemed_complete() {
    let gate = Gate::default();
    let model = Scripted::new([says("Hello")]);
    let agent = Agent::new("Assistant").model(model).input_guardrail(no_bad_words(&gate));
    let mut run = Runner::run_streamed(&agent, "bad", ());
    while !matches!(futures_util::poll!(run.next()), std::task::Poll::Pending) {}
    gate.open();
    let (events, error) = drain(run).await;
    assert_eq!(events, []);
    assert!(error.unwrap().is_tripwire());
}

#[tokio::test]
async fn a_tripwire_weighs_more_than_a_failed_model() {
    let fails = || Scripted::new([vec![Step::Fail(ModelError::Closed)]]);
    let gate = Gate::default();
    let agent = Agent::new("Assistant").model(fails()).input_guardrail(no_bad_words(&gate));
    let mut run = Runner::run_streamed(&agent, "bad", ());
    while !matches!(futures_util::poll!(run.next()), std::task::Poll::Pending) {}
    gate.open();
    assert!(run.next().await.unwrap().unwrap_err().is_tripwire());
    let agent = Agent::new("Assistant").model(fails()).input_guardrail(no_bad_words(&opened()));
    let error = Runner::run(&agent, "good", ()).await.unwrap_err();
    assert!(matches!(error, RunError::Model(ModelError::Closed)), "{error}");
}

#[tokio::test]
async fn a_guardrail_before_the_model_keeps_it_from_being_asked() {
    let model = Scripted::new([]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .input_guardrail(no_bad_words(&opened()).run_in_parallel(false));
    assert!(Runner::run(&agent, "bad", ()).await.unwrap_err().is_tripwire());
    assert_eq!(model.requests().len(), 0);
}

#[tokio::test]
async fn only_the_first_agent_and_its_first_turn_are_guarded() {
    let asked = Arc::new(AtomicUsize::new(0));
    let guardrail = |asked: &Arc<AtomicUsize>| {
        let asked = Arc::clone(asked);
        InputGuardrail::new("count", move |(), _input| {
            asked.fetch_add(1, Ordering::SeqCst);
            async { GuardrailResult::pass() }
        })
    };
    let model =
        Scripted::new([calls([("tool", "")]), calls([("transfer_to_other", "")]), says("done")]);
    let other = Agent::new("Other").input_guardrail(guardrail(&asked));
    let agent = Agent::new("First")
        .input_guardrail(guardrail(&asked))
        .tool(function_tool("tool", "", |_call, (): ()| async {}))
        .handoff(other);
    Runner::run_with(&agent, "go", (), RunConfig::new().model(model)).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn output_guardrails_check_what_the_last_agent_says() {
    let no_prices = |word: &'static str| {
        OutputGuardrail::new("no_prices", move |(), output: GuardrailOutput| async move {
            let tripwire = output.text.contains(word);
            GuardrailResult { tripwire, info: json!(&*output.agent) }
        })
    };
    let agent = |model| {
        Agent::new("Assistant")
            .model(model)
            .output_guardrail(no_prices("euro"))
            .output_guardrail(no_prices("dollar"))
    };
    let agent_with = |text: &str| agent(Scripted::new([says(text)]));
    let outcome = Runner::run(&agent_with("It is free."), "Price?", ()).await.unwrap();
    assert_eq!(outcome.final_text, "It is free.");
    let (events, error) =
        drain(Runner::run_streamed(&agent_with("5 dollars."), "Price?", ())).await;
    let error = error.unwrap();
    assert!(matches!(&error, RunError::OutputGuardrail { guardrail, info }
            if guardrail == "no_prices" && info == "Assistant"));
    assert!(error.is_tripwire());
    let done = events.iter().any(|event| {
        matches!(event, RunEvent::Model(ModelEvent::ItemDone { output, .. })
            if output.kind == message("5 dollars."))
    });
    assert!(done, "the message was seen by then");
}

#[tokio::test]
async fn a_guardrail_that_fails_ends_the_run() {
    let agent = Agent::new("Assistant").model(Scripted::new([says("Hi")])).input_guardrail(
        InputGuardrail::new("broken", |(), _input| async { Err("the database is down") }),
    );
    let error = Runner::run(&agent, "go", ()).await.unwrap_err();
    assert_eq!(error.to_string(), "the input guardrail `broken` failed: the database is down");
    assert!(!error.is_tripwire());
}
