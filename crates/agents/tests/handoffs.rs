//! Handing over from agent to agent.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::sync::{Arc, Mutex};

use chatkit_agents::{
    Agent, Handoff, HandoffInput, RunConfig, RunEvent, Runner, ToolError, function_tool,
    model::{InputItem, ModelSettings, ToolSpec},
};
use common::{Scripted, calls, drain, outputs, says};
use serde_json::json;

#[tokio::test]
async fn another_agent_goes_on_with_the_whole_conversation() {
    let triage_model = Scripted::new([calls([("transfer_to_billing_team", "{}")])]);
    let billing_model = Scripted::new([says("It costs 5.")]);
    let billing = Agent::new("Billing Team")
        .handoff_description("Knows prices.")
        .instructions("You know prices.")
        .model(billing_model.clone());
    let triage = Agent::new("Triage").model(triage_model.clone()).handoff(billing);
    let (events, _) = drain(Runner::run_streamed(&triage, "Price?", ())).await;
    let ToolSpec::Function { name, description, parameters, strict } =
        &triage_model.requests()[0].tools[0]
    else {
        panic!("no function");
    };
    assert_eq!(name, "transfer_to_billing_team");
    assert_eq!(
        description,
        "Handoff to the Billing Team agent to handle the request. Knows prices."
    );
    assert_eq!(parameters["properties"], json!({}));
    assert!(strict);
    let agents = events.iter().filter_map(|event| match event {
        RunEvent::AgentStarted { agent } => Some(agent.clone()),
        RunEvent::HandedOff { from, to } => Some(format!("{from} -> {to}")),
        _ => None,
    });
    assert_eq!(agents.collect::<Vec<_>>(), ["Triage", "Triage -> Billing Team", "Billing Team"]);
    let request = &billing_model.requests()[0];
    assert_eq!(request.instructions.as_deref(), Some("You know prices."));
    assert_eq!(request.input.len(), 3);
    assert_eq!(outputs(request)[0].1, r#"{"assistant": "Billing Team"}"#);
    let Some(RunEvent::Finished(outcome)) = events.last() else { panic!("no end") };
    assert_eq!(outcome.last_agent, "Billing Team");
    assert_eq!(outcome.final_text, "It costs 5.");
}

#[tokio::test]
async fn agents_may_hand_over_in_circles() {
    fn triage() -> Agent<()> {
        Agent::new("Triage").handoff(billing())
    }
    fn billing() -> Agent<()> {
        Agent::new("Billing").handoff(Handoff::lazy("Triage", "Knows who can help.", triage))
    }
    let model = Scripted::new([
        calls([("transfer_to_billing", "")]),
        calls([("transfer_to_triage", "")]),
        says("Bye."),
    ]);
    let config = RunConfig::new().model(model.clone());
    let outcome = Runner::run_with(&triage(), "Hi", (), config).await.unwrap();
    assert_eq!(outcome.last_agent, "Triage");
    let ToolSpec::Function { description, .. } = &model.requests()[1].tools[0] else {
        panic!("no function");
    };
    assert!(description.ends_with("to handle the request. Knows who can help."), "{description}");
}

#[tokio::test]
async fn of_two_handoffs_the_first_wins_and_tools_run_before() {
    let model = Scripted::new([
        calls([("transfer_to_a", ""), ("note", ""), ("transfer_to_b", "")]),
        says("Here is A."),
    ]);
    let agent = Agent::new("Triage")
        .tool(function_tool("note", "", |_call, (): ()| async { "noted" }))
        .tool_use_behavior(chatkit_agents::ToolUseBehavior::StopOnFirstTool)
        .handoff(Agent::new("A"))
        .handoff(Agent::new("B"));
    let config = RunConfig::new().model(model.clone());
    let outcome = Runner::run_with(&agent, "Hi", (), config).await.unwrap();
    assert_eq!(outcome.last_agent, "A");
    let texts = outputs(&model.requests()[1]).into_iter().map(|(_, text)| text);
    assert_eq!(
        texts.collect::<Vec<_>>(),
        [r#"{"assistant": "A"}"#, "noted", "Multiple handoffs detected, ignoring this one."]
    );
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Reason {
    reason: String,
}

#[tokio::test]
async fn a_handoff_may_take_input_and_fail() {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reasons);
    let model = Scripted::new([
        calls([("transfer_to_boss", r#"{"why":"x"}"#)]),
        calls([("transfer_to_boss", r#"{"reason":"busy"}"#)]),
        calls([("transfer_to_boss", r#"{"reason":"angry"}"#)]),
        says("The boss here."),
    ]);
    let boss = Handoff::new(Agent::new("Boss")).on_handoff(move |(), Reason { reason }: Reason| {
        let seen = Arc::clone(&seen);
        async move {
            if reason == "busy" {
                return Err(ToolError::new("not now"));
            }
            seen.lock().unwrap().push(reason);
            Ok(())
        }
    });
    let agent = Agent::new("Clerk").handoff(boss);
    let config = RunConfig::new().model(model.clone());
    let outcome = Runner::run_with(&agent, "Boss!", (), config).await.unwrap();
    assert_eq!(outcome.last_agent, "Boss");
    assert_eq!(*reasons.lock().unwrap(), ["angry"]);
    let requests = model.requests();
    assert!(outputs(&requests[1])[0].1.contains("missing field `reason`"));
    assert!(outputs(&requests[2])[1].1.contains("not now"));
    let ToolSpec::Function { parameters, .. } = &requests[0].tools[0] else {
        panic!("no function");
    };
    assert_eq!(parameters["required"], json!(["reason"]));
}

#[tokio::test]
async fn a_filter_changes_what_the_next_agent_sees_and_nothing_else() {
    let model = Scripted::new([
        calls([("note", "")]),
        calls([("transfer_to_expert", "")]),
        calls([("note", "")]),
        says("Done."),
    ]);
    let note = || function_tool("note", "", |_call, (): ()| async { "noted" });
    let seen = Arc::new(Mutex::new(None));
    let given = Arc::clone(&seen);
    let expert = Handoff::new(Agent::new("Expert").tool(note())).input_filter(move |mut input| {
        *given.lock().unwrap() = Some(input.clone());
        input.earlier_items.clear();
        input.new_items.clear();
        input
    });
    let agent = Agent::new("Triage").tool(note()).handoff(expert);
    let config = RunConfig::new().model(model.clone());
    let outcome = Runner::run_with(&agent, "Hi", (), config).await.unwrap();
    let HandoffInput { input, earlier_items, new_items, .. } = seen.lock().unwrap().take().unwrap();
    assert_eq!(input, [InputItem::user("Hi")]);
    assert_eq!((earlier_items.len(), new_items.len()), (2, 2));
    let requests = model.requests();
    assert_eq!(requests[2].input, [InputItem::user("Hi")]);
    assert_eq!(requests[3].input.len(), 3, "the input, the call and its output");
    assert_eq!(outcome.new_items.len(), 7, "the outcome has everything");
}

#[tokio::test]
async fn a_handoff_may_be_disabled_and_settings_are_those_of_the_agent() {
    let model = Scripted::new([calls([("transfer_to_open", "")]), says("ok")]);
    let mut cold = ModelSettings::default();
    cold.temperature = Some(0.0);
    let agent = Agent::new("Triage")
        .settings(cold)
        .handoff(Handoff::new(Agent::new("Closed")).enabled_if(|context: &u8| *context > 1))
        .handoff(Agent::new("Open"));
    let config = RunConfig::new().model(model.clone());
    Runner::run_with(&agent, "Hi", 1, config).await.unwrap();
    let requests = model.requests();
    let names = requests[0].tools.iter().map(ToolSpec::name).collect::<Vec<_>>();
    assert_eq!(names, ["transfer_to_open"]);
    assert_eq!(requests[0].settings.temperature, Some(0.0));
    assert_eq!(requests[1].settings.temperature, None);
}
