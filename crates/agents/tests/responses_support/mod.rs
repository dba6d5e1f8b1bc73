//! A model behind a fake provider.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::time::Duration;

use chatkit_agents::model::{
    Model as _, ModelError, ModelEvent, ModelRequest, ModelStream, ProviderOptions, ResponsesModel,
};
use chatkit_testkit::provider::{Answer, FakeProvider};
use futures_util::StreamExt as _;

/// The key that no text may show.
pub(crate) const KEY: &str = "hunter2-hunter2-hunter2";

/// What came of an answer: its events, then its error if it has one.
pub(crate) type Outcome = (Vec<ModelEvent>, Option<ModelError>);

/// Options for this provider that make no test wait.
pub(crate) fn options(provider: &FakeProvider) -> ProviderOptions {
    ProviderOptions::new()
        .base_url(provider.url())
        .api_key(KEY)
        .retry_delay(Duration::from_millis(1))
}

pub(crate) fn ask(options: ProviderOptions) -> ModelStream {
    ResponsesModel::new("model-1", options).stream(ModelRequest::new(vec!["hi".into()]))
}

/// What comes of a stream until it ends.
pub(crate) async fn outcome(mut stream: ModelStream) -> Outcome {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error ends a stream");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

/// What comes of these answers, one for each attempt, and how many attempts there were.
pub(crate) async fn answered(answers: impl IntoIterator<Item = Answer>) -> (Outcome, usize) {
    let provider = FakeProvider::start().await;
    for answer in answers {
        provider.answer(answer);
    }
    let outcome = outcome(ask(options(&provider))).await;
    (outcome, provider.requests().len())
}

/// The error of this answer, which must not be asked for again.
pub(crate) async fn refused(answer: Answer) -> ModelError {
    let ((_, error), attempts) = answered([answer]).await;
    assert_eq!(attempts, 1);
    error.expect("an error")
}

/// The text of all deltas.
pub(crate) fn text(events: &[ModelEvent]) -> String {
    let delta = |event: &ModelEvent| match event {
        ModelEvent::TextDelta { delta, .. } => Some(delta.clone()),
        _ => None,
    };
    events.iter().filter_map(delta).collect()
}

pub(crate) fn is_complete(events: &[ModelEvent]) -> bool {
    matches!(events.last(), Some(ModelEvent::Completed { .. }))
}
