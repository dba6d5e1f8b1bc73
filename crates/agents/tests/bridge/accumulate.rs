//! A model's text inside a widget.

use chatkit_agents::{RunError, RunEvent, accumulate_text, model::ModelError};
use chatkit_server::protocol::WidgetComponent;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::stage::delta_of;

/// The values and `streaming` of the states of a run.
async fn states(run: Vec<Result<RunEvent, RunError>>) -> Vec<Result<(Value, Value), RunError>> {
    let base = json!({"type": "Text", "value": "…", "streaming": true});
    let states = accumulate_text(stream::iter(run), WidgetComponent::new(base).unwrap());
    let read = |state: WidgetComponent| {
        let object = state.as_object();
        (object["value"].clone(), object["streaming"].clone())
    };
    states.map(|state| state.map(read)).collect().await
}

fn said(delta: &str) -> Result<RunEvent, RunError> {
    Ok(RunEvent::Model(delta_of(0, delta)))
}

#[tokio::test]
async fn what_is_there_at_once_makes_one_state() {
    let states: Vec<_> = states(vec![said("a"), said("b")]).await.into_iter().flatten().collect();
    let wanted =
        [(json!("…"), json!(true)), (json!("ab"), json!(true)), (json!("ab"), json!(false))];
    assert_eq!(states, wanted);
}

#[tokio::test]
async fn the_text_before_a_failure_is_shown() {
    let failed = Err(RunError::Model(ModelError::Closed));
    let states = states(vec![said("half"), failed]).await;
    assert_eq!(states.len(), 3);
    assert_eq!(states[1].as_ref().unwrap().0, "half");
    assert!(states[2].is_err());
}
