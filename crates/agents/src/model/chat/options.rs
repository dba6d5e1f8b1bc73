//! In what compatible providers differ.

/// The field of a request that limits how much a model writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaxTokensField {
    /// `max_completion_tokens`: OpenAI and Azure, whose reasoning models refuse the other.
    MaxCompletionTokens,
    /// `max_tokens`: almost everyone else.
    MaxTokens,
}

impl MaxTokensField {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxTokens => "max_tokens",
        }
    }
}

/// The role in which the application speaks to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemRole {
    /// `system`, which every provider knows.
    System,
    /// `developer`, which OpenAI has beside it.
    Developer,
}

impl SystemRole {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
        }
    }
}

/// What is done for one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quirks {
    pub(super) max_tokens: MaxTokensField,
    pub(super) include_usage: bool,
    pub(super) think_tags: bool,
    pub(super) system_role: SystemRole,
    pub(super) reasoning_in_history: bool,
}

impl Quirks {
    /// What suits the provider at an address.
    ///
    /// Mistral refuses fields that it does not know with a 422, `stream_options` and
    /// `max_completion_tokens` among them; it reports usage unasked. DeepSeek refuses a call of a
    /// tool that comes back without the thoughts that led to it.
    pub(crate) fn of(base_url: &str) -> Self {
        let host = host(base_url);
        let at = |domain: &str| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let openai = at("openai.com") || at("openai.azure.com") || at("services.ai.azure.com");
        Self {
            max_tokens: if openai {
                MaxTokensField::MaxCompletionTokens
            } else {
                MaxTokensField::MaxTokens
            },
            include_usage: !at("mistral.ai"),
            think_tags: true,
            system_role: SystemRole::System,
            reasoning_in_history: at("deepseek.com"),
        }
    }
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_their_host() {
        let openai = Quirks::of("https://api.openai.com/v1");
        assert_eq!(openai.max_tokens, MaxTokensField::MaxCompletionTokens);
        assert!(openai.include_usage && !openai.reasoning_in_history);
        let azure = Quirks::of("https://Mine.OpenAI.Azure.com:443/openai/v1?api-version=x");
        assert_eq!(azure, openai);

        let local = Quirks::of("http://127.0.0.1:11434/v1");
        assert_eq!(local, Quirks { max_tokens: MaxTokensField::MaxTokens, ..openai });
        assert_eq!(Quirks::of("https://notopenai.com/api.openai.com"), local);
        assert_eq!(Quirks::of("not an address"), local);

        let mistral = Quirks::of("https://api.mistral.ai/v1/");
        assert_eq!(mistral, Quirks { include_usage: false, ..local });
        let deepseek = Quirks::of("https://api.deepseek.com");
        assert_eq!(deepseek, Quirks { reasoning_in_history: true, ..local });
    }
}
