//! `GET /metrics`, where it may be seen.

use std::{future::pending, net::IpAddr};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use chatkit_http::{ServeOptions, serve_with};
use chatkit_metrics::Metrics;
use http::{HeaderMap, StatusCode, header, uri::Authority};
use tokio::net::TcpListener;

use crate::cli::Shown;

/// What proxies add to the requests that they pass on.
const FORWARDED: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// The route beside those of the chat.
pub(crate) fn routes(metrics: &Metrics, shown: Shown) -> Router {
    match shown {
        Shown::Nobody => Router::new(),
        Shown::Directly => metrics.routes().route_layer(from_fn(refuse_others)),
        Shown::Everyone => metrics.routes(),
    }
}

async fn refuse_others(request: Request, next: Next) -> Response {
    if was_forwarded(request.headers()) || !is_for_this_machine(&request) {
        let why = "metrics are shown neither through a proxy nor to other machines: see --metrics \
                   and --metrics-listen\n";
        return (StatusCode::NOT_FOUND, why).into_response();
    }
    next.run(request).await
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.into_iter().any(|name| headers.contains_key(name))
}

/// Whether a request is for a loopback address or `localhost`. One for another name was passed on by
/// a proxy that keeps the name, or was sent by a page whose name was made to lead here.
fn is_for_this_machine(request: &Request) -> bool {
    let host = || request.headers().get(header::HOST)?.to_str().ok()?.parse().ok();
    let authority: Option<Authority> = request.uri().authority().cloned().or_else(host);
    authority.is_some_and(|authority| {
        let name = authority.host().trim_matches(['[', ']']);
        let is_loopback = name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        is_loopback || name.eq_ignore_ascii_case("localhost")
    })
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

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_for_this_machine_says_so() {
        let to = |uri: &str, host: Option<&str>| {
            let mut request = Request::get(uri);
            if let Some(host) = host {
                request = request.header(header::HOST, host);
            }
            is_for_this_machine(&request.body(Body::empty()).unwrap())
        };
        for host in ["localhost", "LocalHost:8000", "127.0.0.1:8000", "127.1.2.3", "[::1]:8000"] {
            assert!(to("/metrics", Some(host)), "{host}");
            // As HTTP/2 has it.
            assert!(to(&format!("http://{host}/metrics"), None), "{host}");
        }
        for host in
            ["chat.example", "localhost.example:80", "192.0.2.1", "[2001:db8::1]:80", "", "a b"]
        {
            assert!(!to("/metrics", Some(host)), "{host}");
        }
        assert!(!to("/metrics", None));
        assert!(!to("http://chat.example/metrics", Some("localhost")));
    }
}
