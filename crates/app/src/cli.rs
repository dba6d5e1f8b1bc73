//! The command line.

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::database::Database;

/// A self-hosted ChatKit server.
#[derive(Debug, Parser)]
#[command(name = "chatkit", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the chat: the page at `/`, the protocol at `POST /chatkit`
    Serve(ServeArgs),
}

impl Cli {
    /// The command to run: without one the chat is served.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000", env = "CHATKIT_LISTEN")]
    pub(crate) listen: SocketAddr,

    /// Where threads are kept: `sqlite:PATH`, or `memory:` for nothing that lasts
    #[arg(long, value_name = "URL", default_value = "sqlite:chatkit.db", env = "CHATKIT_DATABASE")]
    pub(crate) database: Database,

    /// Who answers [default: `agent` with OPENAI_API_KEY or --model-url, else `demo`]
    #[arg(long, value_name = "NAME", env = "CHATKIT_RESPONDER")]
    pub(crate) responder: Option<ResponderName>,

    /// The model that the agent asks
    #[arg(long, value_name = "NAME", env = "CHATKIT_MODEL")]
    pub(crate) model: Option<String>,

    /// The base URL of the model's provider
    #[arg(long, value_name = "URL", env = "CHATKIT_MODEL_URL")]
    pub(crate) model_url: Option<String>,

    /// The API that the model's provider speaks
    #[arg(long, value_name = "API", default_value = "responses", env = "CHATKIT_MODEL_API")]
    pub(crate) model_api: ModelApi,

    /// The address that browsers reach the server at, for upload links [default: http://ADDR]
    #[arg(long, value_name = "URL", env = "CHATKIT_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,

    /// A page's origin that may use the server; repeatable [default: any, without cookies]
    #[arg(long, value_name = "ORIGIN", env = "CHATKIT_ALLOW_ORIGIN", value_delimiter = ',')]
    pub(crate) allow_origin: Vec<http::HeaderValue>,

    /// Seconds of silence after which a stream sends a comment that keeps proxies from closing it
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0, env = "CHATKIT_HEARTBEAT",
          value_parser = seconds)]
    pub(crate) heartbeat: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResponderName {
    /// Works offline and shows every feature of the protocol: say `help`
    Demo,
    /// Plays the script that a message holds: for tests
    Playback,
    /// Asks a model
    Agent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelApi {
    /// The OpenAI Responses API
    Responses,
    /// The OpenAI Chat Completions API and what is compatible with it
    ChatCompletions,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds from 0 (never) to 86400".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
