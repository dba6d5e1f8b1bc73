//! The model behind the responder `agent`, and what it is told and may use.

use std::path::PathBuf;

use chatkit_agents::mcp::McpEndpoint;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(next_help_heading = "Agent")]
pub(crate) struct AgentArgs {
    /// The model that the agent asks
    #[arg(long, value_name = "NAME", default_value = "gpt-5-mini", env = "CHATKIT_MODEL")]
    pub(crate) model: String,

    /// The base URL of the model's provider, for example http://127.0.0.1:11434/v1 for Ollama
    /// [default: OpenAI's]; its key is taken from the environment variable OPENAI_API_KEY
    // Users and queries of URLs may be secrets: help does not show what the variable says.
    #[arg(long, value_name = "URL", env = "CHATKIT_MODEL_URL", hide_env_values = true,
          value_parser = base_url)]
    pub(crate) model_url: Option<String>,

    /// The API that the model's provider speaks
    #[arg(long, value_name = "API", default_value = "responses", env = "CHATKIT_MODEL_API")]
    pub(crate) model_api: ModelApi,

    /// A file with what the agent is told before every conversation
    #[arg(long, value_name = "FILE", env = "CHATKIT_INSTRUCTIONS")]
    pub(crate) instructions: Option<PathBuf>,

    /// How much of a conversation the model is given, in tokens, about; the oldest turns go first
    #[arg(
        long,
        value_name = "TOKENS",
        default_value_t = 100_000,
        env = "CHATKIT_MAX_INPUT_TOKENS"
    )]
    pub(crate) max_input_tokens: usize,

    /// An MCP server whose tools the agent may call: its URL, or the command that starts it;
    /// repeatable (in the environment: one a line)
    #[arg(long, value_name = "URL|COMMAND", env = "CHATKIT_MCP", hide_env_values = true,
          value_delimiter = '\n', value_parser = McpEndpoint::parse)]
    pub(crate) mcp: Vec<McpEndpoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelApi {
    /// The OpenAI Responses API
    Responses,
    /// The OpenAI Chat Completions API and what is compatible with it
    ChatCompletions,
}

fn base_url(text: &str) -> Result<String, String> {
    let wrong = || "expected a URL such as http://127.0.0.1:11434/v1".to_owned();
    let url: http::Uri = text.parse().map_err(|_| wrong())?;
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(text.to_owned()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_a_url() {
        for url in ["http://127.0.0.1:11434/v1", "https://api.example/v1/?api-version=1"] {
            assert_eq!(base_url(url), Ok(url.to_owned()));
        }
        for wrong in ["", "127.0.0.1:11434", "localhost/v1", "ftp://a.example", "http://"] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }
}
