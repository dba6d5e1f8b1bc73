//! The command line.

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};

use crate::{agent::wire::Api, target::Target};

/// Asks ChatKit servers for streams, checks them and measures
#[derive(Debug, Parser)]
#[command(name = "chatkit-bench", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print one JSON document instead of a table
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask for streams as fast as they come, and measure them
    Load(LoadOptions),
    /// Open streams that then stay silent, and measure what they cost the server in memory
    Idle(IdleOptions),
    /// Be the provider of a server's model and its client, and measure what is between them
    Agent(AgentOptions),
    /// Pass bytes on between clients and a provider, as the least that any server does
    Relay(RelayOptions),
}

#[derive(Debug, Args)]
pub(crate) struct LoadOptions {
    /// The server: `http://HOST:PORT`, or with a path when it is not `/chatkit`
    #[arg(long)]
    pub(crate) url: Target,

    /// How many connections there are; each asks for one stream after the other
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,

    /// End after so many streams
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) streams: Option<u64>,

    /// Ask for no more streams after so many seconds [default: 10]
    #[arg(long)]
    pub(crate) seconds: Option<f64>,

    /// Streams before the measurement begins
    #[arg(long, default_value_t = 0)]
    pub(crate) warmup: u64,

    /// Text deltas per reply
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) deltas: u32,

    /// The text of one delta
    #[arg(long, default_value = " token", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) delta: String,

    /// Milliseconds between two deltas
    #[arg(long, default_value_t = 0)]
    pub(crate) gap_ms: u64,

    /// Threads of the load generator
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) threads: u32,

    /// The server's process, to measure its CPU time and memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,

    /// Seconds after which a stream counts as failed
    #[arg(long, default_value_t = 60.0)]
    pub(crate) timeout_s: f64,
}

#[derive(Debug, Args)]
pub(crate) struct IdleOptions {
    /// The server: `http://HOST:PORT`, or with a path when it is not `/chatkit`
    #[arg(long)]
    pub(crate) url: Target,

    /// How many streams are open at once
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,

    /// The server's process
    #[arg(long)]
    pub(crate) pid: u32,

    /// Milliseconds that the streams stay silent after their first text; the measurement must be
    /// over by then
    #[arg(long, default_value_t = 60_000)]
    pub(crate) hold_ms: u64,

    /// Open all connections, and measure, before the first stream is asked for
    #[arg(long)]
    pub(crate) connect_first: bool,

    /// Whole streams before the first measurement, one after the other, so that code and caches
    /// that the server loads once do not count
    #[arg(long, default_value_t = 50)]
    pub(crate) warmup: u32,
}

#[derive(Debug, Args)]
pub(crate) struct AgentOptions {
    /// The server, which answers with the model at `http://PROVIDER-LISTEN/v1`
    #[arg(long)]
    pub(crate) url: Target,

    /// Where the model's provider is served
    #[arg(long)]
    pub(crate) provider_listen: SocketAddr,

    /// How the server asks its model
    #[arg(long, default_value = "responses")]
    pub(crate) api: Api,

    /// The server is `chatkit-bench relay`
    #[arg(long)]
    pub(crate) relay: bool,

    /// Text deltas per reply
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) deltas: u32,

    /// Microseconds between two deltas; 0: as fast as they are taken
    #[arg(long, default_value_t = 20_000)]
    pub(crate) gap_us: u64,

    /// End after so many streams, one after the other
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) streams: u32,

    /// Instead of a number of streams: begin no more after so many seconds of streaming
    #[arg(long, conflicts_with = "streams")]
    pub(crate) seconds: Option<f64>,

    /// Streams before the measurement begins
    #[arg(long, default_value_t = 1)]
    pub(crate) warmup: u32,

    /// The server's process, to measure its CPU time and memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,

    /// Seconds after which a stream counts as failed
    #[arg(long, default_value_t = 60.0)]
    pub(crate) timeout_s: f64,
}

#[derive(Debug, Args)]
pub(crate) struct RelayOptions {
    /// Where clients connect; the first line on stdout tells the address
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// The provider; each client gets a connection of its own
    #[arg(long)]
    pub(crate) to: SocketAddr,
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
