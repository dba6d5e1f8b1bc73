//! The log on standard error, and traces.
//!
//! Lines are written by a thread of their own: who reads them slowly, or not at all, holds up nobody.

mod fields;
mod filter;
mod line;
mod lines;
#[cfg(feature = "otlp")]
mod otlp;
mod output;
mod panics;

pub(crate) use filter::Filter;

use std::io::{IsTerminal as _, stderr};

use axum::Router;
use chatkit_agents::Propagator;
use tracing_subscriber::{layer::SubscriberExt as _, registry, util::SubscriberInitExt as _};

use crate::cli::LogArgs;
use line::Format;
use lines::Lines;
use output::Output;

/// The log and the traces of this process. Dropped, it sends and writes what is left, for a few
/// seconds at most.
#[derive(Debug)]
pub(crate) struct Logging {
    output: Output,
    #[cfg(feature = "otlp")]
    traces: Option<otlp::Traces>,
}

impl Logging {
    /// Begins to log as the command line says, and to send traces if the environment says where.
    pub(crate) fn start(args: &LogArgs) -> Result<Self, String> {
        let format = Format::new(args.log_format, stderr().is_terminal());
        let output = Output::start(format).map_err(|error| format!("no log: {error}"))?;
        #[cfg(feature = "otlp")]
        let (traces, exported) = otlp::start()?.unzip();
        #[cfg(not(feature = "otlp"))]
        let exported = None::<tracing_subscriber::layer::Identity>;
        let filter = args.log.layer(args.log_content, exported.is_some());
        let lines = Lines::new(format, output.clone());
        let subscriber = registry().with(filter).with(exported).with(lines);
        subscriber.try_init().map_err(|error| format!("no log: {error}"))?;
        panics::log();
        #[cfg(not(feature = "otlp"))]
        if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
            tracing::info!("OTEL_EXPORTER_OTLP_ENDPOINT is set, but this build sends no traces");
        }
        Ok(Self {
            output,
            #[cfg(feature = "otlp")]
            traces,
        })
    }

    /// Writes the lines that are left, for who ends the process at once.
    pub(crate) fn flush(&self) {
        self.output.flush();
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces.take() {
            traces.finish();
        }
        self.output.flush();
    }
}

/// What tells others which trace a request belongs to, if traces are sent.
pub(crate) fn propagator() -> Option<Propagator> {
    #[cfg(feature = "otlp")]
    let propagator = Some(otlp::propagator());
    #[cfg(not(feature = "otlp"))]
    let propagator = None;
    propagator
}

/// Requests go on with the traces of their callers.
pub(crate) fn follow_traces(app: Router) -> Router {
    #[cfg(feature = "otlp")]
    let app = otlp::follow_traces(app);
    app
}
