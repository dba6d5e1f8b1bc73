//! Answers that are not as they should be: what a run makes of them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use chatkit_agents::{
    Agent, RunOutcome, Runner, function_tool,
    model::{
        CustomToolCall, HostedCall, InputItem, ModelEvent, ModelRequest, OutputItem, OutputKind,
        OutputPart, Usage,
    },
};
use common::{Scripted, Step, answer, call, done, message, outputs, says};
use serde_json::{Value, json};

async fn run(answers: Vec<Vec<Step>>) -> (RunOutcome, Vec<ModelRequest>) {
    let model = Scripted::new(answers);
    let echo = function_tool("echo", "", |_call, text: String| async move { text });
    let agent = Agent::new("Assistant").model(model.clone()).tool(echo);
    let outcome = Runner::run(&agent, "go", ()).await.unwrap();
    (outcome, model.requests())
}

fn delta(item: usize, part: usize, text: &str) -> ModelEvent {
    ModelEvent::TextDelta { item, part, delta: text.to_owned() }
}

fn arguments(item: usize, text: &str) -> ModelEvent {
    ModelEvent::ArgumentsDelta { item, delta: text.to_owned() }
}

fn added(item: usize, output: impl Into<OutputItem>) -> ModelEvent {
    ModelEvent::ItemAdded { item, output: output.into() }
}

fn with_raw(kind: OutputKind, raw: &Value) -> OutputItem {
    OutputItem { kind, raw: raw.as_object().cloned() }
}

#[tokio::test]
async fn a_message_may_be_known_by_its_deltas_alone() {
    let (outcome, _) = run(vec![answer([
        delta(0, 0, "Hel"),
        delta(0, 0, "lo"),
        delta(0, 1, " you"),
        ModelEvent::TextDone { item: 0, part: 1, text: " you!".to_owned() },
        ModelEvent::TextDone { item: 0, part: 0, text: String::new() },
    ])])
    .await;
    assert_eq!(outcome.final_text, "Hello you!");
    assert_eq!(outcome.new_items.len(), 1);
}

#[tokio::test]
async fn an_item_that_is_never_done_is_what_was_seen_of_it() {
    let raw = json!({"type": "message", "content": []});
    let refusal = OutputPart::Refusal(String::new());
    let (outcome, _) = run(vec![answer([
        added(0, with_raw(OutputKind::Message(Vec::new()), &raw)),
        ModelEvent::PartAdded { item: 0, part: 0, content: refusal },
        delta(0, 0, "No."),
    ])])
    .await;
    assert_eq!(outcome.final_text, "No.");
    let said = OutputItem::from(OutputKind::Message(vec![OutputPart::Refusal("No.".to_owned())]));
    assert_eq!(outcome.new_items, [said.to_input().unwrap()]);
}

#[tokio::test]
async fn an_item_that_is_done_may_lack_what_its_deltas_said() {
    let raw = json!({"type": "message", "id": "m"});
    let whole = with_raw(message("Whole"), &raw);
    let (outcome, _) = run(vec![answer([
        delta(0, 0, "Part"),
        done(0, message("")),
        delta(1, 0, "ignored"),
        ModelEvent::ItemDone { item: 1, output: whole },
    ])])
    .await;
    assert_eq!(outcome.final_text, "Whole");
    let part = OutputItem::from(message("Part")).to_input().unwrap();
    assert_eq!(outcome.new_items, [part, InputItem::Raw(raw.as_object().unwrap().clone())]);
}

