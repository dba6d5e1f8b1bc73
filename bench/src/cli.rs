//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser, value_parser};

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
    /// Hold streams open at the pace of a model, and measure how long each event takes
    Paced(PacedOptions),
    /// Open streams that then stay silent, and measure what they cost the server in memory
    Idle(IdleOptions),
    /// Build a thread, and measure what a turn, a page and a retry cost in it
    Thread(ThreadOptions),
    /// Store a thread in a SQLite file that a server is then to open, for `thread --filled`
    Fill(FillOptions),
    /// Be the provider of a server's model and its client, and measure what is between them
    Agent(AgentOptions),
    /// Pass bytes on between clients and a provider, as the least that any server does
    Relay(RelayOptions),
    /// Send replies that are encoded already, as the most that a server can do
    Bare(BareOptions),
    /// Be our server, with a responder that tells when it emits
    Serve(ServeOptions),
}

#[derive(Debug, Args)]
pub(crate) struct LoadOptions {
    /// The server: `http://HOST:PORT`, or with a path when it is not `/chatkit`
    #[arg(long)]
    pub(crate) url: Target,

    /// How many connections there are; each asks for one stream after the other
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u32).range(1..))]
    pub(crate) connections: u32,

    /// HTTP/2 without TLS instead of HTTP/1.1
    #[arg(long)]
    pub(crate) http2: bool,

    /// How many streams are open on each connection of HTTP/2
    #[arg(long, default_value_t = 1, requires = "http2", value_parser = value_parser!(u32).range(1..))]
    pub(crate) streams_per_connection: u32,

    /// Begin so many streams a second, however long those before them take; latency counts from
    /// the time at which a stream should have begun. Connections are opened as they are needed
    #[arg(long, value_parser = positive)]
    pub(crate) rate: Option<f64>,

    /// With a rate: all streams equally far apart instead of at random
    #[arg(long, requires = "rate")]
    pub(crate) fixed: bool,

    /// With a rate: what decides about the times
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// With a rate: a stream that would be one more is dropped
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..))]
    pub(crate) max_open: u32,

    /// End after so many streams
    #[arg(long, conflicts_with = "seconds", value_parser = value_parser!(u64).range(1..))]
    pub(crate) streams: Option<u64>,

    /// Ask for no more streams after so many seconds [default: 10]
    #[arg(long, value_parser = positive)]
    pub(crate) seconds: Option<f64>,

    /// Leave streams that have not ended so many seconds after that; their events count
    #[arg(long, conflicts_with = "streams")]
    pub(crate) drain_s: Option<f64>,

    /// Streams before the measurement begins
    #[arg(long, default_value_t = 0)]
    pub(crate) warmup: u64,

    /// Text deltas per reply
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) deltas: u32,

    /// The text of one delta
    #[arg(long, default_value = " token", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) delta: String,

    /// Milliseconds between two deltas
    #[arg(long, default_value_t = 0)]
    pub(crate) gap_ms: u64,

    /// Threads of the load generator
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=64))]
    pub(crate) threads: u32,

    /// The server's process, to measure its CPU time and memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,

    /// Seconds after which a stream counts as failed
    #[arg(long, default_value_t = 60.0)]
    pub(crate) timeout_s: f64,
}

impl LoadOptions {
    /// How many streams may be open at once, but for those of a rate.
    pub(crate) fn lines(&self) -> usize {
        let each = if self.http2 { self.streams_per_connection } else { 1 };
        self.connections as usize * each as usize
    }
}

fn positive(text: &str) -> Result<f64, &'static str> {
    let wrong = "expected a number above zero";
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0).ok_or(wrong)
}

#[derive(Debug, Args)]
pub(crate) struct PacedOptions {
    /// The server: `http://HOST:PORT`, or with a path when it is not `/chatkit`
    #[arg(long)]
    pub(crate) url: Target,

