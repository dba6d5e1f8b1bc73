//! Runs that only a responder of one's own can make.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use chatkit_http::{Options, router};
use chatkit_metrics::Metrics;
use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Turn};
use chatkit_testkit::{
    exposition::{Exposition, Format},
    wire,
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// Longer than a poll may take before it counts as blocked.
const TOO_LONG: Duration = Duration::from_millis(150);

/// Blocks its thread as often as the message says.
struct Blocking;

impl ChatKitServer for Blocking {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async |turn, events| {
            for _ in 0..turn.input_text().parse().unwrap() {
                let (_sender, never) = mpsc::channel::<()>();
                let _ = never.recv_timeout(TOO_LONG);
                // A poll of its own for each.
                tokio::task::yield_now().await;
            }
            events.message("done").await
        })
    }
}

async fn text(app: &Router, request: Request<Body>) -> String {
    let body = app.clone().oneshot(request).await.unwrap().into_body();
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_that_block_are_counted() {
    let metrics = Metrics::new("1");
    let chatkit = ChatKit::builder(Blocking, Arc::new(MemoryStore::new()));
    let chatkit = chatkit.observer(Arc::new(metrics.clone())).build();
    let app = router(chatkit.clone(), Options::default()).merge(metrics.routes());
    for blocks in ["0", "2"] {
        let body = wire::create_thread(blocks).to_string();
        text(&app, Request::post("/chatkit").body(body.into()).unwrap()).await;
    }
    chatkit.shut_down(Duration::from_secs(60)).await;
    let scraped = text(&app, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    let found = Exposition::parse(&scraped, Format::Prometheus).unwrap();
    let blocked = found.value("chatkit_blocked_polls_total", &[]).unwrap();
    // A busy machine may make a poll look blocked that was not.
    assert!(blocked >= 2.0, "{blocked}");
    let completed = [("op", "threads.create"), ("end", "completed")];
    assert_eq!(found.value("chatkit_runs_total", &completed), Some(2.0));
}
