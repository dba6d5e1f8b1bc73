//! Images that a model draws.

use chatkit_agents::{
    AgentContext, DefaultResponseConverter,
    model::{HostedCall, ModelEvent, OutputItem, OutputKind},
};
use chatkit_server::protocol::ThreadItem;
use chatkit_testkit::wire::create_thread;
use serde_json::{Value, json};

use crate::stage::{Stage, answer_to, kinds, model, run};

fn call(raw: Value) -> OutputItem {
    let Value::Object(raw) = raw else { panic!("the tests give objects") };
    let (kind, id) = ("image_generation_call".to_owned(), Some("ig_1".to_owned()));
    OutputKind::Hosted(HostedCall { kind, id, raw }).into()
}

fn partial(index: usize) -> ModelEvent {
    ModelEvent::PartialImage { item: 0, index, base64: format!("part{index}") }
}

fn drawn() -> Vec<ModelEvent> {
    vec![
        ModelEvent::ItemAdded { item: 0, output: call(json!({})) },
        partial(0),
        partial(1),
        ModelEvent::ItemDone { item: 0, output: call(json!({"result": "whole"})) },
    ]
}

#[tokio::test]
async fn it_is_shown_in_its_states() {
    let (events, stored) = answer_to(model(drawn())).await;
    assert_eq!(kinds(&events), ["added", "image", "image", "done"]);
    let image = &events[2]["update"]["image"];
    assert_eq!(*image, json!({"id": "ig_1", "url": "data:image/png;base64,part1"}));
    let [ThreadItem::GeneratedImage(stored)] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(stored.image.as_ref().unwrap().url, "data:image/png;base64,whole");
}

#[tokio::test]
async fn progress_is_by_the_expected_states() {
    let stage = Stage::converting(
        |_: AgentContext<()>| run(model(drawn())),
        |_| DefaultResponseConverter::default().partial_images(4),
    );
    let events = stage.ask(create_thread("draw")).await;
    let progress: Vec<_> =
        events.iter().filter_map(|event| event["update"]["progress"].as_f64()).collect();
    assert_eq!(progress, [0.0, 0.25]);
}

#[tokio::test]
async fn one_that_never_comes_is_taken_away() {
    let added = ModelEvent::ItemAdded { item: 0, output: call(json!({})) };
    let failed = ModelEvent::ItemDone { item: 0, output: call(json!({"status": "failed"})) };
    let (events, stored) = answer_to(model(vec![added, failed])).await;
    assert_eq!(kinds(&events), ["added", "removed"]);
    assert!(stored.is_empty());
}

#[tokio::test]
async fn its_last_state_is_kept_when_the_end_does_not_come() {
    let added = ModelEvent::ItemAdded { item: 0, output: call(json!({})) };
    let (events, stored) = answer_to(model(vec![added, partial(0)])).await;
    assert_eq!(kinds(&events), ["added", "image", "done"]);
    assert_eq!(stored.len(), 1);
}

#[tokio::test]
async fn an_attachment_store_keeps_it_and_its_states_go() {
    let stage = Stage::with_attachments(|_| run(model(drawn_in_base64())));
    let events = stage.ask(create_thread("draw")).await;
    let urls: Vec<_> = events
        .iter()
        .filter_map(|event| {
            let image = event["update"].get("image").or(event["item"].get("image"))?;
            image["url"].as_str()
        })
        .collect();
    assert_eq!(urls.len(), 3);
    assert!(urls.iter().all(|url| url.starts_with("http://images/atc_")), "{urls:?}");
    let whole = urls[2].rsplit('/').next().unwrap();
    assert_eq!(stage.images(), [(whole.to_owned(), b"\x89PNG whole image".to_vec())]);
}

fn drawn_in_base64() -> Vec<ModelEvent> {
    let partial = |index, base64: &str| ModelEvent::PartialImage {
        item: 0,
        index,
        base64: base64.to_owned(),
    };
    vec![
        ModelEvent::ItemAdded { item: 0, output: call(json!({})) },
        partial(0, "iVBORyBvbmU="),
        partial(1, "iVBORyB0d28="),
        ModelEvent::ItemDone {
            item: 0,
            output: call(json!({"result": "iVBORyB3aG9sZSBpbWFnZQ=="})),
        },
    ]
}
