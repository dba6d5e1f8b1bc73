//! The oldest turns go, whole.

use chatkit_agents::{
    DefaultConverter, ThreadItemConverter as _, TokenBudget, fit,
    model::{FunctionCall, FunctionCallOutput, InputContent, InputItem, InputMessage, Role},
};
use chatkit_protocol::ThreadItem;
use serde_json::json;

use crate::{assistant, hidden, items, texts, user};

/// A token per item.
fn budget(items: usize) -> TokenBudget {
    TokenBudget::new(items).with_estimate(|_| 1)
}

async fn kept(items: &[ThreadItem], tokens: usize) -> Vec<String> {
    let converter = DefaultConverter::new().token_budget(budget(tokens));
    texts(&converter.to_agent_input(items).await.unwrap())
}

#[tokio::test]
async fn the_oldest_turns_go_whole() {
    let items = items([
        assistant("greeting"),
        user("1"),
        assistant("one"),
        user("2"),
        hidden("note"),
        assistant("two"),
        user("3"),
    ]);
    let all = kept(&items, 7).await;
    assert_eq!(all.len(), 7);
    assert_eq!(kept(&items, 6).await, all[1..]);
    for tokens in [4, 5] {
        assert_eq!(kept(&items, tokens).await, all[3..], "{tokens}");
    }
    for tokens in [0, 1, 3] {
        assert_eq!(kept(&items, tokens).await, ["3"], "{tokens}");
    }
}

#[tokio::test]
async fn a_turn_that_does_not_fit_ends_it() {
    // What came before would fit, but there must be no gap.
    let items = items([user("1"), user("2"), assistant("a"), assistant("b"), user("3")]);
    assert_eq!(kept(&items, 3).await, ["3"]);
}

#[tokio::test]
async fn the_newest_turn_stays_though_it_is_too_long() {
    let items = items([user("1"), user("2"), assistant("two")]);
    assert_eq!(kept(&items, 1).await, ["2", "two"]);
}

#[tokio::test]
async fn calls_of_client_tools_stay_whole() {
    let call = json!({"type": "client_tool_call", "status": "completed", "call_id": "call_1",
        "name": "x", "arguments": {}, "output": 1});
    let items = items([user("1"), call, assistant("done")]);
    for tokens in 0..5 {
        let converter = DefaultConverter::new().token_budget(budget(tokens));
        assert_eq!(converter.to_agent_input(&items).await.unwrap().len(), 4);
    }
}

#[test]
fn turns_of_ones_own_fit_too() {
    let call = FunctionCall { call_id: "a".to_owned(), ..FunctionCall::default() };
    let output = FunctionCallOutput { call_id: "a".to_owned(), output: String::new() };
    let (call, output) = (InputItem::FunctionCall(call), InputItem::FunctionCallOutput(output));
    let turns =
        vec![vec!["1".into(), call.clone()], vec![output.clone(), "2".into()], vec!["3".into()]];
    assert_eq!(fit(turns.clone(), &budget(5)), ["1".into(), call, output, "2".into(), "3".into()]);
    // The call went with its turn, and so must its output.
    assert_eq!(fit(turns, &budget(3)), ["2".into(), "3".into()]);
    assert_eq!(fit(Vec::new(), &budget(3)), []);
}

#[test]
fn tokens_are_estimated_by_bytes() {
    let tokens = TokenBudget::default_estimate;
    let base = tokens(&InputItem::user(""));
    assert_eq!(tokens(&InputItem::user("a".repeat(4_000))), base + 1_000);
    let content = |content| {
        tokens(&InputItem::Message(InputMessage { role: Role::User, content: vec![content] }))
    };
    let image =
        |bytes: usize| content(InputContent::Image { url: "x".repeat(bytes), detail: None });
    assert_eq!(image(10), image(1_000_000));
    let file = |bytes: usize| {
        let data = Some("x".repeat(bytes));
        content(InputContent::File { filename: None, data, url: None })
    };
    assert!(file(10_000_000) > 10 * file(100_000), "large files cost more");
    let raw = json!({"type": "x", "text": "a".repeat(400)});
    assert!(tokens(&InputItem::Raw(raw.as_object().unwrap().clone())) > 100);
}
