//! `GET /metrics`, where it may be seen.

use std::future::pending;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use chatkit_http::{ServeOptions, serve_with};
use chatkit_metrics::Metrics;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

use crate::cli::Shown;

/// What proxies add to the requests that they pass on.
const FORWARDED: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// The route beside those of the chat.
pub(crate) fn routes(metrics: &Metrics, shown: Shown) -> Router {
    match shown {
        Shown::Nobody => Router::new(),
        Shown::Directly => metrics.routes().route_layer(from_fn(refuse_forwarded)),
        Shown::Everyone => metrics.routes(),
    }
}

async fn refuse_forwarded(request: Request, next: Next) -> Response {
    if was_forwarded(request.headers()) {
        let why = "metrics are not shown through a proxy: see --metrics and --metrics-listen\n";
        return (StatusCode::NOT_FOUND, why).into_response();
    }
    next.run(request).await
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.into_iter().any(|name| headers.contains_key(name))
}

/// Serves the route on a listener of its own as long as the process lives: what happens while it
/// shuts down can be seen too.
pub(crate) fn serve(metrics: &Metrics, listener: TcpListener) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("metrics are shown at http://{address}/metrics");
    }
    let app = metrics.routes();
    tokio::spawn(async move {
        if let Err(error) = serve_with(listener, app, ServeOptions::default(), pending()).await {
            tracing::error!(%error, "metrics are not shown any more");
        }
    });
}
