//! A server with metrics, and a scraper.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request, header},
    response::Response,
};
use chatkit_http::{Options, router};
use chatkit_metrics::Metrics;
use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Turn};
use chatkit_testkit::{
    exposition::{Exposition, Format},
    wire,
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

struct Greeter;

impl ChatKitServer for Greeter {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async |_, events| events.message("hello").await)
    }
}

pub(crate) fn app(metrics: &Metrics) -> Router {
    let store = metrics.observe_store(Arc::new(MemoryStore::new()));
    let chatkit = ChatKit::builder(Greeter, store).observer(Arc::new(metrics.clone())).build();
    let mut options = Options::default();
    options.body_limit = 10_000;
    metrics.observe_http(router(chatkit, options)).merge(metrics.routes())
}

async fn send(app: &Router, request: Request<Body>) -> (Response<()>, String) {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

async fn post(app: &Router, body: impl Into<Body>) -> String {
    send(app, Request::post("/chatkit").body(body.into()).unwrap()).await.1
}

pub(crate) async fn text(app: &Router, accept: &str) -> (String, String) {
    let request = Request::get("/metrics").header(header::ACCEPT, accept);
    let (head, text) = send(app, request.body(Body::empty()).unwrap()).await;
    let kind = head.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    (kind, text)
}

pub(crate) async fn scrape(app: &Router) -> Exposition {
    let (kind, text) = text(app, "application/openmetrics-text").await;
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    Exposition::parse(&text, Format::OpenMetrics).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

/// A server that has had to do with everything.
pub(crate) async fn busy() -> Router {
    let metrics = Metrics::new("1.2.3");
    let app = app(&metrics);
    post(&app, wire::create_thread("hi").to_string()).await;
    post(&app, r#"{"type": "threads.list", "params": {}}"#).await;
    post(&app, r#"{"type": "threads.get_by_id", "params": {"thread_id": "none"}}"#).await;
    post(&app, r#"{"type": "threads.\"\n\\{}", "params": {}}"#).await;
    post(&app, "no json").await;
    post(&app, " ".repeat(20_000)).await;
    send(&app, Request::get("/chatkit").body(Body::empty()).unwrap()).await;
    send(&app, Request::get("/healthz").body(Body::empty()).unwrap()).await;
    while scrape(&app).await.value("chatkit_runs_active", &[]) != Some(0.0) {
        tokio::task::yield_now().await;
    }
    app
}
