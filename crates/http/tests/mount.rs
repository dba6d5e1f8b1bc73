//! The router inside an application, with users.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    http::{Request, StatusCode, header, request::Parts},
    response::Response,
    routing::get,
};
use chatkit_http::{AllowedOrigins, AnsweredOp, Options, router};
use chatkit_protocol::Op;
use chatkit_server::{
    ChatKit, ChatKitServer, EventStream, MemoryStore, Owner, RequestContext, Turn,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[derive(Clone)]
struct User(String);

impl RequestContext for User {
    fn owner(&self) -> Owner {
        Owner::new(self.0.as_str())
    }
}

impl FromRequestParts<()> for User {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &()) -> Result<Self, Self::Rejection> {
        let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok());
        user.map(|user| Self(user.to_owned())).ok_or((StatusCode::UNAUTHORIZED, "who are you?"))
    }
}

struct Greeter;

impl ChatKitServer for Greeter {
    type Context = User;

    fn respond(&self, turn: Turn<User>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            events.message(format!("hello, {}", turn.context().0)).await
        })
    }
}

fn app(options: Options) -> Router {
    Router::new()
        .route("/", get(async || "the application"))
        .merge(router(ChatKit::new(Greeter, MemoryStore::new()), options))
}

async fn send(app: &Router, user: Option<&str>, body: &Value) -> Response {
    let mut request = Request::post("/chatkit");
    if let Some(user) = user {
        request = request.header("x-user", user);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn create() -> Value {
    json!({"type": "threads.create", "params": {"input": {"content": [
        {"type": "input_text", "text": "hi"}], "attachments": [], "inference_options": {}}}})
}

#[tokio::test]
async fn the_context_comes_from_the_request() {
    let app = app(Options::default());
    let answer = text(send(&app, Some("ada"), &create()).await).await;
    assert!(answer.contains("hello, ada"), "{answer}");
}

#[tokio::test]
async fn the_extractor_may_refuse() {
    let response = send(&app(Options::default()), None, &create()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(text(response).await, "who are you?");
}

#[tokio::test]
async fn users_do_not_see_each_other() {
    let app = app(Options::default());
    text(send(&app, Some("ada"), &create()).await).await;
    let list = json!({"type": "threads.list", "params": {}});
    let threads = async |user| {
        let body = text(send(&app, Some(user), &list).await).await;
        serde_json::from_str::<Value>(&body).unwrap()["data"].as_array().unwrap().clone()
    };
    let (of_ada, of_bob) = (threads("ada").await, threads("bob").await);
    assert_eq!((of_ada.len(), of_bob.len()), (1, 0));

    let get = json!({"type": "threads.get_by_id", "params": {"thread_id": of_ada[0]["id"]}});
    let response = send(&app, Some("bob"), &get).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn other_routes_are_the_applications() {
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = app(Options::default()).oneshot(request).await.unwrap();
    assert_eq!(text(response).await, "the application");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let mut options = Options::default();
    options.body_limit = 10;
    let response = send(&app(options), Some("ada"), &create()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(text(response).await, r#"{"message":"body: expected at most 10 bytes"}"#);
}

#[tokio::test]
async fn only_the_named_origins_may_use_it() {
    let mut options = Options::default();
    options.allowed_origins = AllowedOrigins::List(vec!["https://chat.example".parse().unwrap()]);
    let app = app(options);
    for (origin, allowed) in [("https://chat.example", true), ("https://evil.example", false)] {
        let request = Request::options("/chatkit")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(
                header::ACCESS_CONTROL_REQUEST_HEADERS,
                "content-type,chatkit-frame-instance-id",
            )
            .body(Body::empty())
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let answered = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(answered.is_some(), allowed, "{origin}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_before_anything_runs() {
    let mut options = Options::default();
    // A wildcard in a list means nothing, and breaks nothing.
    options.allowed_origins =
        AllowedOrigins::List(vec!["https://chat.example".parse().unwrap(), "*".parse().unwrap()]);
    let app = app(options);
    let mut threads = 0;
    for (origin, allowed) in [
        (Some("https://chat.example"), true),
        (Some("http://own.example:8000"), true),
        (None, true),
        (Some("https://evil.example"), false),
        (Some("https://own.example"), false),
        (Some("null"), false),
        (Some("*"), false),
    ] {
        let mut request = Request::post("/chatkit")
            .header(header::HOST, "own.example:8000")
            .header("x-user", "a");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let request = request.body(Body::from(create().to_string())).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        if allowed {
            assert_eq!(response.status(), StatusCode::OK, "{origin:?}");
            threads += 1;
        } else {
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin:?}");
            assert_eq!(response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN), None);
        }
        let body = text(response).await;
        if !allowed {
            let message = json!({"message": "origin: it is not allowed to use this server"});
            assert_eq!(body, message.to_string());
        }
    }
    let list = json!({"type": "threads.list", "params": {}});
    let body: Value =
        serde_json::from_str(&text(send(&app, Some("a"), &list).await).await).unwrap();
    assert_eq!(body["data"].as_array().unwrap().len(), threads);
}

/// A middleware can tell which op was answered, and which answers are none of the protocol's.
#[tokio::test]
async fn answers_say_which_op_they_belong_to() {
    let mut options = Options::default();
    options.body_limit = 1000;
    options.allowed_origins = AllowedOrigins::List(vec!["https://a.example".parse().unwrap()]);
    let app = app(options);
    let marked = async |request: Request<Body>| {
        let response = app.clone().oneshot(request).await.unwrap();
        response.extensions().get::<AnsweredOp>().copied()
    };
    let ask = |user: &str, body: &str| {
        let request = Request::post("/chatkit").header("x-user", user);
        request.body(Body::from(body.to_owned())).unwrap()
    };
    let known = |op| Some(AnsweredOp(Some(op)));
    let unknown = Some(AnsweredOp(None));
    assert_eq!(marked(ask("ada", &create().to_string())).await, known(Op::ThreadsCreate));
    let wrong = r#"{"type": "threads.list", "params": {"limit": "many"}}"#;
    assert_eq!(marked(ask("ada", wrong)).await, known(Op::ThreadsList));
    assert_eq!(marked(ask("ada", r#"{"type": "dance"}"#)).await, unknown);
    assert_eq!(marked(ask("ada", &" ".repeat(2000))).await, unknown);
    let nobody = Request::post("/chatkit").body(Body::empty()).unwrap();
    assert_eq!(marked(nobody).await, unknown);
    let method = Request::get("/chatkit").body(Body::empty()).unwrap();
    assert_eq!(marked(method).await, unknown);
    let refused = Request::post("/chatkit").header("origin", "https://b.example");
    assert_eq!(marked(refused.body(Body::empty()).unwrap()).await, unknown);
    let preflight = Request::options("/chatkit")
        .header("origin", "https://a.example")
        .header("access-control-request-method", "POST");
    assert_eq!(marked(preflight.body(Body::empty()).unwrap()).await, None);
    for path in ["/", "/healthz", "/nowhere"] {
        let other = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(marked(other).await, None, "{path}");
    }
}
