//! A server that speaks streamable HTTP.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use reqwest::{StatusCode, redirect::Policy};
use rmcp::transport::{
    common::client_side_sse::ExponentialBackoff,
    streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig},
};

use super::http_client::Client;

/// How long a TCP connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Calls of one server that may be under way at once: those of all users.
const CONCURRENT: usize = 1024;
const MOST_REDIRECTS: usize = 5;

/// The transport that speaks with the server.
///
/// # Errors
///
/// When no HTTP client can be made.
pub(super) fn transport(
    url: &str,
    headers: &HeaderMap,
) -> reqwest::Result<StreamableHttpClientTransport<Client>> {
    // A second installation fails and does nothing: what the application has chosen stays.
    #[cfg(feature = "tls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        // A connection that was kept may have died unnoticed, and then nobody knows whether the
        // server has got a call. A new one tells.
        .pool_max_idle_per_host(0)
        .redirect(redirects())
        .build()?;
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut config = StreamableHttpClientTransportConfig::with_uri(url)
        .custom_headers(headers)
        .max_concurrent_requests(CONCURRENT)
        // A lost session is met like any lost connection, so that the tools are listed anew too.
        .reinit_on_expired_session(false);
    // A call whose stream breaks goes on waiting for its answer as long as this tries to resume.
    let mut backoff = ExponentialBackoff::default();
    backoff.base_duration = Duration::from_millis(500);
    backoff.max_times = Some(5);
    config.retry_config = Arc::new(backoff);
    Ok(StreamableHttpClientTransport::with_client(Client(client), config))
}

/// Follows only redirects that keep the request as it is and the server: headers go nowhere else.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let kept = matches!(
            attempt.status(),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let same = |first: &reqwest::Url| first.origin() == attempt.url().origin();
        if kept
            && attempt.previous().len() <= MOST_REDIRECTS
            && attempt.previous().first().is_some_and(same)
        {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
