//! Runs: the loop of asking and acting, its events and its ends.

mod common;

use chatkit_agents::{Agent, RunEvent, Runner, ToolError, function_tool, model::InputItem};
use common::{Scripted, calls, drain, outputs, says};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Place {
    city: String,
}

fn weather() -> chatkit_agents::FunctionTool<()> {
    function_tool("weather", "The weather.", |_call, place: Place| async move {
        Ok::<_, ToolError>(format!("sunny in {}", place.city))
    })
}

#[tokio::test]
async fn a_text_is_the_final_output() {
    let model = Scripted::new([says("Hello!")]);
    let agent = Agent::new("Assistant").instructions("Be kind.").model(model.clone());
    let outcome = Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(outcome.final_text, "Hello!");
    assert_eq!(outcome.last_agent, "Assistant");
    assert_eq!(outcome.usage.requests, 1);
    assert_eq!(outcome.usage.total_tokens, 15);
    assert_eq!(outcome.input, [InputItem::user("Hi")]);
    let request = &model.requests()[0];
    assert_eq!(request.instructions.as_deref(), Some("Be kind."));
    assert_eq!(request.input, [InputItem::user("Hi")]);
}

#[tokio::test]
async fn the_model_reads_what_its_tools_return() {
    let model = Scripted::new([calls([("weather", r#"{"city":"Rome"}"#)]), says("Sunny.")]);
    let agent = Agent::new("Assistant").model(model.clone()).tool(weather());
    let (events, error) = drain(Runner::run_streamed(&agent, "Rome?", ())).await;
    assert!(error.is_none());
    let Some(RunEvent::Finished(outcome)) = events.last() else { panic!() };
    assert_eq!(outcome.final_text, "Sunny.");
    let requests = model.requests();
    assert_eq!(outputs(&requests[1]), [("call_0".to_owned(), "sunny in Rome".to_owned())]);
    assert_eq!(outcome.to_input().len(), 4);
    assert_eq!(requests[1].input, outcome.to_input()[..3]);
}
