//! The `chatkit` binary: a ChatKit server to run as it is.

mod attachments;
mod cli;
mod database;
mod page;
mod responder;
mod serve;

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    process::ExitCode,
    time::Duration,
};

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, fmt};

use cli::{Cli, Command, ServeArgs};

fn main() -> ExitCode {
    match Cli::parse().into_command() {
        Command::Serve(args) => serve(args),
        Command::Probe(args) => cli::probe(&args),
    }
}

fn serve(args: ServeArgs) -> ExitCode {
    let filter =
        EnvFilter::try_from_env("CHATKIT_LOG").unwrap_or_else(|_| EnvFilter::new("info,rmcp=warn"));
    // Complaining on stderr that stderr is closed would be a panic.
    fmt()
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the runtime did not start: {error}")),
    };
    let served = runtime.block_on(serve::serve(args));
    // A call of the store or the disk that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(5));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    // Nothing is left to be done when even this cannot be written.
    let _ = writeln!(stderr(), "error: {error}");
    ExitCode::FAILURE
}
