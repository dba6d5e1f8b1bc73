//! The way to one server.

use std::{
    fmt,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::{RequestBuilder, Url};
use tower::util::MapFutureLayer;

use crate::{
    Answer, Body, ClientError, address,
    answer::Times,
    connecting::{noted, timed},
};

/// How long a connection may take if nothing else is said.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to one server. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    headers: HeaderMap,
    connect_timeout: Duration,
}

/// How to reach a server; [`Client::builder`] makes one.
#[derive(Clone)]
pub struct ClientBuilder {
    url: String,
    headers: Vec<(String, String)>,
    connect_timeout: Duration,
    takes_compressed: bool,
}

impl Client {
    /// A client of the server at a URL: `http://` or `https://`, a host, and optionally a port and
    /// a path. Without a path requests go to `/chatkit`.
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder {
            url: url.to_owned(),
            headers: Vec::new(),
            connect_timeout: CONNECT_TIMEOUT,
            takes_compressed: true,
        }
    }

    /// The endpoint, without user, password and query.
    pub fn url(&self) -> String {
        address::shown(&self.url)
    }

    /// Sends a request and waits for the head of the answer, whatever its status is. A streaming op
    /// says that it takes an event stream. Redirects are answers like any other.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotConnected`], [`ClientError::Tls`] or [`ClientError::Broken`].
    pub async fn send(
        &self,
        body: impl Into<Body>,
        is_streaming: bool,
    ) -> Result<Answer, ClientError> {
        self.send_with(body, is_streaming, &[]).await
    }

    /// The same with more headers.
    ///
    /// # Errors
    ///
    /// As those of [`send`](Self::send), and [`ClientError::Header`].
    pub async fn send_with(
        &self,
        body: impl Into<Body>,
        is_streaming: bool,
        headers: &[(&str, &str)],
    ) -> Result<Answer, ClientError> {
        let mut all = self.headers.clone();
        if is_streaming && !all.contains_key(header::ACCEPT) {
            all.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        }
        for (name, value) in headers {
            let (name, value) = header(name, value)?;
            all.insert(name, value);
        }
        let request = self.http.post(self.url.clone()).headers(all).body(body.into().0);
        send(request, &self.url).await
    }

    /// A client for another address, which gets none of this one's headers.
    pub(crate) fn elsewhere(&self, url: &Url) -> Result<reqwest::Client, ClientError> {
        http_client(url, self.connect_timeout)
    }

    /// What a URL means that the server names, which may leave out what is its own.
    pub(crate) fn join(&self, url: &str) -> Result<Url, ClientError> {
        self.url.join(url).map_err(|error| ClientError::Url { reason: error.to_string() })
    }

    /// Asks as a browser does before a page of another origin may send its request: `OPTIONS`, with
    /// just these headers.
    ///
    /// # Errors
    ///
    /// As those of [`send_with`](Self::send_with).
    pub async fn preflight(&self, headers: &[(&str, &str)]) -> Result<Answer, ClientError> {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let (name, value) = header(name, value)?;
            all.insert(name, value);
        }
        send(self.http.request(Method::OPTIONS, self.url.clone()).headers(all), &self.url).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Sends a header with each request. It replaces one that the client would send itself.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long a connection may take, its TLS included: 10 s if nothing else is said.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Whether answers may come compressed, as browsers say they may: yes if nothing else is said.
    #[must_use]
    pub fn takes_compressed(mut self, takes: bool) -> Self {
        self.takes_compressed = takes;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`ClientError::Url`], [`ClientError::Header`], or [`ClientError::Setup`].
    pub fn build(self) -> Result<Client, ClientError> {
        let url = address::parse(&self.url)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let agent = concat!("chatkit-client/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        if self.takes_compressed {
            let encodings = HeaderValue::from_static("gzip, deflate");
            headers.insert(header::ACCEPT_ENCODING, encodings);
        }
        for (name, value) in &self.headers {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        let http = http_client(&url, self.connect_timeout)?;
        Ok(Client { http, url, headers, connect_timeout: self.connect_timeout })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("takes_compressed", &self.takes_compressed)
            .finish_non_exhaustive()
    }
}

/// Sends a request to a URL and waits for the head of the answer.
pub(crate) async fn send(request: RequestBuilder, url: &Url) -> Result<Answer, ClientError> {
    let sent_at = Instant::now();
    let (response, connected_at) = timed(request.send()).await;
    let response = response.map_err(|error| ClientError::from_http(url, error))?;
    Ok(Answer::new(response, Times { sent_at, connected_at, headers_at: Instant::now() }))
}

/// A client for requests to a URL: through the system's proxy, unless the host is this machine,
/// which a proxy has another idea of.
fn http_client(url: &Url, timeout: Duration) -> Result<reqwest::Client, ClientError> {
    let mut client = reqwest::Client::builder()
        .connect_timeout(timeout)
        .connector_layer(MapFutureLayer::new(noted))
        .tcp_nodelay(true)
        .referer(false)
        .redirect(reqwest::redirect::Policy::none());
    if address::is_loopback(url) {
        client = client.no_proxy();
    }
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have installed theirs meanwhile, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    if url.scheme() == "http" {
        // Certificates that nobody needs are not loaded, and not missed either.
        client = client.tls_certs_only([]);
    }
    client.build().map_err(|error| ClientError::from_http(url, error))
}

pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ClientError> {
    let wrong = || ClientError::Header { name: name.to_owned() };
    let name = name.parse().map_err(|_| wrong())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok((name, value))
}
