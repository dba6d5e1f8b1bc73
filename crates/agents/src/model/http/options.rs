//! How a provider is reached.

use std::{fmt, time::Duration};

use super::Secret;
use crate::Propagator;

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// How a provider is reached, and how patiently.
///
/// `Debug` prints neither the key nor the values of headers, nor what a base URL has beside scheme,
/// host and path.
///
/// ```
/// use std::time::Duration;
///
/// use chatkit_agents::model::ProviderOptions;
///
/// let local = ProviderOptions::new().base_url("http://localhost:11434/v1").max_retries(0);
/// let azure = ProviderOptions::new()
///     .base_url("https://example.openai.azure.com/openai/deployments/chat?api-version=2024-10-21")
///     .api_key("sk-123456")
///     .api_key_header("api-key")
///     .idle_timeout(Duration::from_secs(30));
/// assert!(!format!("{azure:?}").contains("sk-123456"));
/// ```
#[derive(Clone)]
pub struct ProviderOptions {
    pub(in crate::model) base_url: String,
    pub(super) api_key: Option<Secret>,
    pub(super) api_key_header: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) project: Option<String>,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) total_timeout: Option<Duration>,
    pub(super) max_retries: u32,
    pub(super) retry_delay: Duration,
    pub(super) max_retry_delay: Duration,
    pub(super) max_event_size: usize,
    pub(super) propagator: Option<Propagator>,
}

impl ProviderOptions {
    /// OpenAI, without a key.
    pub fn new() -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_key: None,
            api_key_header: None,
            organization: None,
            project: None,
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(600),
            idle_timeout: Duration::from_secs(120),
            total_timeout: None,
            max_retries: 2,
            retry_delay: Duration::from_millis(500),
            max_retry_delay: Duration::from_secs(60),
            max_event_size: 64 * 1024 * 1024,
            propagator: None,
        }
    }

    /// Where the provider is, with the version: `https://api.openai.com/v1` by default. A query is
    /// sent with each request.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The key, sent as `Authorization: Bearer …`. An empty one is none.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        let key = key.into();
        self.api_key = (!key.expose().is_empty()).then_some(key);
        self
    }

    /// Sends the key as it is in this header instead, for example `api-key` for Azure.
    #[must_use]
    pub fn api_key_header(mut self, name: impl Into<String>) -> Self {
        self.api_key_header = Some(name.into());
        self
    }

    /// The organization that pays: `OpenAI-Organization`.
    #[must_use]
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// The project that pays: `OpenAI-Project`.
    #[must_use]
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }

    /// A further header, instead of one of the same name that is sent otherwise. Its value is
    /// treated as a secret.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long the connection may take: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the provider may take until the head of its response: 600 s.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// How long the provider may send nothing within its response: 120 s.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long all of it may take, retries included. Without limit by default.
    #[must_use]
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = Some(timeout);
        self
    }

    /// How often a request is sent again that failed before its first event: twice.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// How long is waited before the first retry: half a second, and twice as long before each
    /// further one, less a random quarter at most. What the provider asks for comes first.
    #[must_use]
    pub fn retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// How long is waited before a retry at most: 60 s. A provider that asks for more is not asked
    /// again.
    #[must_use]
    pub fn max_retry_delay(mut self, delay: Duration) -> Self {
        self.max_retry_delay = delay;
        self
    }

    /// How large an event may be, in bytes: 64 MiB.
    #[must_use]
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.max_event_size = bytes;
        self
    }

    /// Tells the provider which trace a request belongs to. By default it is told of none.
    #[must_use]
    pub fn propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }
}

impl Default for ProviderOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ProviderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = reqwest::Url::parse(&self.base_url).map_or_else(
            |_| "[no URL]".to_owned(),
            |url| format!("{}{}", url.origin().ascii_serialization(), url.path()),
        );
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ProviderOptions")
            .field("base_url", &base_url)
            .field("api_key", &self.api_key)
            .field("api_key_header", &self.api_key_header)
            .field("organization", &self.organization)
            .field("project", &self.project)
            .field("headers", &headers)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_retries", &self.max_retries)
            .field("retry_delay", &self.retry_delay)
            .field("max_retry_delay", &self.max_retry_delay)
            .field("max_event_size", &self.max_event_size)
            .field("propagator", &self.propagator)
            .finish()
    }
}
