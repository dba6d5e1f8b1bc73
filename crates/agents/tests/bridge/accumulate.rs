//! A model's text inside a widget.

use chatkit_agents::{RunError, RunEvent, accumulate_text, model::ModelError};
use chatkit_server::protocol::{WidgetComponent, WidgetRoot};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;

use crate::stage::{answer, completed, delta_of, run};

fn markdown() -> WidgetComponent {
    WidgetComponent::new(json!({"type": "Markdown", "id": "m", "value": "", "streaming": true}))
        .unwrap()
}

fn value(component: &WidgetComponent) -> (&str, bool) {
    let object = component.as_object();
    (object["value"].as_str().unwrap(), object["streaming"].as_bool().unwrap())
}

fn texts(texts: &[&str]) -> Vec<RunEvent> {
    texts.iter().map(|text| RunEvent::Model(delta_of(0, text))).collect()
}

#[tokio::test]
async fn pieces_that_come_one_by_one_are_states_of_their_own() {
    // Between two pieces the stream has nothing ready.
    let events = stream::iter(texts(&["Hel", "lo"])).then(|event| async {
        tokio::task::yield_now().await;
        Ok(event)
    });
    let states: Vec<_> = accumulate_text(events, markdown()).try_collect().await.unwrap();
    let states: Vec<_> = states.iter().map(value).collect();
    assert_eq!(states, [("", true), ("Hel", true), ("Hello", true), ("Hello", false)]);
}

#[tokio::test]
async fn pieces_that_are_there_at_once_are_one_state() {
    let states: Vec<_> =
        accumulate_text(run(texts(&["a", "b", "c"])), markdown()).try_collect().await.unwrap();
    let states: Vec<_> = states.iter().map(value).collect();
    assert_eq!(states, [("", true), ("abc", true), ("abc", false)]);
}

#[tokio::test]
async fn what_came_before_a_failure_is_shown() {
    let failed = stream::once(async { Err(RunError::Model(ModelError::Closed)) });
    let events = run(texts(&["half"])).chain(failed);
    let states: Vec<_> = accumulate_text(events, markdown()).collect().await;
    assert_eq!(value(states[1].as_ref().unwrap()).0, "half");
    assert!(states[2].is_err());
    assert_eq!(states.len(), 3);
}

#[tokio::test]
async fn nothing_is_polled_beyond_the_end() {
    let events = run(Vec::new());
    let mut states = Box::pin(accumulate_text(events, markdown()));
    assert!(states.next().await.is_some());
    assert_eq!(value(&states.next().await.unwrap().unwrap()), ("", false));
    assert!(states.next().now_or_never().unwrap().is_none());
    assert!(states.next().now_or_never().unwrap().is_none());
}

#[tokio::test]
async fn only_the_differences_are_sent() {
    let (events, _) = answer(|context| {
        stream::once(async move {
            let pieces = stream::iter(texts(&["Hel", "lo"])).then(|event| async {
                tokio::task::yield_now().await;
                Ok(event)
            });
            let cards = accumulate_text(pieces, markdown()).map(|text| {
                let text = text.unwrap().into_value();
                WidgetRoot::new(json!({"type": "Card", "children": [text]})).unwrap()
            });
            context.stream_widget(cards, None).await.unwrap();
            Ok(RunEvent::Model(completed()))
        })
        .boxed()
    })
    .await;
    let deltas: Vec<_> =
        events.iter().filter_map(|event| event["update"]["delta"].as_str()).collect();
    assert_eq!(deltas, ["Hel", "lo"]);
}
