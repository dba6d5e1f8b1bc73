//! What is sent from elsewhere while the bridge is at work.

use std::sync::Arc;

use async_trait::async_trait;
use chatkit_agents::{
    AgentContext, ResponseStreamConverter,
    model::{Citation, ModelEvent, OutputItem, OutputKind, OutputPart},
};
use chatkit_server::protocol::{Annotation, CustomTask, Task};
use chatkit_testkit::wire::create_thread;
use serde_json::Value;

use crate::stage::{Stage, after_options, kinds, message, model, run};

/// Adds a task to the open workflow in the middle of a conversion, as a task of the application's
/// on another thread may at any time.
struct Busy(AgentContext<()>);

#[async_trait]
impl ResponseStreamConverter for Busy {
    async fn url_citation_to_annotation(&self, _: &Citation) -> Option<Annotation> {
        let task =
            Task::Custom(CustomTask { title: Some("late".to_owned()), ..Default::default() });
        self.0.add_workflow_task(task).await.unwrap();
        None
    }
}

async fn events_of(answer: Vec<ModelEvent>) -> Vec<Value> {
    let script = move |_| run(model(answer.clone()));
    let stage = Stage::converting(script, |context| Arc::new(Busy(context.clone())));
    after_options(stage.ask(create_thread("hello")).await)
}

fn cited() -> OutputItem {
    let citation =
        Citation::Url { url: "https://a.example".to_owned(), title: None, end_index: None };
    OutputKind::Message(vec![OutputPart::Text { text: "hi".to_owned(), citations: vec![citation] }])
        .into()
}

fn thinking() -> ModelEvent {
    ModelEvent::ItemAdded { item: 0, output: OutputKind::Reasoning(Vec::new()).into() }
}

#[tokio::test]
async fn a_task_comes_before_the_end_of_its_workflow() {
    let events =
        events_of(vec![thinking(), ModelEvent::ItemDone { item: 1, output: cited() }]).await;
    assert_eq!(kinds(&events), ["added", "task", "done", "done"]);
    assert_eq!(events[2]["item"]["workflow"]["tasks"][0]["title"], "late");
}

#[tokio::test]
async fn a_workflow_begins_before_a_message_ends_it() {
    let begins = ModelEvent::ItemAdded { item: 0, output: cited() };
    let events =
        events_of(vec![begins, ModelEvent::ItemDone { item: 0, output: message("hi") }]).await;
    assert_eq!(kinds(&events)[..3], ["added", "done", "added"]);
    assert_eq!(events[0]["item"]["id"], events[1]["item"]["id"]);
    assert_eq!(events[2]["item"]["type"], "assistant_message");
}
