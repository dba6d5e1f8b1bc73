//! The spans of runs, by the conventions of OpenTelemetry for generative AI.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use chatkit_agents::{
    Agent, GuardrailInput, GuardrailOutput, GuardrailResult, InputGuardrail, OutputGuardrail,
    RunConfig, Runner, ToolError, function_tool,
    model::{ChatCompletionsModel, ProviderOptions, ResponsesModel},
};
use chatkit_testkit::{
    provider::{Answer, FakeProvider, chat, responses},
    spans::{RecordedEvent, RecordedSpan, Recorder},
};
use common::{Scripted, calls, says};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tracing::Instrument as _;

const MARKER: &str = "MARK-7f3a";

#[derive(Deserialize, JsonSchema)]
struct City {
    city: String,
}

/// Knows the weather, except in Atlantis.
fn forecaster() -> Agent<()> {
    let weather = function_tool(
        "weather",
        "The weather in a city.",
        |_call, City { city }: City| async move {
            tracing::info!("looking out of the window");
            match city.as_str() {
                "Atlantis" => Err(ToolError::new("there is no weather")),
                city => Ok(format!("sunny in {city}")),
            }
        },
    );
    Agent::new("Forecaster").tool(weather)
}

fn config() -> RunConfig<()> {
    RunConfig::new().conversation_id("thr_1")
}

fn has(span: &RecordedSpan, pairs: &[(&str, &str)]) {
    for (name, value) in pairs {
        let found = span.fields.get(*name).map(String::as_str);
        assert_eq!(found, Some(*value), "{name} in {span:#?}");
    }
}

fn lacks(span: &RecordedSpan, names: &[&str]) {
    for name in names {
        assert!(!span.fields.contains_key(*name), "{name} in {span:#?}");
    }
}

