//! Workflows across turns.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chatkit_agents::{AgentContext, RunError, RunEvent, model::FunctionCall};
use chatkit_server::protocol::{ClientToolCallItem, CustomTask, JsonObject, Task, ThreadItem};
use chatkit_testkit::wire::{add_client_tool_output, create_thread, thread_id};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::{Value, json};

use crate::stage::{Run, Stage, after_options, answer, kinds, model, run, said};

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

    let events = stage.ask(create_thread("go")).await;
    let thread = thread_id(&events);
    assert_eq!(kinds(&events[3..]), ["added", "done", "done"]);
    assert_eq!(events[4]["item"]["workflow"].get("summary"), None, "it goes on");
    let stored = stage.stored(thread).await;
    let Some(ThreadItem::ClientToolCall(ClientToolCallItem { call_id, name, .. })) = stored.last()
    else {
        panic!("{stored:?}")
    };
    assert_eq!((call_id.as_str(), name.as_str()), ("call_7", "pick"));

    let events = stage.ask(add_client_tool_output(thread, &json!("red"))).await;
    assert_eq!(kinds(&events[1..])[..3], ["task", "done", "added"]);
    assert_eq!(events[1]["update"]["task_index"], 1);
    assert_eq!(events[1]["item_id"], stored[1].id().as_str());
    let stored = stage.stored(thread).await;
    let workflows: Vec<_> = stored
        .iter()
        .filter_map(|item| match item {
            ThreadItem::Workflow(item) => Some(item.workflow.tasks.len()),
            _ => None,
        })
        .collect();
    assert_eq!(workflows, [2], "one workflow with both tasks");
}

#[tokio::test]
async fn one_that_nobody_goes_on_with_has_ended() {
    let (events, stored) = answer(|context| {
        let working = stream::once(async move {
            context.add_workflow_task(task("one")).await.unwrap();
            Ok(RunEvent::Finished(Box::default()))
        });
        working.boxed()
    })
    .await;
    assert_eq!(kinds(&events), ["added", "done"]);
    let [ThreadItem::Workflow(item)] = &stored[..] else { panic!("{stored:?}") };
    assert!(item.workflow.summary.is_some(), "{item:?}");
}

/// A turn that leaves a workflow open and asks the page, and the turn with the page's answer: the
/// events of the second and what is stored in the end.
async fn gone_on(
    second: impl Fn(AgentContext<()>) -> Run + Send + Sync + 'static,
) -> (Vec<Value>, Vec<ThreadItem>) {
    let turns = AtomicUsize::new(0);
    let stage = Stage::new(move |context| {
        if turns.fetch_add(1, Ordering::SeqCst) > 0 {
            return second(context);
        }
        let asking = stream::once(async move {
            context.add_workflow_task(task("one")).await.unwrap();
            context.client_tool_call("pick", JsonObject::new());
            Ok(RunEvent::Finished(Box::default()))
        });
        asking.boxed()
    });
    let thread = thread_id(&stage.ask(create_thread("go")).await).to_owned();
    let events = after_options(stage.ask(add_client_tool_output(&thread, &json!("red"))).await);
    (events, stage.stored(&thread).await)
}

#[tokio::test]
async fn a_guardrail_takes_back_what_the_turn_added_to_it() {
    let (events, stored) = gone_on(|context| {
        let said = run(said(0, &["secret"]).into_iter().map(RunEvent::Model).collect());
        let working = stream::once(async move {
            context.add_workflow_task(task("secret")).await.unwrap();
            Ok(RunEvent::ModelAsked { turn: 0 })
        });
        let tripped = stream::once(async {
            Err(RunError::OutputGuardrail { guardrail: "secrets".to_owned(), info: Value::Null })
        });
        working.chain(said).chain(tripped).boxed()
    })
    .await;
    assert_eq!(kinds(&events)[events.len() - 3..], ["removed", "done", "error"]);
    let Some(ThreadItem::Workflow(item)) = stored.get(1) else { panic!("{stored:?}") };
    assert_eq!(item.workflow.tasks, [task("one")], "as the turn before has shown it");
    assert!(item.workflow.summary.is_some(), "{item:?}");
    assert_eq!(stored.len(), 3, "the message, the workflow and the call: {stored:?}");
}

#[tokio::test]
async fn one_that_is_begun_before_the_run_ends_it() {
    let (events, stored) = gone_on(|context| {
        let before = context.add_workflow_task(task("other")).now_or_never();
        assert_eq!(before.unwrap().unwrap(), 0);
        run(model(said(0, &["done"])))
    })
    .await;
    assert_eq!(kinds(&events)[..4], ["done", "added", "done", "added"]);
    assert_eq!(events[0]["item"]["id"], stored[1].id().as_str());
    assert_ne!(events[1]["item"]["id"], stored[1].id().as_str());
}

#[tokio::test]
async fn one_goes_on_across_several_calls() {
    let turns = AtomicUsize::new(0);
    let stage = Stage::new(move |context| {
        let turn = turns.fetch_add(1, Ordering::SeqCst);
        let working = stream::once(async move {
            context.add_workflow_task(task(&turn.to_string())).await.unwrap();
            if turn < 3 {
                context.client_tool_call("pick", JsonObject::new());
            }
            Ok(RunEvent::Finished(Box::default()))
        });
        working.boxed()
    });
    let thread = thread_id(&stage.ask(create_thread("go")).await).to_owned();
    for _ in 0..3 {
        stage.ask(add_client_tool_output(&thread, &json!("red"))).await;
    }
    let stored = stage.stored(&thread).await;
    let Some(ThreadItem::Workflow(item)) = stored.get(1) else { panic!("{stored:?}") };
    assert_eq!(item.workflow.tasks, ["0", "1", "2", "3"].map(task));
    assert!(item.workflow.summary.is_some(), "{item:?}");
    assert_eq!(stored.len(), 5, "the message, the workflow and the calls: {stored:?}");
}
