//! The `chatkit` binary: a ChatKit server to run as it is.

mod attachments;
mod cli;
mod database;
mod logging;
mod page;
mod responder;
mod serve;

use std::{
    io::{Write as _, stderr},
    process::ExitCode,
    time::Duration,
};

use clap::Parser as _;

use cli::{Cli, Command};
use logging::Logging;

fn main() -> ExitCode {
    let Command::Serve(args) = Cli::parse().into_command();
    let logging = match Logging::start(&args.log) {
        Ok(logging) => logging,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the runtime did not start: {error}")),
    };
    let served = runtime.block_on(serve::serve(args));
    // A call of the store or the disk that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(5));
    logging.finish();
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
