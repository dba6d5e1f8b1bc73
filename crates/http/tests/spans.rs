//! The spans that a request and its turn are in, and what they and the log say.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{Request, request::Parts},
};
use chatkit_http::{Options, router};
use chatkit_server::{
    ChatKit, ChatKitServer, EventStream, MemoryStore, Owner, RequestContext, RespondError,
    Response, RunOptions, Turn, protocol::RequestBody,
};
use chatkit_testkit::spans::Recorder;
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const MARKER: &str = "MARK-7f3a";

#[derive(Clone)]
struct User(Owner);

impl RequestContext for User {
    fn owner(&self) -> Owner {
        self.0.clone()
    }
}

impl FromRequestParts<()> for User {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &()) -> Result<Self, Infallible> {
        let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok());
        Ok(Self(Owner::new(user.unwrap_or_default())))
    }
}

/// Logs, repeats what it is told in many pieces, and fails as it is told.
struct Chatty {
    log_content: bool,
}

impl ChatKitServer for Chatty {
    type Context = User;

    fn run_options(&self, _: &RequestBody, _: &User, mut options: RunOptions) -> RunOptions {
        options.log_content = self.log_content;
        options
    }

    fn respond(&self, turn: Turn<User>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            tracing::info!("the responder begins");
            events.message(turn.input_text()).await?;
            let text = turn.input_text();
            if text.contains("refuse") {
                return Err(RespondError::custom(format!("not {text}")));
            }
            if text.contains("break") {
                let quoted = std::io::Error::other(format!("quotes {text}"));
                return Err(RespondError::custom("Sorry.").caused_by(quoted).logged_as("it broke"));
            }
            Ok(())
        })
    }
}

fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": {"content": [
        {"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}}})
}

/// Sends a request by HTTP, reads the answer, and waits for the end of the turn.
async fn send(server: Chatty, user: &str, body: &Value) -> String {
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let request = Request::post("/chatkit").header("x-user", user);
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = router(chatkit.clone(), Options::default()).oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    chatkit.shut_down(Duration::from_secs(60)).await;
    String::from_utf8_lossy(&body).into_owned()
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_turn_has_a_span_that_follows_from_its_requests() {
    let recorder = Recorder::start();
    let answer = send(Chatty { log_content: false }, "ada", &create("hi")).await;
    let request = recorder.span("request");
    assert_eq!(
        request.fields,
        fields(&[
            ("op", "threads.create"),
            ("owner", "ada"),
            ("otel.name", "POST /chatkit"),
            ("otel.kind", "server"),
            ("http.request.method", "POST"),
            ("http.route", "/chatkit"),
            ("url.path", "/chatkit"),
            ("http.response.status_code", "200"),
        ])
    );
    assert!(request.closed && request.parent.is_none());
    let run = recorder.span("run");
    let thread = &run.fields["thread"];
    let run_id = &run.fields["run"];
    assert!(answer.contains(&format!("\"id\":\"{thread}\"")), "{thread}: {answer}");
    assert!(answer.starts_with(&format!("id: {run_id}.1\n")), "{run_id}: {answer}");
    let expected = [
        ("op", "threads.create"),
        ("thread", thread),
        ("run", run_id),
        ("owner", "ada"),
        ("end", "completed"),
    ];
    assert_eq!(run.fields, fields(&expected));
    assert_eq!((run.parent, run.follows, run.closed), (None, vec!["request".to_owned()], true));
    let events = recorder.events();
    let said = |message: &str| {
        events.iter().find(|event| event.fields["message"] == message).unwrap().within.clone()
    };
    assert_eq!(said("the responder begins"), ["run"]);
    assert_eq!(said("the turn ended"), ["run"]);
    assert_eq!(said("a request was answered"), ["request"]);
}

#[tokio::test]
async fn a_json_op_has_its_thread_and_its_status() {
    let recorder = Recorder::start();
    let asked = json!({"type": "threads.get_by_id", "params": {"thread_id": "thr_1"}});
    send(Chatty { log_content: false }, "", &asked).await;
    let request = recorder.span("request");
    assert_eq!(request.fields["op"], "threads.get_by_id");
    assert_eq!(request.fields["thread"], "thr_1");
    assert_eq!(request.fields["http.response.status_code"], "404");
    assert!(!request.fields.contains_key("owner"), "an empty owner is left out");
    assert!(request.closed);
    // Its work is done in a task of its own.
    assert!(request.entered > 1);
    assert_eq!(recorder.spans().len(), 1);
}

#[tokio::test]
async fn without_a_transport_the_request_has_a_span_all_the_same() {
    let recorder = Recorder::start();
    let chatkit = ChatKit::new(Chatty { log_content: false }, MemoryStore::new());
    let user = || User(Owner::new("ada"));
    let asked = create("hi").to_string();
    let Response::Stream(frames) = chatkit.process(asked.as_bytes(), user()).await else {
        panic!("a stream")
    };
    frames.collect::<Vec<_>>().await;
    let expected = fields(&[("op", "threads.create"), ("owner", "ada")]);
    assert_eq!(recorder.span("request").fields, expected);
    assert_eq!(recorder.span("run").follows, ["request"]);
    let listed = br#"{"type": "threads.list", "params": {}}"#;
    let Response::Json { .. } = chatkit.process(listed, user()).await else { panic!("JSON") };
    let last = recorder.spans().pop().unwrap();
    let expected = fields(&[("op", "threads.list"), ("owner", "ada"), ("status", "200")]);
    assert_eq!(last.fields, expected);
}

#[tokio::test]
async fn nothing_that_is_said_is_recorded_unless_it_was_asked_for() {
    for told in ["say", "refuse", "break"] {
        for log_content in [false, true] {
            let recorder = Recorder::start();
            let answer =
                send(Chatty { log_content }, "ada", &create(&format!("{told} {MARKER}"))).await;
            assert!(answer.contains(MARKER));
            let recorded = format!("{:?} {:?}", recorder.spans(), recorder.events());
            assert!(recorded.contains("the turn ended"), "{recorded}");
            assert_eq!(recorded.contains(MARKER), log_content, "{told}: {recorded}");
            let texts =
                recorder.events().into_iter().filter_map(|mut event| event.fields.remove("text"));
            let expected = log_content.then(|| format!("{told} {MARKER}"));
            assert_eq!(texts.collect::<Vec<_>>(), Vec::from_iter(expected));
            let errors =
                recorder.events().into_iter().filter_map(|mut event| event.fields.remove("error"));
            let expected = match (told, log_content) {
                ("say", _) => None,
                ("refuse", false) => Some("custom".to_owned()),
                ("refuse", true) => Some(format!("not refuse {MARKER}")),
                (_, false) => Some("it broke".to_owned()),
                (_, true) => Some(format!("Sorry.: quotes break {MARKER}")),
            };
            assert_eq!(errors.collect::<Vec<_>>(), Vec::from_iter(expected));
        }
    }
}

/// A turn is entered once for each time that its task is woken, however much it says then.
#[tokio::test]
async fn nothing_is_recorded_for_each_piece_of_a_reply() {
    let recorder = Recorder::start();
    send(Chatty { log_content: false }, "ada", &create(&"word ".repeat(500))).await;
    let events = recorder.events().len();
    assert!(events < 10, "{events}");
    assert_eq!(recorder.spans().len(), 2);
}
