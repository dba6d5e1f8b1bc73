//! The command line.

mod agent;
mod chat;
mod environment;
mod logs;
mod metrics;
mod probe;
mod runs;

pub(crate) use agent::{AgentArgs, ModelApi};
pub(crate) use chat::ChatArgs;
pub(crate) use logs::{LogArgs, LogFormat};
pub(crate) use metrics::{MetricsArgs, Shown};
pub(crate) use probe::{ProbeArgs, probe};
pub(crate) use runs::RunArgs;

use std::net::SocketAddr;

use chatkit_http::AllowedOrigins;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use http::{
    HeaderValue,
    uri::{Authority, Scheme},
};

use crate::database::Database;

/// A self-hosted ChatKit server.
#[derive(Debug, Parser)]
#[command(
    name = "chatkit",
    version,
    about,
    disable_help_subcommand = true,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the chat: the page at `/`, the protocol at `POST /chatkit`
    Serve(Box<ServeArgs>),
    /// Chat with any ChatKit server in the terminal
    Chat(ChatArgs),
    /// Send a message to any ChatKit server, watch the stream and say what is wrong with it
    Probe(ProbeArgs),
}

impl Cli {
    /// Reads the command line and the environment of the process. Ends it when they are wrong, and
    /// after help.
    pub(crate) fn from_process() -> Self {
        let mut command = environment::without_empty(Self::command());
        let mut matches = command.get_matches_mut();
        Self::from_arg_matches_mut(&mut matches)
            .unwrap_or_else(|error| error.format(&mut command).exit())
    }

    /// The command to run: without one the chat is served.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(Box::new(self.serve)))
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

    /// Who answers [default: agent if OPENAI_API_KEY or --model-url is set, else demo]
    #[arg(long, value_name = "NAME", env = "CHATKIT_RESPONDER")]
    pub(crate) responder: Option<ResponderName>,

    /// The address that browsers reach the server at, for upload links [default: http://ADDR]
    #[arg(long, value_name = "URL", env = "CHATKIT_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,

    /// A page's origin that may use the server; repeatable; `*` for any [default: any, without
    /// cookies]
    #[arg(long, value_name = "ORIGIN", env = "CHATKIT_ALLOW_ORIGIN", value_delimiter = ',',
          value_parser = origin)]
    pub(crate) allow_origin: Vec<HeaderValue>,

    /// Seconds of silence after which a stream sends a comment that keeps proxies from closing it
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0, env = "CHATKIT_HEARTBEAT",
          value_parser = seconds)]
    pub(crate) heartbeat: f64,

    #[command(flatten)]
    pub(crate) agent: AgentArgs,

    #[command(flatten)]
    pub(crate) runs: RunArgs,

    #[command(flatten)]
    pub(crate) metrics: MetricsArgs,

    #[command(flatten)]
    pub(crate) log: LogArgs,
}

impl ServeArgs {
    /// Nothing and `*` mean any.
    pub(crate) fn allowed_origins(&self) -> AllowedOrigins {
        if self.allow_origin.is_empty() || self.allow_origin.iter().any(|origin| origin == "*") {
            AllowedOrigins::Any
        } else {
            AllowedOrigins::List(self.allow_origin.clone())
        }
    }
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

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds from 0 (never) to 86400".to_owned()),
    }
}

/// An origin as browsers write it: in lower case and without the port that its scheme implies.
fn origin(text: &str) -> Result<HeaderValue, String> {
    if text == "*" {
        return Ok(HeaderValue::from_static("*"));
    }
    let wrong = || "expected `scheme://host[:port]` without a path, or `*`".to_owned();
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
    scheme.parse::<Scheme>().map_err(|_| wrong())?;
    let authority: Authority = authority.parse().map_err(|_| wrong())?;
    let host = authority.host();
    let whole = match authority.port_u16() {
        _ if host.is_empty() || authority.as_str().contains('@') => return Err(wrong()),
        Some(80) if scheme == "http" => format!("{scheme}://{host}"),
        Some(443) if scheme == "https" => format!("{scheme}://{host}"),
        Some(port) if authority == *format!("{host}:{port}") => text.clone(),
        None if authority == *host => text.clone(),
        _ => return Err(wrong()),
    };
    whole.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_stand_after_the_subcommand() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["chatkit"], args].concat());
        let listen = |args: &[&str]| {
            let Command::Serve(args) = parse(args).map(Cli::into_command).ok()? else {
                return None;
            };
            Some(args.listen.port())
        };
        assert_eq!(listen(&["serve", "--listen", "127.0.0.1:1"]), Some(1));
        assert_eq!(listen(&["--listen", "127.0.0.1:1"]), Some(1));
        assert!(parse(&["--listen", "127.0.0.1:1", "serve"]).is_err());
    }

    #[test]
    fn origins_are_as_browsers_write_them() {
        for (text, written) in [
            ("*", "*"),
            ("https://chat.example", "https://chat.example"),
            ("HTTPS://Chat.Example:443", "https://chat.example"),
            ("http://chat.example:80", "http://chat.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(origin(text), Ok(HeaderValue::from_static(written)), "{text}");
        }
        for wrong in [
            "",
            "null",
            "chat.example",
            "https://",
            "https://chat.example/",
            "https://chat.example/page",
            "https://chat.example?a",
            "https://me@chat.example",
            "https://me@chat.example:443",
            "https://chat.example:",
            "https://chat.example:65536",
            "https://:80",
            "https://*.example/x",
            "https://a\u{7f}b",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wildcard_allows_any() {
        let allowed = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["chatkit", "serve"], args].concat()).ok()?;
            let Command::Serve(args) = cli.into_command() else { return None };
            Some(matches!(args.allowed_origins(), AllowedOrigins::Any))
        };
        assert_eq!(allowed(&[]), Some(true));
        assert_eq!(allowed(&["--allow-origin", "https://a.example,*"]), Some(true));
        assert_eq!(allowed(&["--allow-origin", "https://a.example"]), Some(false));
    }
}
