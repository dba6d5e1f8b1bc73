//! A provider, ready to be asked: the client, the address and the headers, checked.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::{Client, Url, redirect};

use super::{ProviderOptions, Secret, scrub::Scrubber};
use crate::model::ModelError;

const MAX_REDIRECTS: usize = 5;

/// A provider, ready to be asked.
pub(super) struct Provider {
    pub(super) client: Client,
    pub(super) headers: HeaderMap,
    pub(super) options: ProviderOptions,
    pub(super) scrubber: Scrubber,
    base: Url,
}

impl Provider {
    /// The provider that these options describe.
    ///
    /// # Errors
    ///
    /// [`ModelError::Config`] when they cannot work.
    pub(super) fn new(options: ProviderOptions) -> Result<Self, ModelError> {
        let base = base_url(&options.base_url)?;
        let in_url = secrets_in(&base);
        let values = options.headers.iter().map(|(_, value)| value.clone());
        Ok(Self {
            client: client(&base, &options)?,
            headers: headers(&options)?,
            scrubber: Scrubber::new(values.chain(options.api_key.clone()).chain(in_url)),
            options,
            base,
        })
    }

    /// The address of a path below the base, with the base's query.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("options", &self.options).finish_non_exhaustive()
    }
}

fn config(message: impl Into<String>) -> ModelError {
    ModelError::Config(message.into())
}

// No message holds the URL: its query or its user may be a secret.
fn base_url(text: &str) -> Result<Url, ModelError> {
    let url = Url::parse(text.trim()).map_err(|error| {
        config(format!("the base URL of the model's provider is wrong: {error}"))
    })?;
    match url.scheme() {
        "http" => Ok(url),
        "https" if cfg!(feature = "tls") => Ok(url),
        "https" => Err(config("a provider over https needs the feature `tls` of chatkit-agents")),
        _ => {
            Err(config("the base URL of the model's provider must begin with http:// or https://"))
        }
    }
}

/// The secrets of a URL: its password, and what its query has under a name that is one of a secret.
fn secrets_in(url: &Url) -> Vec<Secret> {
    const NAMES: [&str; 5] = ["key", "token", "secret", "password", "sig"];
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        NAMES.iter().any(|secret| name.contains(secret))
    };
    let values = url.query_pairs().filter(|(name, _)| is_secret(name));
    let values = values.map(|(_, value)| Secret::new(value));
    url.password().map(Secret::from).into_iter().chain(values).collect()
}

fn client(base: &Url, options: &ProviderOptions) -> Result<Client, ModelError> {
    let mut client = Client::builder()
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .referer(false)
        .redirect(redirect::Policy::custom(follow));
    // A proxy's idea of the loopback address is another one.
    if base.host_str().is_some_and(is_loopback) {
        client = client.no_proxy();
    }
    #[cfg(feature = "tls")]
    {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Somebody else may have installed theirs meanwhile, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        if base.scheme() == "http" {
            // Certificates that nobody needs are not loaded, and not missed either.
            client = client.tls_certs_only([]);
        }
    }
    client.build().map_err(|error| config(format!("no HTTP client: {}", describe(error))))
}

/// Follows a redirect only to where the key may go, and only if the request stays the same.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let same = attempt.previous().first().is_some_and(|url| url.origin() == attempt.url().origin());
    let keeps_method = matches!(attempt.status().as_u16(), 307 | 308);
    if same && keeps_method && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn headers(options: &ProviderOptions) -> Result<HeaderMap, ModelError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
    let agent = concat!("chatkit-agents/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    if let Some(key) = &options.api_key {
        match &options.api_key_header {
            Some(name) => insert(&mut headers, name, key.expose())?,
            None => insert(&mut headers, "authorization", &format!("Bearer {}", key.expose()))?,
        }
    }
    for (name, value) in
        [("openai-organization", &options.organization), ("openai-project", &options.project)]
    {
        if let Some(value) = value {
            insert(&mut headers, name, value)?;
        }
    }
    for (name, value) in &options.headers {
        insert(&mut headers, name, value.expose())?;
    }
    Ok(headers)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ModelError> {
    let wrong = |what| {
        config(format!(
            "the {what} of the header `{name}` for the model's provider has characters that cannot be sent"
        ))
    };
    let key: HeaderName = name.parse().map_err(|_| wrong("name"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| wrong("value"))?;
    value.set_sensitive(true);
    headers.insert(key, value);
    Ok(())
}

/// What an error of the HTTP client says, with its causes and without the URL.
pub(super) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Provider, ProviderOptions, is_loopback};

    fn url(base: &str) -> String {
        Provider::new(ProviderOptions::new().base_url(base)).unwrap().url("chat/completions").into()
    }

    #[test]
    fn paths_are_joined_to_any_base() {
        for (base, expected) in [
            ("http://host/v1", "http://host/v1/chat/completions"),
            (" http://host/v1/ ", "http://host/v1/chat/completions"),
            ("http://host:8080", "http://host:8080/chat/completions"),
            (
                "http://host/openai/deployments/x?api-version=2024-10-21",
                "http://host/openai/deployments/x/chat/completions?api-version=2024-10-21",
            ),
        ] {
            assert_eq!(url(base), expected);
        }
    }

    #[test]
    fn what_cannot_work_is_said_without_secrets() {
        let options = || ProviderOptions::new().base_url("http://host").api_key("sk-hunter22\n2");
        for options in [
            options(),
            options().base_url("hunter22"),
            options().base_url("ftp://hunter22@host"),
            options().api_key("hunter22").api_key_header("a name"),
            ProviderOptions::new().base_url("http://host").header("x", "hunter22\n2"),
        ] {
            let error = Provider::new(options).unwrap_err();
            assert!(error.to_string().len() > 20);
            assert!(!error.to_string().contains("hunter22"), "{error}");
        }
    }

    #[test]
    fn secrets_of_the_url_are_known() {
        let base = "http://me:hunter22@host/v1?api-version=2024-10-21&api_Key=hunter+33";
        let provider = Provider::new(ProviderOptions::new().base_url(base)).unwrap();
        assert_eq!(
            provider.scrubber.clean("hunter22, hunter 33, 2024-10-21"),
            "[secret], [secret], 2024-10-21"
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn https_needs_a_feature() {
        let error = Provider::new(ProviderOptions::new()).unwrap_err();
        assert!(error.to_string().contains("`tls`"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let options = ProviderOptions::new()
            .base_url("http://me:hunter22@host/v1?key=hunter22")
            .api_key("my-hunter22")
            .header("x-token", "hunter22");
        let provider = Provider::new(options.clone()).unwrap();
        for text in [
            format!("{options:?}"),
            format!("{provider:?} {:?} {:?}", provider.headers, provider.scrubber),
        ] {
            assert!(!text.contains("hunter22"), "{text}");
        }
    }

    #[test]
    fn loopback_addresses() {
        assert!(["localhost", "127.0.0.1", "127.1.2.3", "[::1]"].into_iter().all(is_loopback));
        assert!(!["host", "10.0.0.1", "[::2]"].into_iter().any(is_loopback));
    }
}
