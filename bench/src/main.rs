//! `chatkit-bench`: streams from a ChatKit server, checked and measured.

mod agent;
mod arrivals;
mod bare;
mod board;
mod check;
mod chunked;
mod cli;
mod connection;
mod error;
mod events;
mod exchange;
mod head;
mod http2;
mod idle;
mod line;
mod load;
mod paced;
mod process;
mod relay;
mod report;
mod script;
mod serve;
mod stamp;
mod stats;
mod target;
mod thread;
mod turn;
mod watch;

use std::{
    io::{Write as _, stderr, stdout},
    process::ExitCode,
};

use clap::Parser as _;

use cli::{Cli, Command};
use error::BenchError;

/// That of the app, so that the servers built in here are compared on the same ground.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok((text, right)) => {
            // A reader that closed the pipe has what it wanted.
            let _ = stdout().write_all(text.as_bytes());
            if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is to be printed, and whether all streams were right.
fn run(cli: &Cli) -> Result<(String, bool), BenchError> {
    Ok(match &cli.command {
        Command::Load(options) => {
            let report = load::load(options)?;
            let text = if cli.json { report::json(&report)? } else { report.table() };
            (text, report.failures == 0)
        }
        Command::Idle(options) => {
            let report = idle::idle(options)?;
            (if cli.json { report::json(&report)? } else { report.table() }, true)
        }
        Command::Paced(options) => {
            let report = paced::paced(options)?;
            let text = if cli.json { report::json(&report)? } else { report.table() };
            (text, report.failures == 0)
        }
        Command::Thread(options) => {
            let report = thread::thread(options)?;
            (if cli.json { report::json(&report)? } else { report.table() }, true)
        }
        Command::Fill(options) => {
            thread::fill(options)?;
            (String::new(), true)
        }
        Command::Agent(options) => {
            let report = agent::agent(options)?;
            (if cli.json { report::json(&report)? } else { report.table() }, true)
        }
        Command::Relay(options) => {
            relay::relay(options)?;
            (String::new(), true)
        }
        Command::Bare(options) => {
            bare::bare(options)?;
            (String::new(), true)
        }
        Command::Serve(options) => {
            serve::serve(options)?;
            (String::new(), true)
        }
    })
}
