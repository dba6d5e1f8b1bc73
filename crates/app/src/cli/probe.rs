//! `chatkit probe`.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use chatkit_client::Header;
use chatkit_probe::{
    Limits, Live, Outcome, Plan, Report, Stop, Style, client, create_thread, is_streaming, run,
    terminal,
};
use clap::Args;
use serde_json::Value;
use tokio::{pin, signal::ctrl_c};

/// Long enough that the pace of the answer shows.
const MESSAGE: &str = "Hello! Please tell me in about a hundred words what you can help me with.";
/// A probe does not wait for ever for a server that never stops.
const MAX_SECONDS: f64 = 86_400.0;

/// Nothing was found that counts as a failure.
const FINE: u8 = 0;
const FOUND: u8 = 1;
const COULD_NOT_PROBE: u8 = 2;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 if no error was found, 1 if one was, 2 if the server could \
                        not be probed."
)]
pub(crate) struct ProbeArgs {
    /// The server: `http(s)://HOST[:PORT][/PATH]`; without a path, `/chatkit`
    #[arg(value_name = "URL")]
    url: String,

    /// The message that is sent to a new thread
    #[arg(long, value_name = "TEXT", default_value = MESSAGE, conflicts_with = "request")]
    message: String,

    /// A file with the body to send instead, of any op; `-` reads it from the standard input
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,

    /// A header to send with each request, such as `Authorization: Bearer …`; repeatable
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<Header>,

    /// How many rounds, one after another
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number)]
    repeat: u16,

    /// How many streams at the same time, after one that runs alone
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number)]
    concurrency: u16,

    /// Seconds without an event after which the stream has failed; heartbeats do not count
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    timeout: f64,

    /// Seconds that each stream is watched for at most
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, value_parser = seconds)]
    max_time: f64,

    /// Watch the stream alone: ask neither for the thread afterwards nor for what cannot be done
    #[arg(long)]
    stream_only: bool,

    /// Leave the threads that were made; else they are deleted
    #[arg(long)]
    keep: bool,

    /// Warnings are failures too
    #[arg(long)]
    strict: bool,

    /// Print one JSON document instead of the report for people
    #[arg(long)]
    json: bool,
}

/// Probes, prints the verdict, and says how it went. Ctrl-C asks for the verdict on what was seen
/// so far.
pub(crate) fn probe(args: &ProbeArgs) -> ExitCode {
    match try_probe(args) {
        Ok(report) => {
            print(args, &report);
            ExitCode::from(status(args, &report))
        }
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error}");
            ExitCode::from(COULD_NOT_PROBE)
        }
    }
}

fn status(args: &ProbeArgs, report: &Report) -> u8 {
    if report.is_unreachable() {
        COULD_NOT_PROBE
    } else if report.errors() > 0 || (args.strict && report.warnings() > 0) {
        FOUND
    } else {
        FINE
    }
}

fn try_probe(args: &ProbeArgs) -> Result<Report, String> {
    let request = match &args.request {
        Some(file) => read_request(file)?,
        None => create_thread(&args.message),
    };
    let client = client(&args.url, &args.header).map_err(|error| error.to_string())?;
    let plan = Plan {
        follow_up: !args.stream_only && is_streaming(&request),
        request,
        rounds: args.repeat.into(),
        concurrency: args.concurrency.into(),
        limits: Limits {
            silence: Duration::from_secs_f64(args.timeout),
            total: Duration::from_secs_f64(args.max_time),
        },
        keep: args.keep,
    };
    // Beside the thread that looks at what has come, one that reads.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime did not start: {error}"))?;
    let (live, stop) = (Live::new(), Stop::new());
    let outcome = runtime.block_on(async {
        let work = until_told(run(&client, &plan, &live, &stop), &stop);
        if stderr().is_terminal() {
            terminal::watch(&live, stderr(), work).await
        } else {
            work.await
        }
    });
    Ok(Report::new(&client.url(), &plan, &outcome))
}

/// The first Ctrl-C ends the exchanges, the second the process.
async fn until_told(work: impl Future<Output = Outcome>, stop: &Stop) -> Outcome {
    pin!(work);
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            told = ctrl_c() => match told {
                Ok(()) if !stop.is_set() => stop.set(),
                Ok(()) => std::process::exit(130),
                // Without the signal Ctrl-C ends the process, as it does anyway.
                Err(_) => return work.await,
            },
        }
    }
}

fn print(args: &ProbeArgs, report: &Report) {
    let mut stdout = stdout().lock();
    let text = if args.json {
        format!("{}\n", report.json())
    } else {
        let no_colours = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colours = stdout.is_terminal() && !no_colours;
        report.text(if colours { Style::colours() } else { Style::plain() })
    };
    // Whoever closed the pipe does not want it.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn read_request(file: &PathBuf) -> Result<Value, String> {
    let read = if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let name = file.display();
    let text = read.map_err(|error| format!("cannot read {name}: {error}"))?;
    let request: Value =
        serde_json::from_str(&text).map_err(|error| format!("{name} is no JSON: {error}"))?;
    match request["type"] {
        Value::String(_) => Ok(request),
        _ => Err(format!("{name} is no request: expected an object with a string `type`")),
    }
}

fn number(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(number @ 1..=1000) => Ok(number),
        _ => Err("expected a number from 1 to 1000".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => Ok(seconds),
        _ => Err("expected a number of seconds above 0 and up to 86400".to_owned()),
    }
}
