//! Tools: their arguments, what they return, and how they fail.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chatkit_agents::{
    Agent, RunConfig, RunError, RunEvent, Runner, Tool as _, ToolError, ToolOutput, function_tool,
    model::{ModelSettings, ToolSpec},
};
use common::{Gate, Scripted, call, calls, drain, outputs, says};
use serde_json::{Value, json};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Place {
    city: String,
    #[serde(default = "three")]
    days: u32,
}

fn three() -> u32 {
    3
}

/// What the model is told when it calls a tool of the agent so.
async fn told(agent: Agent<()>, name: &str, arguments: &str) -> (String, bool) {
    let model = Scripted::new([calls([(name, arguments)]), says("done")]);
    let agent = agent.model(model.clone());
    let (events, error) = drain(Runner::run_streamed(&agent, "go", ())).await;
    assert!(error.is_none(), "{error:?}");
    let output = outputs(&model.requests()[1])[0].1.clone();
    let returned = events.iter().find_map(|event| match event {
        RunEvent::ToolReturned { output, failed, .. } => Some((output.clone(), *failed)),
        _ => None,
    });
    let Some((text, failed)) = returned else { panic!("no tool has returned: {events:?}") };
    assert_eq!(text, output);
    (text, failed)
}

fn forecast() -> Agent<()> {
    Agent::new("Assistant").tool(function_tool(
        "forecast",
        "The weather.",
        |_call, Place { city, days }: Place| async move {
            Ok::<_, ToolError>(json!({"city": city, "days": days}))
        },
    ))
}

