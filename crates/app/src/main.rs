//! The `chatkit` binary: a ChatKit server to run as it is.

mod attachments;
mod chat;
mod cli;
mod database;
mod page;
mod responder;
mod serve;

use std::{
    fmt::Display,
    future::Future,
    io::{IsTerminal as _, Write as _, stderr},
    process::ExitCode,
    time::Duration,
};

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, fmt};

use cli::{Cli, Command};

fn main() -> ExitCode {
    match Cli::parse().into_command() {
        Command::Serve(args) => {
            run("info,rmcp=warn", async { serve::serve(args).await.map(|()| ExitCode::SUCCESS) })
        }
        Command::Chat(args) => run("warn", chat::chat(args)),
        Command::Probe(args) => cli::probe(&args),
    }
}

/// Runs a command to its end. What is logged goes to stderr: what `CHATKIT_LOG` says, or this.
fn run<E: Display>(log: &str, command: impl Future<Output = Result<ExitCode, E>>) -> ExitCode {
    let filter = EnvFilter::try_from_env("CHATKIT_LOG").unwrap_or_else(|_| EnvFilter::new(log));
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
    let ended = runtime.block_on(command);
    // A call of the store or the disk that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(5));
    ended.unwrap_or_else(|error| fail(&error.to_string()))
}

fn fail(error: &str) -> ExitCode {
    // Nothing is left to be done when even this cannot be written.
    let _ = writeln!(stderr(), "error: {error}");
    ExitCode::FAILURE
}