#[tokio::test]
async fn a_run_of_an_agent_with_a_tool() {
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(responses::function_call("weather", r#"{"city": "Rome"}"#)));
    provider.answer(Answer::events(responses::text("It is sunny.")));
    let options = ProviderOptions::new().base_url(provider.url()).api_key("s3cret");
    let agent = forecaster().model(ResponsesModel::new("gpt-test", options));
    let recorder = Recorder::start();
    let question = format!("How is it in Rome? {MARKER}");
    let ran = async { Runner::run_with(&agent, question, (), config()).await };
    ran.instrument(tracing::info_span!("run")).await.unwrap();
    let spans = recorder.spans();
    let tree: Vec<_> =
        spans.iter().map(|span| (span.name.as_str(), span.parent.as_deref())).collect();
    assert_eq!(
        tree,
        [
            ("run", None),
            ("invoke_agent", Some("run")),
            ("chat", Some("invoke_agent")),
            ("execute_tool", Some("invoke_agent")),
            ("chat", Some("invoke_agent")),
        ]
    );
    assert!(spans.iter().all(|span| span.closed), "{spans:#?}");
    let [_, invoked, first, tool, last] = &spans[..] else { panic!("{spans:#?}") };
    // Nothing but the turn and the tool is entered and left while a reply streams: a request is
    // made within its span, once.
    assert_eq!((invoked.entered, first.entered, last.entered), (0, 1, 1));
    let port = provider.address().port().to_string();
    has(
        invoked,
        &[
            ("otel.name", "invoke_agent Forecaster"),
            ("otel.kind", "internal"),
            ("gen_ai.operation.name", "invoke_agent"),
            ("gen_ai.agent.name", "Forecaster"),
            ("gen_ai.conversation.id", "thr_1"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "gpt-test"),
        ],
    );
    for chat in [first, last] {
        has(
            chat,
            &[
                ("otel.name", "chat gpt-test"),
                ("otel.kind", "client"),
                ("gen_ai.operation.name", "chat"),
                ("gen_ai.provider.name", "openai"),
                ("gen_ai.request.model", "gpt-test"),
                ("gen_ai.request.stream", "true"),
                ("gen_ai.conversation.id", "thr_1"),
                ("server.address", "127.0.0.1"),
                ("server.port", &port),
            ],
        );
        assert!(chat.fields["gen_ai.response.time_to_first_chunk"].parse::<f64>().unwrap() > 0.0);
        lacks(chat, &["error.type", "otel.status_code"]);
    }
    has(first, &[("gen_ai.response.finish_reasons", "tool_calls")]);
    has(last, &[("gen_ai.response.finish_reasons", "stop")]);
    has(
        tool,
        &[
            ("otel.name", "execute_tool weather"),
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "weather"),
            ("gen_ai.tool.call.id", "call_0"),
            ("gen_ai.tool.type", "function"),
            ("gen_ai.conversation.id", "thr_1"),
        ],
    );
    assert!(tool.entered > 0);
    let events = recorder.events();
    let looks = |event: &&RecordedEvent| event.fields["message"] == "looking out of the window";
    let line = events.iter().find(looks).unwrap();
    assert_eq!(line.within, ["execute_tool", "invoke_agent", "run"]);
    let recorded = format!("{spans:?} {:?}", recorder.events());
    for hidden in [MARKER, "Rome", "sunny", "s3cret"] {
        assert!(!recorded.contains(hidden), "{hidden}: {recorded}");
    }
}

#[tokio::test]
async fn an_answer_has_its_id_its_model_and_its_cost() {
    let provider = FakeProvider::start().await;
    let mut chunks = chat::text("Hello.");
    for chunk in &mut chunks {
        chunk["id"] = json!("chatcmpl-1");
        chunk["model"] = json!("big-model-2026");
        if !chunk["usage"].is_null() {
            chunk["usage"] = json!({"prompt_tokens": 11, "completion_tokens": 7,
                "total_tokens": 18, "prompt_tokens_details": {"cached_tokens": 4}});
        }
    }
    provider.answer(Answer::events(chunks).with_done_marker());
    let options = ProviderOptions::new().base_url(provider.url());
    let agent: Agent<()> =
        Agent::new("Assistant").model(ChatCompletionsModel::new("big-model", options));
    let recorder = Recorder::start();
    Runner::run(&agent, "Hi", ()).await.unwrap();
    has(
        &recorder.span("chat"),
        &[
            ("gen_ai.request.model", "big-model"),
            ("gen_ai.response.model", "big-model-2026"),
            ("gen_ai.response.id", "chatcmpl-1"),
            ("gen_ai.usage.input_tokens", "11"),
            ("gen_ai.usage.output_tokens", "7"),
            ("gen_ai.usage.cache_read.input_tokens", "4"),
        ],
    );
    lacks(&recorder.span("chat"), &["gen_ai.conversation.id"]);
    let used = [("gen_ai.usage.input_tokens", "11"), ("gen_ai.usage.output_tokens", "7")];
    has(&recorder.span("invoke_agent"), &used);
}

#[tokio::test]
async fn a_model_that_fails_is_told_of_by_kind_and_not_in_its_words() {
    let quota = |status| {
        let words =
            json!({"error": {"message": format!("you said {MARKER}"), "code": "bad_input"}});
        Answer::status(status).json(&words)
    };
    let failed = responses::Reply::new().failed("server_error", &format!("you said {MARKER}"));
    let broken = Answer::lines(&format!("{{\"choices\": \"{MARKER}\"}}\n").repeat(40));
    for (answer, chat_api, kind) in [
        (quota(400), false, "400"),
        (Answer::events(failed), false, "server_error"),
        (broken, true, "protocol"),
        (Answer::status(200).body(format!("<html>{MARKER}</html>")), true, "protocol"),
    ] {
        let provider = FakeProvider::start().await;
        provider.answer_always(answer);
        let options = ProviderOptions::new().base_url(provider.url()).max_retries(1);
        let mut agent: Agent<()> = Agent::new("Assistant");
        agent = if chat_api {
            agent.model(ChatCompletionsModel::new("m", options))
        } else {
            agent.model(ResponsesModel::new("m", options))
        };
        let recorder = Recorder::start();
        let error = Runner::run(&agent, "Hi", ()).await.unwrap_err();
        for name in ["chat", "invoke_agent"] {
            has(&recorder.span(name), &[("error.type", kind), ("otel.status_code", "ERROR")]);
        }
        let _ = error.into_respond_error();
        let recorded = format!("{:?} {:?}", recorder.spans(), recorder.events());
        assert!(!recorded.contains(MARKER), "{recorded}");
    }
}

#[tokio::test]
async fn a_tool_that_fails_and_one_whose_arguments_do_not_fit() {
    let wrong = format!(r#"{{"city": {{"{MARKER}": 1}}}}"#);
    for (arguments, logged) in [
        (r#"{"city": "Atlantis"}"#, "there is no weather"),
        (wrong.as_str(), "the model's arguments do not fit"),
    ] {
        let model = Scripted::new([calls([("weather", arguments)]), says("I do not know.")]);
        let agent = forecaster().model(model);
        let recorder = Recorder::start();
        Runner::run(&agent, "How is it?", ()).await.unwrap();
        let tool = recorder.span("execute_tool");
        has(&tool, &[("error.type", "tool"), ("otel.status_code", "ERROR")]);
        lacks(&recorder.span("invoke_agent"), &["error.type"]);
        let events = recorder.events();
        let failed = events.iter().find(|event| event.fields["message"] == "a tool failed");
        assert_eq!(failed.unwrap().fields["error"], logged);
        assert!(!format!("{:?} {events:?}", recorder.spans()).contains(MARKER));
    }
}

#[tokio::test]
async fn each_agent_of_a_run_has_a_span_and_an_agent_that_is_a_tool_is_within_it() {
    let weather = Agent::new("Weather").model(Scripted::new([says("Sunny.")]));
    let weather = weather.as_tool("ask_weather", "Knows the weather.");
    let second = Agent::new("Second").model(Scripted::new([
        calls([("ask_weather", r#"{"input": "?"}"#)]),
        says("It is sunny."),
    ]));
    let second = second.tool(weather);
    let first: Agent<()> = Agent::new("First")
        .model(Scripted::new([calls([("transfer_to_second", "{}")])]))
        .handoff(second);
    let recorder = Recorder::start();
    Runner::run(&first, "Hi", ()).await.unwrap();
    let agents: Vec<_> =
        recorder.spans().into_iter().filter(|span| span.name == "invoke_agent").collect();
    let agents: Vec<_> = agents
        .iter()
        .map(|span| (span.fields["gen_ai.agent.name"].as_str(), span.parent.as_deref()))
        .collect();
    let expected = [("First", None), ("Second", None), ("Weather", Some("execute_tool"))];
    assert_eq!(agents, expected);
}

/// Passes what goes in, and trips over what comes out.
fn guarded() -> Agent<()> {
    let input = InputGuardrail::new("polite", |(), input: GuardrailInput| async move {
        tracing::info!("reading");
        let mut result = GuardrailResult::pass();
        result.info = json!({"read": input.text()});
        result
    });
    let output = OutputGuardrail::new("discreet", |(), output: GuardrailOutput| async move {
        GuardrailResult::trip(json!({"heard": &*output.text}))
    });
    let model = Scripted::new([says(MARKER)]);
    Agent::new("Guarded").model(model).input_guardrail(input).output_guardrail(output)
}

#[tokio::test]
async fn each_guardrail_has_a_span_that_says_what_it_found() {
    for (beside_model, log_content) in [(true, false), (false, false), (true, true)] {
        let recorder = Recorder::start();
        let config = config().log_content(log_content);
        let mut agent = guarded();
        let before = InputGuardrail::new("early", |(), _| async { GuardrailResult::pass() });
        if !beside_model {
            agent = agent.input_guardrail(before.run_in_parallel(false));
        }
        Runner::run_with(&agent, MARKER, (), config).await.unwrap_err();
        let mut spans = recorder.spans();
        spans.retain(|span| span.name == "run_guardrail");
        assert_eq!(spans.len(), if beside_model { 2 } else { 3 }, "{spans:#?}");
        for span in &spans {
            let name = &span.fields["chatkit.guardrail.name"];
            let (target, tripwire) = match name.as_str() {
                "discreet" => ("output", "true"),
                _ => ("input", "false"),
            };
            has(
                span,
                &[
                    ("otel.name", &format!("run_guardrail {name}")),
                    ("otel.kind", "internal"),
                    ("gen_ai.agent.name", "Guarded"),
                    ("gen_ai.conversation.id", "thr_1"),
                    ("chatkit.guardrail.target", target),
                    ("chatkit.guardrail.tripwire", tripwire),
                ],
            );
            // It has done what it is there for.
            lacks(span, &["error.type", "otel.status_code"]);
            assert_eq!((span.parent.as_deref(), span.closed), (Some("invoke_agent"), true));
        }
        has(&recorder.span("invoke_agent"), &[("error.type", "output_guardrail")]);
        let events = recorder.events();
        let line = events.iter().find(|event| event.fields["message"] == "reading").unwrap();
        assert_eq!(line.within, ["run_guardrail", "invoke_agent"]);
        let recorded = format!("{spans:?} {events:?}");
        assert_eq!(recorded.matches(MARKER).count(), if log_content { 2 } else { 0 }, "{recorded}");
    }
}

#[tokio::test]
async fn a_guardrail_that_fails_is_an_error_and_not_in_its_words() {
    let broken = InputGuardrail::new("broken", |(), _| async {
        Err::<GuardrailResult, _>(std::io::Error::other(MARKER))
    });
    let agent: Agent<()> =
        Agent::new("Guarded").model(Scripted::new([says("Hi")])).input_guardrail(broken);
    let recorder = Recorder::start();
    Runner::run(&agent, "Hi", ()).await.unwrap_err();
    let span = recorder.span("run_guardrail");
    has(&span, &[("error.type", "application"), ("otel.status_code", "ERROR")]);
    lacks(&span, &["chatkit.guardrail.tripwire"]);
    assert!(!format!("{:?}", recorder.spans()).contains(MARKER));
}

#[tokio::test]
async fn what_is_said_is_recorded_for_those_who_ask() {
    let arguments = r#"{"city": "Rome"}"#;
    let model = Scripted::new([calls([("weather", arguments)]), says("It is fine.")]);
    let agent = forecaster().instructions("Be kind.").model(model);
    let recorder = Recorder::start();
    Runner::run_with(&agent, "How is it?", (), config().log_content(true)).await.unwrap();
    let tool = recorder.span("execute_tool");
    has(
        &tool,
        &[("gen_ai.tool.call.arguments", arguments), ("gen_ai.tool.call.result", "sunny in Rome")],
    );
    let chats: Vec<_> = recorder.spans().into_iter().filter(|span| span.name == "chat").collect();
    let json =
        |name: &str| serde_json::from_str::<serde_json::Value>(&chats[1].fields[name]).unwrap();
    let text = |text: &str| json!([{"type": "text", "content": text}]);
    assert_eq!(json("gen_ai.system_instructions"), text("Be kind."));
    let input = json("gen_ai.input.messages");
    assert_eq!(input[0], json!({"role": "user", "parts": text("How is it?")}));
    assert_eq!(input[1]["parts"][0]["type"], "tool_call");
    assert_eq!(input[2]["parts"][0]["response"], "sunny in Rome");
    let said =
        json!([{"role": "assistant", "parts": text("It is fine."), "finish_reason": "stop"}]);
    assert_eq!(json("gen_ai.output.messages"), said);
    let lines = recorder.events();
    let line =
        |message: &str| lines.iter().find(|event| event.fields["message"] == message).unwrap();
    assert_eq!(line("a tool is called").fields["arguments"], arguments);
    assert_eq!(line("a tool has returned").fields["output"], "sunny in Rome");
}

#[tokio::test]
async fn a_run_that_is_dropped_ends_its_spans() {
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(responses::text("never")).stall_after(1));
    let options = ProviderOptions::new().base_url(provider.url());
    let agent: Agent<()> = Agent::new("Assistant").model(ResponsesModel::new("m", options));
    let recorder = Recorder::start();
    let mut run = Runner::run_streamed(&agent, "Hi", ());
    while recorder.spans().len() < 2 {
        run.next().await.unwrap().unwrap();
    }
    drop(run);
    assert!(recorder.spans().iter().all(|span| span.closed));
    lacks(&recorder.span("chat"), &["error.type"]);
}
