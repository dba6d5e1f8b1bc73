//! Tools that an agent's sources have when it starts.
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chatkit_agents::{Agent, Runner, Tool, ToolError, ToolSource, function_tool};
use common::{Scripted, calls, outputs, says};

/// A source with the tools of these names, or none that can be listed.
#[derive(Clone)]
struct Source(Arc<Mutex<Option<Vec<&'static str>>>>);

impl Source {
    fn of(names: Option<Vec<&'static str>>) -> Self {
        Self(Arc::new(Mutex::new(names)))
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

fn tool(name: &'static str, output: &'static str) -> Arc<dyn Tool<()>> {
    Arc::new(function_tool(name, "", move |_call, _: Nothing| async move { output }))
}

#[async_trait]
impl ToolSource<()> for Source {
    fn name(&self) -> &str {
        "source"
    }

    async fn tools(&self) -> Result<Vec<Arc<dyn Tool<()>>>, ToolError> {
        let names = self.0.lock().unwrap().clone().ok_or_else(|| ToolError::new("away"))?;
        Ok(names.into_iter().map(|name| tool(name, "the source's")).collect())
    }
}

fn offered(model: &Scripted) -> Vec<Vec<String>> {
    let names = |tools: Vec<chatkit_agents::model::ToolSpec>| {
        tools.iter().map(|tool| tool.name().to_owned()).collect()
    };
    model.requests().into_iter().map(|request| names(request.tools)).collect()
}

#[tokio::test]
async fn a_source_is_asked_whenever_the_agent_starts() {
    let source = Source::of(Some(vec!["one"]));
    let model = Scripted::new([calls([("one", "{}")]), says("A."), says("B.")]);
    let agent = Agent::new("Assistant").model(model.clone()).tool_source(source.clone());
    Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(outputs(&model.requests()[1])[0].1, "the source's");
    *source.0.lock().unwrap() = Some(vec!["two"]);
    Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(offered(&model), [["one"], ["one"], ["two"]]);
}

#[tokio::test]
async fn the_agent_handed_over_to_has_its_own_sources_only() {
    let model =
        Scripted::new([calls([("transfer_to_second", "{}")]), calls([("b", "{}")]), says("C.")]);
    let second = Agent::new("Second").model(model.clone()).tool_source(Source::of(Some(vec!["b"])));
    let first = Agent::new("First")
        .model(model.clone())
        .tool_source(Source::of(Some(vec!["a"])))
        .handoff(second);
    Runner::run(&first, "Hi", ()).await.unwrap();
    assert_eq!(offered(&model), [vec!["a", "transfer_to_second"], vec!["b"], vec!["b"]]);
}

#[tokio::test]
async fn an_agent_goes_on_without_a_source_that_cannot_tell() {
    let model = Scripted::new([says("A.")]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .tool_source(Source::of(None))
        .tool_source(Source::of(Some(vec!["one"])));
    assert_eq!(Runner::run(&agent, "Hi", ()).await.unwrap().final_text, "A.");
    assert_eq!(offered(&model), [["one"]]);
}

#[tokio::test]
async fn of_two_tools_with_the_same_name_the_agents_own_counts() {
    let model = Scripted::new([calls([("one", "{}")]), says("A.")]);
    let agent = Agent::new("Assistant")
        .model(model.clone())
        .tool_source(Source::of(Some(vec!["one"])))
        .tools([tool("one", "the agent's")]);
    Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(outputs(&model.requests()[1])[0].1, "the agent's");
    assert_eq!(offered(&model)[0], ["one"]);
}
