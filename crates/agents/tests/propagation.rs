//! Requests of models say which trace they belong to.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chatkit_agents::{
    Agent, Propagator, Runner, TitleWriter,
    model::{ChatCompletionsModel, InputItem, ProviderOptions, ResponsesModel},
};
use chatkit_testkit::{
    provider::{Answer, FakeProvider, chat, responses},
    spans::Recorder,
};
use http::HeaderValue;

/// Names the span that it is asked for, and counts how often it is asked.
fn naming() -> (Propagator, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let propagator = Propagator::new(move |span, headers| {
        counted.fetch_add(1, Ordering::Relaxed);
        let name = span.metadata().map_or("none", |metadata| metadata.name());
        headers.insert("traceparent", HeaderValue::from_static(name));
        headers.insert("tracestate", HeaderValue::from_static("of the span"));
    });
    (propagator, asked)
}

fn options(provider: &FakeProvider, propagator: &Propagator) -> ProviderOptions {
    ProviderOptions::new()
        .base_url(provider.url())
        .header("tracestate", "of the options")
        .retry_delay(std::time::Duration::ZERO)
        .propagator(propagator.clone())
}

#[tokio::test]
async fn every_attempt_has_the_trace_of_the_requests_span() {
    let provider = FakeProvider::start().await;
    let (propagator, asked) = naming();
    let _recorder = Recorder::start();
    provider.answer(Answer::status(500));
    provider.answer(Answer::events(responses::text("Hi")));
    provider.answer(Answer::status(500));
    provider.answer(Answer::events(chat::text("Hi")).with_done_marker());
    let agents: [Agent<()>; 2] = [
        Agent::new("A").model(ResponsesModel::new("m", options(&provider, &propagator))),
        Agent::new("B").model(ChatCompletionsModel::new("m", options(&provider, &propagator))),
    ];
    for agent in &agents {
        Runner::run(agent, "Hi", ()).await.unwrap();
    }
    let requests = provider.requests();
    assert_eq!((requests.len(), asked.load(Ordering::Relaxed)), (4, 2));
    for request in &requests {
        assert_eq!(request.header("traceparent"), Some("chat"));
        // What the application says wins, as for any other header.
        assert_eq!(request.header("tracestate"), Some("of the options"));
    }
}

#[tokio::test]
async fn a_title_belongs_to_a_trace_too() {
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(responses::text("Greetings")));
    let _recorder = Recorder::start();
    let model = ResponsesModel::new("m", options(&provider, &naming().0));
    let titles = TitleWriter::new(Arc::new(model));
    assert_eq!(titles.title(&[InputItem::user("Hi")]).await.unwrap().unwrap(), "Greetings");
    assert_eq!(provider.requests()[0].header("traceparent"), Some("chat"));
}

#[tokio::test]
async fn nothing_is_sent_that_nobody_asked_for() {
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(responses::text("Hi")));
    let options = ProviderOptions::new().base_url(provider.url());
    let agent: Agent<()> = Agent::new("A").model(ResponsesModel::new("m", options));
    Runner::run(&agent, "Hi", ()).await.unwrap();
    assert_eq!(provider.requests()[0].header("traceparent"), None);
}
