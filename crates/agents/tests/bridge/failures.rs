//! Runs that fail.

use chatkit_agents::{
    RunError, RunEvent,
    model::{ModelError, ModelEvent, OutputKind},
};
use chatkit_server::protocol::ThreadItem;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::stage::{answer, delta_of, kinds, run, said};

fn failing(events: Vec<ModelEvent>, error: fn() -> RunError) -> crate::stage::Run {
    let events = events.into_iter().map(RunEvent::Model).collect();
    run(events).chain(stream::once(async move { Err(error()) })).boxed()
}

#[tokio::test]
async fn what_the_user_saw_stays_when_the_model_fails() {
    let (events, stored) = answer(|_| {
        failing(vec![delta_of(0, "half an ans")], || {
            RunError::Model(ModelError::Status {
                status: 503,
                message: "overloaded".to_owned(),
                code: None,
                retry_after: None,
            })
        })
    })
    .await;
    assert_eq!(kinds(&events).last(), Some(&"error"));
    assert_eq!(
        *events.last().unwrap(),
        json!({"type": "error", "code": "custom", "allow_retry": true,
            "message": "The model's provider has a problem. Please try again in a moment."})
    );
    let [ThreadItem::AssistantMessage(kept)] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(kept.text(), "half an ans");
}

#[tokio::test]
async fn a_guardrail_takes_back_what_was_shown() {
    let (events, stored) = answer(|context| {
        let sending = stream::once(async move {
            context
                .add_workflow_task(chatkit_server::protocol::Task::Custom(Default::default()))
                .await
                .unwrap();
            Ok(RunEvent::ModelAsked { turn: 0 })
        });
        let mut shown = vec![ModelEvent::ItemAdded {
            item: 0,
            output: OutputKind::Reasoning(Vec::new()).into(),
        }];
        shown.extend(said(1, &["secret"]));
        shown.push(delta_of(2, "more"));
        let failing = failing(shown, || RunError::OutputGuardrail {
            guardrail: "secrets".to_owned(),
            info: json!({}),
        });
        sending.chain(failing).boxed()
    })
    .await;
    let removed: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "thread.item.removed")
        .map(|event| event["item_id"].as_str().unwrap())
        .collect();
    let added: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "thread.item.added")
        .map(|event| event["item"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(removed, added, "all that was added, in order");
    assert_eq!(removed.len(), 3);
    let error = json!({"type": "error", "code": "stream.error", "allow_retry": true});
    assert_eq!(*events.last().unwrap(), error);
    assert!(stored.is_empty(), "{stored:?}");
}

#[tokio::test]
async fn an_open_workflow_is_not_left_spinning() {
    let (events, stored) = answer(|context| {
        let sending = stream::once(async move {
            let task = chatkit_server::protocol::Task::Custom(Default::default());
            context.add_workflow_task(task).await.unwrap();
            Ok(RunEvent::ModelAsked { turn: 0 })
        });
        sending.chain(failing(Vec::new(), || RunError::Model(ModelError::Closed))).boxed()
    })
    .await;
    assert_eq!(kinds(&events), ["added", "done", "error"]);
    assert_eq!(stored.len(), 1);
}
