//! The Chat Completions API, of OpenAI and of all who are compatible with it.

mod answer;
mod calls;
mod chunk;
mod history;
mod message;
mod messages;
mod options;
mod request;
mod stream;
mod think;
mod usage;

#[cfg(test)]
mod tests;

pub use options::{MaxTokensField, SystemRole};

pub(crate) use options::Quirks;
pub(crate) use stream::Converter;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use answer::Answer;

use super::http::Transport;
use super::{Model, ModelRequest, ModelStream, ProviderInfo, ProviderOptions, ToolSpec};

/// A model behind the Chat Completions API: OpenAI, Azure, Ollama, vLLM, llama.cpp, Groq, DeepSeek,
/// Mistral, xAI, OpenRouter and others.
///
/// Where providers differ, the default suits the host of the base URL, and every choice can be
/// made otherwise. Tools on the provider's side are left out, with a warning in the log.
/// [`previous_response_id`](ModelRequest::previous_response_id) is not known to this API: the whole
/// conversation has to be given.
///
/// ```
/// use chatkit_agents::model::{ChatCompletionsModel, Model, ProviderOptions};
///
/// let local = ChatCompletionsModel::ollama("qwen3:8b");
/// assert_eq!(local.name(), "qwen3:8b");
///
/// let groq = ProviderOptions::new().base_url("https://api.groq.com/openai/v1").api_key("secret");
/// let hosted = ChatCompletionsModel::new("openai/gpt-oss-120b", groq).think_tags(false);
/// ```
#[derive(Debug, Clone)]
pub struct ChatCompletionsModel {
    name: String,
    transport: Transport,
    quirks: Quirks,
    warned: Arc<AtomicBool>,
}

impl ChatCompletionsModel {
    /// The model of this name at a provider. What is wrong with the options is the error of each
    /// request.
    #[must_use]
    pub fn new(name: impl Into<String>, provider: ProviderOptions) -> Self {
        let quirks = Quirks::of(&provider.base_url);
        let transport = Transport::new(provider);
        Self { name: name.into(), transport, quirks, warned: Arc::default() }
    }

    /// A model of Ollama on this machine, at its standard port 11434.
    #[must_use]
    pub fn ollama(name: impl Into<String>) -> Self {
        Self::new(name, ProviderOptions::new().base_url("http://127.0.0.1:11434/v1"))
    }

    /// The field that limits how much the model writes: `max_completion_tokens` at OpenAI and Azure,
    /// `max_tokens` elsewhere.
    #[must_use]
    pub fn max_tokens_field(mut self, field: MaxTokensField) -> Self {
        self.quirks.max_tokens = field;
        self
    }

    /// Whether the provider is asked to count tokens, with `stream_options`. On, but for Mistral,
    /// which counts unasked and refuses to be asked.
    #[must_use]
    pub fn include_usage(mut self, include: bool) -> Self {
        self.quirks.include_usage = include;
        self
    }

    /// Whether text between `<think>` and `</think>` at the start of a message is the model's
    /// thoughts. On.
    #[must_use]
    pub fn think_tags(mut self, think_tags: bool) -> Self {
        self.quirks.think_tags = think_tags;
        self
    }

    /// The role of instructions, and of messages of the developer: `system`.
    #[must_use]
    pub fn system_role(mut self, role: SystemRole) -> Self {
        self.quirks.system_role = role;
        self
    }

    /// Whether the model's thoughts are given back to it, as `reasoning_content`. On for DeepSeek,
    /// which refuses calls of tools without them, and off elsewhere.
    #[must_use]
    pub fn reasoning_in_history(mut self, given_back: bool) -> Self {
        self.quirks.reasoning_in_history = given_back;
        self
    }

    fn warn_of_hosted(&self, tools: &[ToolSpec]) {
        let hosted = tools.iter().find(|tool| matches!(tool, ToolSpec::Hosted(_)));
        if let Some(tool) = hosted
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                model = self.name,
                tool = tool.name(),
                "tools on the provider's side are not known to chat completions and left out"
            );
        }
    }
}

impl Model for ChatCompletionsModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &ProviderInfo {
        self.transport.info()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        self.warn_of_hosted(&request.tools);
        let body = request::body(&self.name, request, self.quirks);
        let events = self.transport.events("chat/completions", body);
        Box::pin(Answer::new(self.transport.clone(), events, Converter::new(self.quirks)))
    }
}
