//! Runs: the loop of asking and acting, its settings and its ends.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chatkit_agents::{
    Agent, FunctionTool, RunConfig, RunError, RunEvent, RunHooks, Runner, ToolUseBehavior,
    function_tool,
    model::{
        FunctionCall, InputItem, Model, ModelError, ModelRequest, ModelSettings, OutputItem,
        ToolChoice, ToolSpec, Usage,
    },
};
use common::{Scripted, Step, answer, call, calls, completed, done, drain, message, outputs, says};
use serde_json::json;

fn weather() -> FunctionTool<()> {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Place {
        city: String,
    }
    function_tool("weather", "The weather.", |_call, place: Place| async move {
        format!("sunny in {}", place.city)
    })
}

const ROME: (&str, &str) = ("weather", r#"{"city":"Rome"}"#);

#[tokio::test]
async fn a_text_is_the_final_output() {
    let model = Scripted::new([says("Hello!")]);
    let agent = Agent::new("Assistant").instructions("Be kind.").model(model.clone());
    let outcome = Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(outcome.final_text, "Hello!");
    assert_eq!(outcome.last_agent, "Assistant");
    assert_eq!(outcome.input, [InputItem::user("Hi")]);
    let request = &model.requests()[0];
    assert_eq!(request.instructions.as_deref(), Some("Be kind."));
    assert_eq!(request.input, [InputItem::user("Hi")]);
}

#[tokio::test]
async fn the_model_reads_what_its_tools_return() {
    let model = Scripted::new([calls([ROME]), says("Sunny.")]);
    let agent = Agent::new("Assistant").model(model.clone()).tool(weather());
    let (events, error) = drain(Runner::run_streamed(&agent, "Rome?", ())).await;
    assert!(error.is_none());
    let names = events.iter().map(|event| match event {
        RunEvent::AgentStarted { .. } => "agent",
        RunEvent::ModelAsked { .. } => "asked",
        RunEvent::Model(_) => "model",
        RunEvent::ToolCalled { .. } => "called",
        RunEvent::ToolReturned { .. } => "returned",
        RunEvent::Finished(_) => "finished",
        other => panic!("{other:?}"),
    });
    assert_eq!(
        names.collect::<Vec<_>>().join(" "),
        "agent asked model model model called returned asked model model model model finished"
    );
    let Some(RunEvent::Finished(outcome)) = events.last() else { panic!("no end") };
    assert_eq!(outcome.final_text, "Sunny.");
    assert_eq!((outcome.usage.requests, outcome.usage.total_tokens), (2, 30));
    let requests = model.requests();
    assert_eq!(outputs(&requests[1]), [("call_0".to_owned(), "sunny in Rome".to_owned())]);
    assert_eq!(outcome.to_input().len(), 4);
    assert_eq!(requests[1].input, outcome.to_input()[..3]);
}

#[tokio::test]
async fn an_endless_loop_of_tools_ends() {
    let model = Scripted::new((0..11).map(|_| calls([ROME])));
    let agent = Agent::new("Assistant").model(model.clone()).tool(weather());
    let error = Runner::run(&agent, "Rome?", ()).await.unwrap_err();
    assert!(matches!(error, RunError::MaxTurns { max_turns: 10 }));
    assert_eq!(model.requests().len(), 10);
    let config = RunConfig::new().model(Scripted::new([calls([ROME])])).max_turns(1);
    let error = Runner::run_with(&agent, "Rome?", (), config).await.unwrap_err();
    assert!(matches!(error, RunError::MaxTurns { max_turns: 1 }));
}

#[tokio::test]
async fn tools_may_have_the_last_word() {
    let agent = |behavior| {
        Agent::new("Assistant")
            .tool(weather())
            .tool(function_tool("ping", "", |_call, (): ()| async { "pong" }))
            .tool_use_behavior(behavior)
    };
    let run = async |behavior, answers: Vec<Vec<Step>>| {
        let config = RunConfig::new().model(Scripted::new(answers));
        Runner::run_with(&agent(behavior), "go", (), config).await.unwrap()
    };
    let outcome = run(ToolUseBehavior::StopOnFirstTool, vec![calls([ROME, ("ping", "")])]).await;
    assert_eq!(outcome.final_text, "sunny in Rome");
    assert_eq!(outcome.ended_by, Some(call("call_0", ROME.0, ROME.1)));
    assert_eq!(outcome.new_items.len(), 4);

    let stop_at = ToolUseBehavior::StopAtTools(vec!["ping".to_owned()]);
    let outcome = run(stop_at.clone(), vec![calls([ROME]), calls([ROME, ("ping", "")])]).await;
    assert_eq!(outcome.final_text, "pong");

    let broken = calls([("weather", "{")]);
    let outcome = run(ToolUseBehavior::StopOnFirstTool, vec![broken, calls([ROME])]).await;
    assert_eq!(outcome.final_text, "sunny in Rome", "a tool that failed ends nothing");
}

#[tokio::test]
async fn a_forced_tool_is_forced_once() {
    let mut settings = ModelSettings::default();
    settings.tool_choice = Some(ToolChoice::Required);
    for (reset, second) in [(true, None), (false, Some(ToolChoice::Required))] {
        let model = Scripted::new([calls([ROME]), says("ok")]);
        let agent = Agent::new("Assistant")
            .model(model.clone())
            .tool(weather())
            .settings(settings.clone())
            .reset_tool_choice(reset);
        Runner::run(&agent, "go", ()).await.unwrap();
        let requests = model.requests();
        assert_eq!(requests[0].settings.tool_choice, Some(ToolChoice::Required));
        assert_eq!(requests[1].settings.tool_choice, second);
    }
}

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Event {
    name: String,
    #[serde(default)]
    guests: Vec<String>,
}

#[tokio::test]
async fn an_answer_has_the_agreed_type() {
    let model = Scripted::new([says(r#"{"name":"Party","guests":null}"#), says("A party!")]);
    let agent = Agent::new("Assistant").model(model.clone()).output_type::<Event>();
    let outcome = Runner::run(&agent, "go", ()).await.unwrap();
    let party = Event { name: "Party".to_owned(), guests: Vec::new() };
    assert_eq!(outcome.output::<Event>().unwrap(), party);
    assert_eq!(outcome.final_output, Some(json!({"name": "Party"})));
    let output = model.requests()[0].output.clone().unwrap();
    assert_eq!((output.name.as_str(), output.strict), ("final_output", true));
    assert_eq!(output.schema["required"].as_array().unwrap().len(), 2);
    let error = Runner::run(&agent, "go", ()).await.unwrap_err();
    assert!(matches!(error, RunError::Output(_)), "{error}");

    let model = Scripted::new([says(r#"{"response":[{"name":"A"}]}"#), says(r#"{"name":"A"}"#)]);
    let agent = Agent::new("Assistant").model(model).output_type::<Vec<Event>>();
    let outcome = Runner::run(&agent, "go", ()).await.unwrap();
    assert_eq!(outcome.output::<Vec<Event>>().unwrap().len(), 1);
    let error = Runner::run(&agent, "go", ()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model's answer does not fit the output type: missing field `response`"
    );
}

#[tokio::test]
async fn a_provider_that_keeps_the_conversation_is_sent_what_is_new() {
    let first = [
        done(0, message("Let me see.")),
        done(1, chatkit_agents::model::OutputKind::FunctionCall(call("c", ROME.0, ROME.1))),
        completed(Some("resp_1")),
    ];
    let model = Scripted::new([
        first.into_iter().map(Step::Event).collect(),
        calls([ROME]),
        [done(0, message("Sunny.")), completed(Some("resp_3"))].map(Step::Event).into(),
    ]);
    let agent = Agent::new("Assistant").model(model.clone()).tool(weather());
    let config = RunConfig::new().previous_response_id("resp_0");
    let outcome = Runner::run_with(&agent, "Rome?", (), config).await.unwrap();
    assert_eq!(outcome.last_response_id.as_deref(), Some("resp_3"));
    assert_eq!(outcome.new_items.len(), 6);
    let requests = model.requests();
    let previous = requests.iter().map(|request| request.previous_response_id.as_deref());
    assert_eq!(previous.collect::<Vec<_>>(), [Some("resp_0"), Some("resp_1"), Some("resp_1")]);
    assert_eq!(requests[0].input, [InputItem::user("Rome?")]);
    assert_eq!(requests[1].input, outcome.new_items[2..3]);
    // The second answer has no id, so the provider is given it back.
    assert_eq!(requests[2].input, outcome.new_items[2..5]);
}

#[tokio::test]
async fn instructions_may_be_computed_and_fail() {
    let model = Scripted::new([says("Hi")]);
    let agent = Agent::new("Assistant").model(model.clone()).instructions_with(
        |name: &'static str| async move {
            if name.is_empty() { Err("who is it?") } else { Ok(format!("You talk to {name}.")) }
        },
    );
    Runner::run(&agent, "Hi", "Ann").await.unwrap();
    assert_eq!(model.requests()[0].instructions.as_deref(), Some("You talk to Ann."));
    let error = Runner::run(&agent, "Hi", "").await.unwrap_err();
    assert_eq!(error.to_string(), "the instructions of the agent `Assistant` failed: who is it?");
}

#[tokio::test]
async fn the_run_has_the_last_word_on_model_and_settings() {
    let model = Scripted::new([says("ok")]);
    let mut settings = ModelSettings::default();
    (settings.temperature, settings.top_p) = (Some(1.0), Some(0.5));
    let agent = Agent::new("Assistant")
        .model(Scripted::new([]))
        .settings(settings)
        .hosted_tool(ToolSpec::hosted("web_search"));
    let mut settings = ModelSettings::default();
    settings.temperature = Some(0.0);
    let shared: Arc<dyn Model> = Arc::new(model.clone());
    let config = RunConfig::new().model(shared).settings(settings);
    Runner::run_with(&agent, vec![InputItem::user("go")], (), config).await.unwrap();
    let request = &model.requests()[0];
    assert_eq!((request.settings.temperature, request.settings.top_p), (Some(0.0), Some(0.5)));
    assert_eq!(request.tools, [ToolSpec::hosted("web_search")]);
}

#[tokio::test]
async fn a_run_fails_with_its_model_and_without_one() {
    let error = Runner::run(&Agent::new("Nobody"), "go", ()).await.unwrap_err();
    assert!(matches!(&error, RunError::NoModel { agent } if agent == "Nobody"));
    let failure = ModelError::Failed { message: "overloaded".to_owned(), code: None };
    for (step, expected) in
        [(Step::Fail(failure.clone()), failure), (Step::Close, ModelError::Closed)]
    {
        let mut steps = says("Hel");
        steps.pop();
        steps.push(step);
        let agent = Agent::new("Assistant").model(Scripted::new([steps]));
        let (events, error) = drain(Runner::run_streamed(&agent, "go", ())).await;
        assert_eq!(events.len(), 5, "what came before is seen");
        assert!(matches!(error, Some(RunError::Model(error)) if error == expected));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

#[async_trait]
impl RunHooks<()> for Log {
    async fn on_agent_start(&self, (): &(), agent: &str) {
        self.note(format!("start {agent}"));
    }
    async fn on_agent_end(&self, (): &(), agent: &str, output: &str) {
        self.note(format!("end {agent}: {output}"));
    }
    async fn on_llm_start(&self, (): &(), agent: &str, request: &ModelRequest) {
        self.note(format!("ask {agent} {}", request.input.len()));
    }
    async fn on_llm_end(&self, (): &(), agent: &str, answer: &[OutputItem], usage: &Usage) {
        self.note(format!("answer {agent} {} {}", answer.len(), usage.total_tokens));
    }
    async fn on_tool_start(&self, (): &(), agent: &str, call: &FunctionCall) {
        self.note(format!("tool {agent} {}", call.name));
    }
    async fn on_tool_end(&self, (): &(), _agent: &str, call: &FunctionCall, output: &str) {
        self.note(format!("returned {}: {output}", call.name));
    }
    async fn on_handoff(&self, (): &(), from: &str, to: &str) {
        self.note(format!("{from} to {to}"));
    }
}

#[tokio::test]
async fn hooks_are_told_of_everything() {
    let log = Log::default();
    let model = Scripted::new([
        calls([ROME]),
        calls([("transfer_to_b", "")]),
        answer([done(0, message("x"))]),
    ]);
    let agent = Agent::new("A").tool(weather()).handoff(Agent::new("B"));
    let config = RunConfig::new().model(model).hooks(log.clone());
    Runner::run_with(&agent, "go", (), config).await.unwrap();
    assert_eq!(
        *log.0.lock().unwrap(),
        [
            "start A",
            "ask A 1",
            "answer A 1 15",
            "tool A weather",
            "returned weather: sunny in Rome",
            "ask A 3",
            "answer A 1 15",
            "A to B",
            "start B",
            "ask B 5",
            "answer B 1 15",
            "end B: x",
        ]
    );
}