#[tokio::test]
async fn arguments_are_read_into_their_type() {
    for (arguments, days) in [
        (r#"{"city":"Rome","days":5}"#, 5),
        (r#"{"city":"Rome"}"#, 3),
        (r#"{"city":"Rome","days":null}"#, 3),
        (r#""{\"city\":\"Rome\"}""#, 3),
        ("```json\n{\"city\":\"Rome\"}\n```", 3),
    ] {
        let (text, failed) = told(forecast(), "forecast", arguments).await;
        let output: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((output, failed), (json!({"city": "Rome", "days": days}), false));
    }
}

#[tokio::test]
async fn the_model_is_told_which_argument_is_wrong() {
    for (arguments, words) in [
        (r#"{"city":"Rome","days":"five"}"#, "`days`: invalid type: string \"five\", expected u32"),
        (r#"{"days":5}"#, "missing field `city`"),
        (r#"{"city":null}"#, "`city`: invalid type: null, expected a string"),
        (r#"{"city":"Ro"#, "EOF while parsing a string"),
        (r#"[1,2]"#, "expected a JSON object"),
    ] {
        let (text, failed) = told(forecast(), "forecast", arguments).await;
        assert!(failed);
        assert!(text.starts_with("An error occurred while parsing tool arguments."), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test]
async fn arguments_that_are_no_json_do_not_go_back_to_the_provider() {
    let model = Scripted::new([calls([("forecast", r#"{"city":"Ro"#)]), says("sorry")]);
    let agent = forecast().model(model.clone());
    Runner::run(&agent, "go", ()).await.unwrap();
    let input = serde_json::to_value(&model.requests()[1].input).unwrap();
    assert_eq!(input[1]["arguments"], "{}");
}

#[tokio::test]
async fn tools_may_take_nothing_or_a_single_value() {
    let agent = Agent::new("Assistant")
        .tool(function_tool("ping", "", |_call, (): ()| async { "pong" }))
        .tool(function_tool("double", "", |_call, number: u64| async move { number * 2 }))
        .tool(function_tool("any", "", |_call, any: Value| async move { any }));
    assert_eq!(told(agent.clone(), "ping", "").await.0, "pong");
    assert_eq!(told(agent.clone(), "ping", "{}").await.0, "pong");
    assert_eq!(told(agent.clone(), "double", r#"{"input":21}"#).await.0, "42");
    assert_eq!(told(agent, "any", r#"{"a":[null]}"#).await.0, r#"{"a":[null]}"#);
}

#[test]
fn the_model_sees_a_strict_schema_where_there_is_one() {
    let parameters = |tool: chatkit_agents::FunctionTool<()>| match tool.spec().clone() {
        ToolSpec::Function { parameters, strict, .. } => (parameters, strict),
        _ => panic!("no function"),
    };
    let nothing = json!({
        "type": "object", "properties": {}, "required": [], "additionalProperties": false
    });
    let ping = || function_tool("ping", "", |_call, (): ()| async {});
    assert_eq!(parameters(ping()), (nothing, true));
    assert_eq!(
        parameters(ping().strict(false)),
        (json!({"type": "object", "properties": {}}), false)
    );
    let any = function_tool("any", "", |_call, any: Value| async move { any });
    let open = json!({"type": "object", "properties": {}, "additionalProperties": true});
    assert_eq!(parameters(any), (open, false));
    let (schema, strict) = parameters(function_tool("list", "", |_call, _: Vec<u8>| async {}));
    assert!(strict);
    assert_eq!(schema["properties"]["input"]["type"], "array");
}

#[tokio::test]
async fn the_model_is_told_of_errors() {
    let agent = Agent::new("Assistant").tool(function_tool("fail", "", |_call, (): ()| async {
        Err::<(), _>("the disk is full")
    }));
    let (text, failed) = told(agent, "fail", "{}").await;
    assert!(failed);
    assert_eq!(
        text,
        "An error occurred while running the tool. Please try again. Error: the disk is full"
    );
}

#[tokio::test]
async fn a_fatal_error_ends_the_run_and_drops_the_other_tools() {
    let (started, running) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (starts, count) = (Arc::clone(&started), Arc::clone(&running));
    let agent = Agent::new("Assistant")
        .model(Scripted::new([calls([("hang", ""), ("fatal", "")])]))
        .tool(function_tool("hang", "", move |_call, (): ()| {
            let alive = common::Alive::in_count(&count);
            starts.fetch_add(1, Ordering::SeqCst);
            async move {
                std::future::pending::<()>().await;
                drop(alive);
            }
        }))
        .tool(function_tool("fatal", "", |_call, (): ()| async {
            Err::<(), _>(ToolError::fatal("no licence"))
        }));
    let error = Runner::run(&agent, "go", ()).await.unwrap_err();
    assert!(
        matches!(&error, RunError::Tool { tool, error } if tool == "fatal" && error == "no licence")
    );
    assert_eq!(started.load(Ordering::SeqCst), 1);
    assert_eq!(running.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_panic_is_an_error_that_names_nothing() {
    let agent = Agent::new("Assistant").tool(function_tool("panic", "", |_call, (): ()| async {
        assert!(std::env::args().count() == 0, "secret internals");
    }));
    let (text, failed) = told(agent, "panic", "{}").await;
    assert!(failed);
    assert_eq!(text, "An error occurred while running the tool.");
}

#[tokio::test(start_paused = true)]
async fn a_tool_has_its_time() {
    let slow = || {
        function_tool("slow", "", |_call, (): ()| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "slept"
        })
    };
    let agent = Agent::new("Assistant").tool(slow());
    assert_eq!(told(agent, "slow", "{}").await, ("slept".to_owned(), false));
    let agent = Agent::new("Assistant").tool(slow().timeout(Duration::from_millis(1500)));
    let out = "Tool 'slow' timed out after 1.5 seconds.".to_owned();
    assert_eq!(told(agent, "slow", "{}").await, (out, true));
    let model = Scripted::new([calls([("slow", "")]), says("done")]);
    let agent = Agent::new("Assistant").tool(slow()).model(model.clone());
    let config = RunConfig::new().tool_timeout(Duration::from_secs(30));
    Runner::run_with(&agent, "go", (), config).await.unwrap();
    assert_eq!(outputs(&model.requests()[1])[0].1, "Tool 'slow' timed out after 30 seconds.");
}

#[tokio::test]
async fn an_unknown_tool_is_answered_with_those_there_are() {
    let agent = forecast().handoff(Agent::new("Billing Team"));
    let (text, failed) = told(agent, "wether", "{}").await;
    assert!(failed);
    assert_eq!(text, "Tool 'wether' not found. The tools are: forecast, transfer_to_billing_team.");
    let (text, _) = told(forecast(), "functions.forecast", r#"{"city":"Rome","days":1}"#).await;
    assert_eq!(text, r#"{"city":"Rome","days":1}"#);
}

#[tokio::test]
async fn a_tool_that_is_not_enabled_is_not_there() {
    let model = Scripted::new([calls([("secret", "")]), says("done")]);
    let secret = function_tool("secret", "", |_call, (): ()| async { "gold" });
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .tool(secret.enabled_if(|context: &bool| *context));
    Runner::run(&agent, "go", false).await.unwrap();
    assert_eq!(model.requests()[0].tools, []);
    assert_eq!(outputs(&model.requests()[1])[0].1, "Tool 'secret' not found. There are no tools.");
}

#[tokio::test]
async fn events_come_as_tools_finish_and_outputs_go_back_as_they_were_called() {
    let gate = Gate::default();
    let (waits, opens) = (gate.clone(), gate);
    let model = Scripted::new([calls([("first", ""), ("second", "")]), says("done")]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .tool(function_tool("first", "", move |_call, (): ()| {
            let gate = waits.clone();
            async move {
                gate.passed().await;
                "one"
            }
        }))
        .tool(function_tool("second", "", move |_call, (): ()| {
            opens.open();
            async { "two" }
        }));
    let (events, _) = drain(Runner::run_streamed(&agent, "go", ())).await;
    let tools = events.iter().filter_map(|event| match event {
        RunEvent::ToolCalled { call } => Some(format!("called {}", call.name)),
        RunEvent::ToolReturned { call, .. } => Some(format!("returned {}", call.name)),
        _ => None,
    });
    assert_eq!(
        tools.collect::<Vec<_>>(),
        ["called first", "called second", "returned second", "returned first"]
    );
    let expected = [("call_0", "one"), ("call_1", "two")];
    let expected = expected.map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(outputs(&model.requests()[1]), expected);
}

#[tokio::test]
async fn no_more_tools_run_at_once_than_may() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let model = Scripted::new([calls([("work", ""); 7]), says("done")]);
    let agent = Agent::new("Assistant").model(model.clone()).tool(function_tool(
        "work",
        "",
        move |_call, (): ()| {
            let alive = common::Alive::in_count(&now);
            peak.fetch_max(now.load(Ordering::SeqCst), Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                drop(alive);
            }
        },
    ));
    let config = RunConfig::new().max_parallel_tools(3);
    Runner::run_with(&agent, "go", (), config).await.unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(outputs(&model.requests()[1]).len(), 7);
}

#[tokio::test]
async fn several_calls_wrapped_in_one_are_run() {
    let arguments = json!({"tool_uses": [
        {"recipient_name": "functions.forecast", "parameters": {"city": "Rome", "days": 1}},
        {"recipient_name": "functions.nothing", "parameters": {}},
        {"recipient_name": "ping"},
    ]})
    .to_string();
    let agent = || forecast().tool(function_tool("ping", "", |_call, (): ()| async { "pong" }));
    for name in ["parallel", "multi_tool_use.parallel"] {
        let model = Scripted::new([calls([(name, arguments.as_str())]), says("done")]);
        let (events, _) =
            drain(Runner::run_streamed(&agent().model(model.clone()), "go", ())).await;
        let called = events.iter().filter_map(|event| match event {
            RunEvent::ToolCalled { call } => Some(call.clone()),
            _ => None,
        });
        assert_eq!(
            called.collect::<Vec<_>>(),
            [
                call("call_0:0", "forecast", r#"{"city":"Rome","days":1}"#),
                call("call_0:1", "functions.nothing", "{}"),
                call("call_0:2", "ping", "{}"),
            ]
        );
        let outputs = outputs(&model.requests()[1]);
        assert_eq!(outputs.len(), 1);
        let output: Value = serde_json::from_str(&outputs[0].1).unwrap();
        assert_eq!(
            output,
            json!([
                {"city": "Rome", "days": 1},
                "Tool 'functions.nothing' not found. The tools are: forecast, ping.",
                "pong",
            ])
        );
    }
    let (text, _) = told(agent(), "parallel", r#"{"uses":1}"#).await;
    assert!(text.starts_with("Tool 'parallel' not found."), "{text}");
    let own = agent().tool(function_tool("parallel", "", |_call, _: Value| async { "mine" }));
    assert_eq!(told(own, "parallel", &arguments).await.0, "mine");
}

#[tokio::test]
async fn an_agent_can_be_a_tool() {
    let inner = Scripted::new([says("Bonjour")]);
    let translator = Agent::new("Translator").model(inner.clone());
    let agent = Agent::new("Assistant").tool(translator.as_tool("translate", "Into French."));
    let (text, failed) = told(agent, "translate", r#"{"input":"Hello"}"#).await;
    assert_eq!((text.as_str(), failed), ("Bonjour", false));
    assert_eq!(inner.requests()[0].input, ["Hello".into()]);
}

#[tokio::test]
async fn an_agent_as_a_tool_is_run_as_the_calling_run_is() {
    let own = Scripted::new([says("Bonjour"), says("Bonjour")]);
    let translator = Agent::new("Translator").model(own.clone());
    let tool = || translator.as_tool("translate", "Into French.");
    let call = || calls([("translate", r#"{"input":"Hello"}"#)]);
    let mut settings = ModelSettings::default();
    settings.temperature = Some(0.5);

    // A model of the run is that of all agents.
    let of_run = Scripted::new([call(), says("Salut"), says("done")]);
    let agent = Agent::new("Assistant").tool(tool());
    let config = RunConfig::new().model(of_run.clone()).settings(settings.clone());
    let outcome = Runner::run_with(&agent, "go", (), config).await.unwrap();
    assert_eq!((outcome.final_text.as_str(), own.requests().len()), ("done", 0));
    let temperatures =
        of_run.requests().iter().map(|it| it.settings.temperature).collect::<Vec<_>>();
    assert_eq!(temperatures, [Some(0.5); 3]);

    // Without one it has its own, and the calling run's turns and past are not its own.
    let asks = Scripted::new([call(), says("done")]);
    let agent = Agent::new("Assistant").model(asks).tool(tool());
    let config = RunConfig::new().max_turns(2).previous_response_id("resp_1").settings(settings);
    Runner::run_with(&agent, "go", (), config).await.unwrap();
    let [request] = &own.requests()[..] else { panic!("{:?}", own.requests()) };
    assert_eq!(request.settings.temperature, Some(0.5));
    assert_eq!(request.previous_response_id, None);

    // What it is told wins.
    let of_run = Scripted::new([call(), says("done")]);
    let agent = Agent::new("Assistant").tool(tool().config(RunConfig::new()));
    let config = RunConfig::new().model(of_run.clone());
    Runner::run_with(&agent, "go", (), config).await.unwrap();
    assert_eq!((of_run.requests().len(), own.requests().len()), (2, 2));
}

#[tokio::test]
async fn what_an_agent_costs_as_a_tool_is_counted() {
    let inner = Scripted::new([says("Bonjour")]);
    let translator = Agent::new("Translator").model(inner);
    let model = Scripted::new([calls([("translate", r#"{"input":"Hello"}"#)]), says("done")]);
    let agent =
        Agent::new("Assistant").model(model).tool(translator.as_tool("translate", "Into French."));
    let usage = Runner::run(&agent, "go", ()).await.unwrap().usage;
    assert_eq!((usage.requests, usage.total_tokens), (3, 45));
}

#[tokio::test]
async fn a_tool_may_end_the_run() {
    let model = Scripted::new([calls([("ping", ""), ("client", "")])]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .tool(function_tool("ping", "", |_call, (): ()| async { "pong" }))
        .tool(function_tool("client", "", |_call, (): ()| async {
            ToolOutput::text("asked").ending_run()
        }));
    let outcome = Runner::run(&agent, "go", ()).await.unwrap();
    assert_eq!(outcome.final_text, "asked");
    assert_eq!(outcome.ended_by, Some(call("call_1", "client", "")));
    assert_eq!(outcome.new_items.len(), 4, "both calls have their outputs");
    assert_eq!(model.requests().len(), 1);
}
