//! Workflows across turns.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chatkit_agents::{RunEvent, model::FunctionCall};
use chatkit_server::protocol::{ClientToolCallItem, CustomTask, Task, ThreadItem};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::stage::{Stage, create, kinds, model, run, said, thread_of, tool_output};

fn task(title: &str) -> Task {
    Task::Custom(CustomTask { title: Some(title.to_owned()), ..CustomTask::default() })
}

#[tokio::test]
async fn the_output_of_a_client_tool_goes_on_with_the_open_workflow() {
    let turns = Arc::new(AtomicUsize::new(0));
    let stage = Stage::new(move |context| {
        let first = turns.fetch_add(1, Ordering::SeqCst) == 0;
        let working = stream::once(async move {
            context.add_workflow_task(task(if first { "one" } else { "two" })).await.unwrap();
            if first {
                let arguments = json!({"shade": 1}).as_object().unwrap().clone();
                context.client_tool_call("pick", arguments);
            }
            let call = FunctionCall {
                call_id: "call_7".to_owned(),
                name: "pick".to_owned(),
                arguments: "{}".to_owned(),
            };
            Ok(RunEvent::ToolCalled { call })
        });
        if first {
            let outcome = RunEvent::Finished(Box::default());
            working.chain(run(vec![outcome])).boxed()
        } else {
            working.chain(run(model(said(0, &["done"])))).boxed()
        }
    });

    let events = stage.ask(create("go")).await;
    let thread = thread_of(&events);
    assert_eq!(kinds(&events[3..]), ["added", "done", "done"]);
    assert_eq!(events[4]["item"]["workflow"].get("summary"), None, "it goes on");
    let stored = stage.stored(&thread).await;
    let Some(ThreadItem::ClientToolCall(ClientToolCallItem { call_id, name, .. })) = stored.last()
    else {
        panic!("{stored:?}")
    };
    assert_eq!((call_id.as_str(), name.as_str()), ("call_7", "pick"));

    let events = stage.ask(tool_output(&thread, &json!("red"))).await;
    assert_eq!(kinds(&events[1..])[..3], ["task", "done", "added"]);
    assert_eq!(events[1]["update"]["task_index"], 1);
    assert_eq!(events[1]["item_id"], stored[1].id().as_str());
    let stored = stage.stored(&thread).await;
    let workflows: Vec<_> = stored
        .iter()
        .filter_map(|item| match item {
            ThreadItem::Workflow(item) => Some(item.workflow.tasks.len()),
            _ => None,
        })
        .collect();
    assert_eq!(workflows, [2], "one workflow with both tasks");
}
