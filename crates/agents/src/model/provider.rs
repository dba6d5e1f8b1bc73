//! Who runs a model, as traces name it.

use std::borrow::Cow;

/// Who runs a model and where, for traces: `gen_ai.provider.name`, `server.address` and
/// `server.port` in OpenTelemetry's conventions for generative AI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderInfo {
    name: Cow<'static, str>,
    address: Option<String>,
    port: Option<u16>,
}

/// A model that does not say.
static UNKNOWN: ProviderInfo =
    ProviderInfo { name: Cow::Borrowed("unknown"), address: None, port: None };

/// The names that the conventions have, by the end of the host.
const NAMES: [(&str, &str); 15] = [
    ("openai.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("anthropic.com", "anthropic"),
    ("amazonaws.com", "aws.bedrock"),
    ("cohere.com", "cohere"),
    ("cohere.ai", "cohere"),
    ("deepseek.com", "deepseek"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("groq.com", "groq"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("mistral.ai", "mistral_ai"),
    ("perplexity.ai", "perplexity"),
    ("x.ai", "x_ai"),
    ("openai.com", "openai"),
];

impl ProviderInfo {
    /// A provider by a name of the conventions, or one of its own.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), address: None, port: None }
    }

    /// The same provider at this host.
    #[must_use]
    pub fn at(mut self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        self.address = Some(address.into());
        self.port = port.into();
        self
    }

    /// What a model says that does not say anything: `unknown`.
    pub fn unknown() -> &'static Self {
        &UNKNOWN
    }

    /// The provider behind the base URL of an API like OpenAI's. One that is not known by its host
    /// is named after the API, `openai`, as the conventions have it.
    pub(super) fn of_url(base_url: &str) -> Self {
        let Ok(url) = base_url.trim().parse::<http::Uri>() else { return Self::new("openai") };
        let Some(host) = url.host() else { return Self::new("openai") };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let is_at = |domain: &str| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let name = NAMES.iter().find(|(domain, _)| is_at(domain)).map_or("openai", |(_, it)| it);
        let port = url.port_u16().or(match url.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        });
        Self::new(name).at(host, port)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its host.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Its port.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_their_host() {
        for (url, name, host, port) in [
            ("https://api.openai.com/v1", "openai", "api.openai.com", 443),
            (
                "https://Mine.OpenAI.Azure.com/openai",
                "azure.ai.openai",
                "mine.openai.azure.com",
                443,
            ),
            ("https://api.x.ai/v1", "x_ai", "api.x.ai", 443),
            ("https://max.ai/v1", "openai", "max.ai", 443),
            ("http://user:s3cret@127.0.0.1:11434/v1?key=s3cret", "openai", "127.0.0.1", 11434),
            ("http://[::1]/v1", "openai", "::1", 80),
        ] {
            assert_eq!(ProviderInfo::of_url(url), ProviderInfo::new(name).at(host, port), "{url}");
        }
        assert_eq!(ProviderInfo::of_url("not an address"), ProviderInfo::new("openai"));
    }
}