    /// How many streams are open at once
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..))]
    pub(crate) streams: u32,

    /// Milliseconds between two deltas of a stream
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..))]
    pub(crate) gap_ms: u64,

    /// How many seconds are measured, with all streams open
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,

    /// The seconds before that in which the streams begin, one after the other
    #[arg(long, default_value_t = 2.0)]
    pub(crate) ramp_s: f64,

    /// The seconds after that in which streams that are late may end
    #[arg(long, default_value_t = 5.0)]
    pub(crate) drain_s: f64,

    /// Text deltas per reply [default: as many as the time takes]
    #[arg(long, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) deltas: Option<u32>,

    /// HTTP/2 without TLS instead of HTTP/1.1
    #[arg(long)]
    pub(crate) http2: bool,

    /// How many streams are open on each connection of HTTP/2
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
    pub(crate) streams_per_connection: u32,

    /// Threads of the load generator
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=64))]
    pub(crate) threads: u32,

    /// The server's process, to measure its CPU time and memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ThreadOptions {
    /// The server: `http://HOST:PORT`, or with a path when it is not `/chatkit`
    #[arg(long)]
    pub(crate) url: Target,

    /// How many items the thread has
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(2..=999_999))]
    pub(crate) items: u32,

    /// The thread is there already, with this id, stored by `fill`
    #[arg(long)]
    pub(crate) filled: Option<String>,

    /// How often each request is repeated; each turn makes the thread two items longer
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,

    /// Turns before the measurement begins
    #[arg(long, default_value_t = 5)]
    pub(crate) warmup: u32,

    /// Text deltas of a turn's reply
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) deltas: u32,

    /// The server's process, to measure its CPU time and memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,

    /// Seconds after which a request counts as failed
    #[arg(long, default_value_t = 60.0)]
    pub(crate) timeout_s: f64,
}

#[derive(Debug, Args)]
pub(crate) struct FillOptions {
    /// The file; it is made when it is missing
    #[arg(long)]
    pub(crate) sqlite: PathBuf,

    /// How many items the thread has
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(2..=999_999))]
    pub(crate) items: u32,

    /// The thread's id
    #[arg(long, default_value = "thr_bench")]
    pub(crate) thread: String,
}

#[derive(Debug, Args)]
pub(crate) struct IdleOptions {
    /// The server: `http://HOST:PORT`, or with a path when it is not `/chatkit`
    #[arg(long)]
    pub(crate) url: Target,

    /// How many streams are open at once
    #[arg(long, default_value_t = 2000, value_parser = value_parser!(u32).range(1..))]
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
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) deltas: u32,

    /// Microseconds between two deltas; 0: as fast as they are taken
    #[arg(long, default_value_t = 20_000)]
    pub(crate) gap_us: u64,

    /// End after so many streams, one after the other
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub(crate) streams: u32,

    /// Instead of a number of streams: begin no more after so many seconds of streaming
    #[arg(long, conflicts_with = "streams", value_parser = positive)]
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

#[derive(Debug, Args)]
pub(crate) struct BareOptions {
    /// Where clients connect; the first line on stdout tells the address
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// Text deltas per reply, whatever is asked for
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) deltas: u32,

    /// The text of one delta
    #[arg(long, default_value = " token", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) delta: String,

    /// Microseconds between two events; 0: as fast as they are taken
    #[arg(long, default_value_t = 0)]
    pub(crate) gap_us: u64,

    /// What goes into one chunk of the response
    #[arg(long, value_enum, default_value_t = PerChunk::One)]
    pub(crate) per_chunk: PerChunk,

    /// Each delta tells when it was sent
    #[arg(long)]
    pub(crate) stamped: bool,
}

/// What goes into one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PerChunk {
    /// One event.
    One,
    /// All events that are ready.
    Ready,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Where clients connect; the first line on stdout tells the address
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// Keep threads in this SQLite file instead of in memory
    #[arg(long)]
    pub(crate) sqlite: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_to_measure_is_an_error_that_names_the_argument() {
        let agent = "agent --provider-listen=127.0.0.1:1";
        for (command, wrong) in [
            ("load", "--streams=0"),
            ("load", "--seconds=0"),
            ("load", "--connections=0"),
            ("load", "--rate=0"),
            ("paced", "--streams=0"),
            ("paced", "--seconds=0"),
            ("idle --pid=1", "--connections=0"),
            ("thread", "--repeat=0"),
            (agent, "--streams=0"),
            (agent, "--seconds=0"),
        ] {
            let line = format!("chatkit-bench {command} --url=http://127.0.0.1:1");
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
            let line = format!("{line} {wrong}");
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err().to_string();
            let (name, _) = wrong.split_once('=').unwrap();
            assert!(error.contains(&format!("'{name} <")), "{error}");
        }
    }
}
