//! The `chatkit` binary: a ChatKit server to run as it is, and what talks to one.

mod attachments;
mod chat;
mod cli;
mod database;
mod logging;
mod metrics;
mod page;
mod responder;
mod serve;

use std::{
    fmt::Display,
    future::Future,
    io::{Write as _, stderr},
    process::ExitCode,
    time::Duration,
};

use cli::{Cli, Command, ServeArgs};
use logging::Logging;

/// A turn makes many small allocations: a fifth less CPU time than with the system's allocator. A
/// debug build takes the system's, which gives memory back soon: what leaks is seen in the process.
#[cfg(not(debug_assertions))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::from_process().into_command() {
        Command::Serve(args) => serve(*args),
        Command::Chat(args) => run(chat::chat(args)),
        Command::Probe(args) => cli::probe(&args),
    }
}

fn serve(args: ServeArgs) -> ExitCode {
    // What is left of the log is written when it is dropped, after all else has ended.
    let logging = match Logging::start(&args.log) {
        Ok(logging) => logging,
        Err(error) => return fail(&error),
    };
    run(serve::serve(args, &logging))
}

/// Runs a command to its end.
fn run<E: Display>(command: impl Future<Output = Result<ExitCode, E>>) -> ExitCode {
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