#[tokio::test]
async fn a_call_whose_arguments_came_as_deltas_alone_is_made() {
    for end in [None, Some(done(3, OutputKind::FunctionCall(call("c", "echo", ""))))] {
        let raw = json!({"type": "function_call", "call_id": "c", "arguments": ""});
        let begun = with_raw(OutputKind::FunctionCall(call("c", "echo", "")), &raw);
        let mut events =
            vec![added(3, begun), arguments(3, r#"{"input":"#), arguments(3, r#""hi"}"#)];
        events.extend(end);
        let (outcome, requests) = run(vec![answer(events), says("ok")]).await;
        assert_eq!(outcome.final_text, "ok");
        assert_eq!(outputs(&requests[1]), [("c".to_owned(), "hi".to_owned())]);
        let made = InputItem::FunctionCall(call("c", "echo", r#"{"input":"hi"}"#));
        assert_eq!(requests[1].input[1], made, "not the provider's form of its beginning");
    }
}

#[tokio::test]
async fn arguments_of_an_unknown_call_are_left_out() {
    let (outcome, _) = run(vec![answer([arguments(0, "{}"), done(1, message("Hi"))])]).await;
    assert_eq!(outcome.final_text, "Hi");
    assert_eq!(outcome.new_items.len(), 1);
}

#[tokio::test]
async fn calls_without_an_id_get_one() {
    let two = || {
        answer([
            done(0, OutputKind::FunctionCall(call("", "echo", r#"{"input":"a"}"#))),
            ModelEvent::ItemDone {
                item: 1,
                output: with_raw(
                    OutputKind::FunctionCall(call("", "echo", r#"{"input":"b"}"#)),
                    &json!({"type": "function_call", "name": "echo"}),
                ),
            },
        ])
    };
    let (_, requests) = run(vec![two(), two(), says("ok")]).await;
    let outputs = outputs(&requests[2]);
    let ids = outputs.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>();
    assert_eq!(ids, ["call_0_0", "call_0_1", "call_1_0", "call_1_1"]);
    let InputItem::Raw(raw) = &requests[1].input[2] else { panic!("not raw") };
    assert_eq!(raw["call_id"], "call_0_1");
}

#[tokio::test]
async fn an_answer_of_nothing_is_an_empty_text() {
    let (outcome, _) = run(vec![answer([])]).await;
    assert_eq!((outcome.final_text.as_str(), outcome.new_items.len()), ("", 0));
    let search = HostedCall { kind: "web_search_call".to_owned(), ..HostedCall::default() };
    let (outcome, _) = run(vec![answer([
        done(0, OutputKind::Reasoning(vec!["hm".to_owned()])),
        done(1, OutputKind::Hosted(search)),
    ])])
    .await;
    assert_eq!(outcome.final_text, "");
}

#[tokio::test]
async fn the_last_message_is_the_final_text() {
    let (outcome, _) = run(vec![answer([
        done(0, message("First")),
        done(1, message("Last")),
        done(2, OutputKind::Other("odd".to_owned())),
    ])])
    .await;
    assert_eq!(outcome.final_text, "Last");
}

#[tokio::test]
async fn thoughts_go_back_as_the_provider_sent_them() {
    let raw = json!({"type": "reasoning", "encrypted_content": "x"});
    let thinks = with_raw(OutputKind::Reasoning(Vec::new()), &raw);
    let (_, requests) = run(vec![
        answer([
            ModelEvent::ReasoningDelta { item: 0, part: 0, delta: "hm".to_owned() },
            ModelEvent::ItemDone { item: 0, output: thinks },
            done(1, OutputKind::FunctionCall(call("c", "echo", r#"{"input":"a"}"#))),
        ]),
        says("ok"),
    ])
    .await;
    assert_eq!(requests[1].input[1], InputItem::Raw(raw.as_object().unwrap().clone()));
}

#[tokio::test]
async fn an_answer_cut_short_is_final() {
    let events = [
        done(0, message("I will")),
        done(1, OutputKind::FunctionCall(call("c", "echo", r#"{"inp"#))),
        ModelEvent::Completed {
            response_id: None,
            usage: Usage::default(),
            incomplete: Some("max_output_tokens".to_owned()),
        },
    ];
    let (outcome, requests) = run(vec![events.map(Step::Event).into()]).await;
    assert_eq!(outcome.final_text, "I will");
    assert_eq!(requests.len(), 1);
    assert_eq!(outcome.usage.requests, 1);
    assert_eq!(outcome.new_items.len(), 3, "the call has an output");
}

#[tokio::test]
async fn a_custom_tool_is_answered_as_unknown() {
    let custom =
        CustomToolCall { call_id: "c".to_owned(), name: "sql".to_owned(), input: "x".to_owned() };
    let (_, requests) =
        run(vec![answer([done(0, OutputKind::CustomToolCall(custom))]), says("ok")]).await;
    let input = serde_json::to_value(&requests[1].input[1..]).unwrap();
    assert_eq!(
        input,
        json!([
            {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "x"},
            {
                "type": "custom_tool_call_output",
                "call_id": "c",
                "output": "Tool 'sql' not found. The tools are: echo.",
            },
        ])
    );
}
