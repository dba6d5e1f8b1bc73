//! Tools on the provider's side.

use chatkit_agents::model::{HostedCall, HostedStatus, ModelEvent, OutputItem, OutputKind};
use serde_json::{Value, json};

use crate::stage::{answer_to, kinds, model, said};

fn call(kind: &str, raw: Value) -> OutputItem {
    let Value::Object(raw) = raw else { panic!("the tests give objects") };
    OutputKind::Hosted(HostedCall { kind: kind.to_owned(), id: None, raw }).into()
}

#[tokio::test]
async fn searches_are_tasks_until_the_answer_begins() {
    let query = json!({"action": {"type": "search", "query": "fjords"}});
    let mut run = vec![
        ModelEvent::ItemAdded { item: 0, output: call("web_search_call", json!({})) },
        ModelEvent::HostedProgress { item: 0, status: HostedStatus::InProgress },
        ModelEvent::HostedProgress { item: 0, status: HostedStatus::Working },
        ModelEvent::HostedProgress { item: 0, status: HostedStatus::Completed },
        ModelEvent::ItemDone { item: 0, output: call("web_search_call", query) },
        ModelEvent::ItemDone {
            item: 1,
            output: call("file_search_call", json!({"results": [{"filename": "a.pdf"}]})),
        },
    ];
    run.extend(said(2, &["Found."]));
    let (events, stored) = answer_to(model(run)).await;
    assert_eq!(kinds(&events)[..5], ["added", "task updated", "task", "done", "added"]);
    assert_eq!(events[0]["item"]["workflow"]["tasks"][0]["status_indicator"], "loading");
    assert_eq!(events[1]["update"]["task"]["title_query"], "fjords");
    assert_eq!(events[1]["update"]["task"]["status_indicator"], "complete");
    assert_eq!(events[2]["update"]["task"]["sources"][0]["filename"], "a.pdf");
    assert_eq!(stored.len(), 2);
}

#[tokio::test]
async fn code_is_shown_once_it_runs() {
    let code = |code: &str| ModelEvent::CodeDelta { item: 0, delta: code.to_owned() };
    let run = vec![
        ModelEvent::ItemAdded { item: 0, output: call("code_interpreter_call", json!({})) },
        code("print("),
        code("1)"),
        ModelEvent::HostedProgress { item: 0, status: HostedStatus::Working },
        ModelEvent::ItemDone {
            item: 0,
            output: call("code_interpreter_call", json!({"code": "print(1)"})),
        },
    ];
    let (events, _) = answer_to(model(run)).await;
    assert_eq!(kinds(&events), ["added", "task updated", "task updated", "done"]);
    let shown = "```python\nprint(1)\n```";
    assert_eq!(events[1]["update"]["task"]["content"], shown);
    assert_eq!(events[2]["update"]["task"]["content"], shown);
    assert_eq!(events[2]["update"]["task"]["title"], "Ran code");
}

#[tokio::test]
async fn a_call_whose_end_does_not_come_is_not_left_spinning() {
    let added = ModelEvent::ItemAdded { item: 0, output: call("mcp_call", json!({"name": "ask"})) };
    let (events, _) = answer_to(model(vec![added])).await;
    assert_eq!(kinds(&events), ["added", "task updated", "done"]);
    assert_eq!(events[1]["update"]["task"]["status_indicator"], "complete");
}

#[tokio::test]
async fn what_is_not_known_is_passed_over() {
    let mut run = vec![
        ModelEvent::Other { kind: "response.brand_new".to_owned() },
        ModelEvent::ItemAdded { item: 0, output: call("brand_new_call", json!({})) },
        ModelEvent::ItemDone { item: 0, output: OutputKind::Other("new".to_owned()).into() },
    ];
    run.extend(said(1, &["Hi"]));
    let (events, _) = answer_to(model(run)).await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "part done", "done"]);
}
