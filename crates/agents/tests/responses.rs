//! What a client of the Responses API sends, and how it treats its connections.

mod responses_support;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chatkit_agents::model::{
    Model as _, ModelError, ModelRequest, ProviderOptions, ResponsesModel,
};
use chatkit_testkit::provider::{Answer, FakeProvider, responses};
use futures_util::{FutureExt as _, StreamExt as _};
use responses_support::{KEY, answered, ask, is_complete, options, outcome};
use serde_json::json;

fn hello() -> Answer {
    Answer::events(responses::text("Hello, world!"))
}

#[tokio::test]
async fn a_request_as_it_is_sent() {
    let provider = FakeProvider::start().await;
    provider.answer(hello());
    let options = options(&provider)
        .organization("org-1")
        .project("proj-1")
        .header("x-title", "chat")
        .header("user-agent", "me");
    let (events, error) = outcome(ask(options)).await;
    assert!(is_complete(&events) && error.is_none());

    let request = provider.request(1).await.unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/responses"));
    for (name, value) in [
        ("authorization", format!("Bearer {KEY}").as_str()),
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("openai-organization", "org-1"),
        ("openai-project", "proj-1"),
        ("x-title", "chat"),
        ("user-agent", "me"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert_eq!(request.body["model"], "model-1");
    assert_eq!(request.body["stream"], true);
}

#[tokio::test]
async fn a_key_in_another_header_and_a_base_with_a_query() {
    let provider = FakeProvider::start().await;
    provider.answer(hello());
    let base = format!("http://{}/openai/?api-version=2025-04-01", provider.address());
    outcome(ask(options(&provider).base_url(base).api_key_header("api-key"))).await;
    let request = provider.request(1).await.unwrap();
    assert_eq!(request.path, "/openai/responses?api-version=2025-04-01");
    assert_eq!((request.header("api-key"), request.header("authorization")), (Some(KEY), None));
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let provider = FakeProvider::start().await;
    provider.answer(hello());
    outcome(ask(options(&provider).api_key(" "))).await;
    assert_eq!(provider.request(1).await.unwrap().header("authorization"), None);
}

#[tokio::test]
async fn options_that_cannot_work_are_the_error_of_each_request() {
    for options in [
        ProviderOptions::new().base_url("nowhere"),
        ProviderOptions::new().base_url("ftp://host"),
        ProviderOptions::new().header("no header", "x"),
    ] {
        let model = ResponsesModel::new("m", options);
        for _ in 0..2 {
            let (events, error) = outcome(model.stream(ModelRequest::new(Vec::new()))).await;
            assert_eq!(events, []);
            assert!(matches!(error, Some(ModelError::Config(_))), "{error:?}");
        }
    }
}

#[tokio::test]
async fn nothing_happens_before_the_first_poll() {
    let provider = FakeProvider::start().await;
    provider.answer(hello());
    let stream = ask(options(&provider));
    drop(stream);
    provider.answer(hello());
    outcome(ask(options(&provider))).await;
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let provider = FakeProvider::start().await;
    provider.answer_always(hello());
    let model = ResponsesModel::new("m", options(&provider));
    for _ in 0..5 {
        let (events, error) = outcome(model.stream(ModelRequest::new(Vec::new()))).await;
        assert!(is_complete(&events) && error.is_none());
    }
    assert_eq!((provider.requests().len(), provider.connections()), (5, 1));
    assert_eq!(provider.closed_count(), 0);
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection_and_no_other_request_gets_it() {
    let provider = FakeProvider::start().await;
    let model = ResponsesModel::new("m", options(&provider));
    provider.answer(hello().stall_after(3));
    let mut stream = model.stream(ModelRequest::new(Vec::new()));
    stream.next().await.unwrap().unwrap();
    drop(stream);
    provider.closed().await;

    provider.answer(hello());
    let (events, error) = outcome(model.stream(ModelRequest::new(Vec::new()))).await;
    assert!(is_complete(&events) && error.is_none());
    assert_eq!((provider.connections(), provider.closed_count()), (2, 1));
}

#[tokio::test]
async fn dropping_a_request_that_waits_for_its_answer_closes_the_connection() {
    let provider = FakeProvider::start().await;
    let (answer, _gate) = hello().gated();
    provider.answer(answer);
    let mut stream = ask(options(&provider));
    while provider.requests().is_empty() {
        assert!(stream.next().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(stream);
    provider.closed().await;
}

#[tokio::test]
async fn a_complete_answer_does_not_wait_for_the_end_of_its_body() {
    let provider = FakeProvider::start().await;
    provider.answer(hello().stall_after(usize::MAX));
    let mut stream = ask(options(&provider));
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event.unwrap());
    }
    assert!(is_complete(last.as_slice()));
    provider.closed().await;
}

#[tokio::test]
async fn a_redirect_does_not_take_the_key_elsewhere() {
    let provider = FakeProvider::start().await;
    let other = FakeProvider::start().await;
    other.answer_always(hello());
    for status in [301, 302, 307, 308] {
        provider.answer(
            Answer::status(status).header("location", &format!("{}/responses?key", other.url())),
        );
        let (_, error) = outcome(ask(options(&provider).api_key_header("api-key"))).await;
        let Some(ModelError::Status { status: got, message, .. }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*got, status);
        let target = format!("http://{}", other.address());
        assert_eq!(*message, format!("a redirect to {target}, which is not followed"));
    }
    assert_eq!(other.requests(), []);

    provider.answer(Answer::status(307).header("location", "/v2/responses"));
    provider.answer(hello());
    let (events, error) = outcome(ask(options(&provider))).await;
    assert!(is_complete(&events) && error.is_none());
    let request = provider.requests().pop().unwrap();
    assert_eq!(request.path, "/v2/responses");
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(request.body["model"], "model-1");
}

#[tokio::test]
async fn a_provider_that_repeats_the_key_does_not_make_it_known() {
    let said = format!("wrong key {KEY}, header Bearer {KEY}, other sk-abcdefghijkl");
    let error = json!({"error": {"message": said, "code": KEY}});
    let stream = |event: serde_json::Value| {
        Answer::events(responses::Reply::new().event(event).unfinished())
    };
    let answers = [
        Answer::status(401).json(&error),
        Answer::status(400).json(&json!({"detail": [{"msg": said}]})),
        Answer::status(403).body(said.clone()),
        Answer::status(400).body(format!("<html><title>{said}</title>")),
        Answer::status(302).header("location", &format!("http://{KEY}/")),
        Answer::status(200).json(&error),
        Answer::status(200).body(format!("<html><title>{said}</title>")),
        Answer::status(200).body(format!("It is: {said}")),
        stream(json!({"type": "error", "message": said, "code": KEY})),
        stream(json!({"type": "response.failed", "response": error})),
        Answer::lines(&format!("{said}\n").repeat(40)),
        Answer::lines(&said),
        hello().cut_after(0),
        hello().cut_after(2),
        Answer::status(500).json(&error),
    ];
    let logs = Logs::default();
    let _guard = logs.capture();
    for answer in answers {
        let description = format!("{answer:?}");
        let ((_, error), _) = answered(vec![answer; 3]).await;
        let error = error.expect(&description);
        let shown = format!("{error} {error:?} {}", error.user_message());
        assert!(!shown.contains(KEY), "{description}: {shown}");
        assert!(!shown.contains("abcdefghijkl"), "{description}: {shown}");
    }
    let provider = FakeProvider::start().await;
    let model = ResponsesModel::new("m", options(&provider));
    assert!(!format!("{model:?}").contains(KEY));
    let logs = logs.text();
    assert!(logs.contains("asked again"), "{logs}");
    assert!(!logs.contains(KEY), "{logs}");
}

#[tokio::test]
async fn a_broken_address_does_not_make_the_key_known() {
    let options = ProviderOptions::new()
        .base_url(format!("http://me:{KEY}@127.0.0.1:9/{KEY}?key={KEY}"))
        .api_key(KEY)
        .connect_timeout(Duration::from_secs(5))
        .max_retries(0);
    let (_, error) = outcome(ask(options)).await;
    let error = error.unwrap();
    assert!(matches!(error, ModelError::Transport(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
}

/// What is logged on this thread, by everybody and at every level.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    fn capture(&self) -> tracing::subscriber::DefaultGuard {
        let logs = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || logs.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().expect("no test panics while it logs")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
