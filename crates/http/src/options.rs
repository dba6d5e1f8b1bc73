//! What can be set about the HTTP side.

use std::time::Duration;

use http::HeaderValue;

/// How the router behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The largest request body, in bytes. Recordings for dictation are the largest requests.
    pub body_limit: usize,
    /// How long a request body may pause while it arrives.
    pub body_timeout: Duration,
    /// How long a stream may be silent before a comment (`: ping`) keeps proxies from closing it.
    /// Zero: no heartbeats.
    pub heartbeat: Duration,
    /// The pages that may use the server from a browser.
    pub allowed_origins: AllowedOrigins,
}

impl Default for Options {
    /// Bodies of 16 MiB that may pause for 30 s, a heartbeat after 15 s of silence, any origin.
    fn default() -> Self {
        Self {
            body_limit: 16 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            allowed_origins: AllowedOrigins::Any,
        }
    }
}

/// The origins whose pages may use the server (CORS). ChatKit.js fetches from the page that embeds
/// it, so that page's origin has to be allowed unless the server serves the page itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AllowedOrigins {
    /// Every origin, without credentials: cookies are not sent.
    Any,
    /// These origins, as browsers write them (`https://chat.example`), with credentials, and the
    /// server's own. Requests of other pages are refused. `*` means nothing here.
    List(Vec<HeaderValue>),
}
