//! Runs that fail.

use chatkit_agents::{
    RunError, RunEvent,
    model::{HostedCall, ModelError, ModelEvent, OutputItem, OutputKind},
};
use chatkit_server::protocol::{JsonObject, StatusIndicator, Task, ThreadItem};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::stage::{answer, delta_of, kinds, run, said};

fn failing(events: Vec<ModelEvent>, error: fn() -> RunError) -> crate::stage::Run {
    let events = events.into_iter().map(RunEvent::Model).collect();
    run(events).chain(stream::once(async move { Err(error()) })).boxed()
}

fn tripped() -> RunError {
    RunError::OutputGuardrail { guardrail: "secrets".to_owned(), info: json!({}) }
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
            context.add_workflow_task(Task::Custom(Default::default())).await.unwrap();
            Ok(RunEvent::ModelAsked { turn: 0 })
        });
        let mut shown = vec![ModelEvent::ItemAdded {
            item: 0,
            output: OutputKind::Reasoning(Vec::new()).into(),
        }];
        shown.extend(said(1, &["secret"]));
        shown.push(delta_of(2, "more"));
        sending.chain(failing(shown, tripped)).boxed()
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
            let task = Task::Custom(Default::default());
            context.add_workflow_task(task).await.unwrap();
            Ok(RunEvent::ModelAsked { turn: 0 })
        });
        sending.chain(failing(Vec::new(), || RunError::Model(ModelError::Closed))).boxed()
    })
    .await;
    assert_eq!(kinds(&events), ["added", "done", "error"]);
    assert_eq!(stored.len(), 1);
}

#[tokio::test]
async fn what_the_provider_did_is_not_left_spinning() {
    let call = HostedCall { kind: "web_search_call".to_owned(), id: None, raw: JsonObject::new() };
    let begun = ModelEvent::ItemAdded { item: 0, output: OutputKind::Hosted(call).into() };
    let (events, stored) =
        answer(move |_| failing(vec![begun.clone()], || RunError::Model(ModelError::Closed))).await;
    assert_eq!(kinds(&events), ["added", "task updated", "done", "error"]);
    let [ThreadItem::Workflow(item)] = &stored[..] else { panic!("{stored:?}") };
    let [Task::Search(task)] = &item.workflow.tasks[..] else { panic!("{item:?}") };
    assert_eq!(task.status_indicator, StatusIndicator::Complete);
}

#[tokio::test]
async fn thoughts_that_were_not_shown_yet_are_kept() {
    let thought = |part: usize, text: &str| ModelEvent::ReasoningDelta {
        item: 0,
        part,
        delta: text.to_owned(),
    };
    let thoughts = vec![thought(0, "first"), thought(1, "second")];
    let (_, stored) =
        answer(move |_| failing(thoughts.clone(), || RunError::Model(ModelError::Closed))).await;
    let [ThreadItem::Workflow(item)] = &stored[..] else { panic!("{stored:?}") };
    let texts: Vec<_> = item
        .workflow
        .tasks
        .iter()
        .map(|task| match task {
            Task::Thought(thought) => thought.content.as_str(),
            _ => panic!("{task:?}"),
        })
        .collect();
    assert_eq!(texts, ["first", "second"]);
}

#[tokio::test]
async fn what_shows_nothing_is_taken_away() {
    let begun = |item: usize, kind: OutputKind| ModelEvent::ItemAdded { item, output: kind.into() };
    let reasoning = begun(0, OutputKind::Reasoning(Vec::new()));
    let message = begun(0, OutputKind::Message(Vec::new()));
    for begun in [reasoning, message] {
        let (events, stored) =
            answer(move |_| failing(vec![begun.clone()], || RunError::Model(ModelError::Closed)))
                .await;
        assert_eq!(kinds(&events), ["added", "removed", "error"]);
        assert_eq!(events[0]["item"]["id"], events[1]["item_id"]);
        assert!(stored.is_empty(), "{stored:?}");
    }
}

#[tokio::test]
async fn a_guardrail_takes_nothing_back_twice() {
    let image =
        HostedCall { kind: "image_generation_call".to_owned(), id: None, raw: JsonObject::new() };
    let output = OutputItem::from(OutputKind::Hosted(image));
    let gone = vec![
        ModelEvent::ItemAdded { item: 0, output: output.clone() },
        ModelEvent::ItemDone { item: 0, output },
    ];
    let (events, _) = answer(move |_| failing(gone.clone(), tripped)).await;
    assert_eq!(kinds(&events), ["added", "removed", "error"]);
}
