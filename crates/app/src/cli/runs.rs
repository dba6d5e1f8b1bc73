//! How turns run.

use std::time::Duration;

use chatkit_server::{MultitaskStrategy, RunOptions};
use clap::{Args, ValueEnum};

use super::seconds;

#[derive(Debug, Args)]
#[command(next_help_heading = "Turns")]
pub(crate) struct RunArgs {
    /// What becomes of a message sent while a turn runs
    #[arg(long, value_name = "WHAT", default_value = "interrupt", env = "CHATKIT_WHILE_RUNNING")]
    while_running: WhileRunning,

    /// Seconds that the responder may take to its first event (0: any time)
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0, env = "CHATKIT_FIRST_EVENT_TIMEOUT",
          value_parser = seconds)]
    first_event_timeout: f64,

    /// Seconds that the responder may be silent between events (0: any time)
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0, env = "CHATKIT_GAP_TIMEOUT",
          value_parser = seconds)]
    gap_timeout: f64,

    /// Seconds that a whole turn may take (0: any time)
    #[arg(long, value_name = "SECONDS", default_value_t = 3600.0, env = "CHATKIT_TURN_TIMEOUT",
          value_parser = seconds)]
    turn_timeout: f64,

    /// Seconds that a turn goes on while nobody reads it, if its client can resume
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, env = "CHATKIT_LINGER",
          value_parser = seconds)]
    linger: f64,

    /// Seconds that running turns have to finish when the server is told to end
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, env = "CHATKIT_SHUTDOWN_GRACE",
          value_parser = seconds)]
    shutdown_grace: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhileRunning {
    /// The running turn is cancelled and what was shown of it is kept
    Interrupt,
    /// The message is refused
    Reject,
    /// The message waits for its turn
    Enqueue,
    /// The running turn is taken back with the message that it answers
    Rollback,
}

impl RunArgs {
    pub(crate) fn options(&self) -> RunOptions {
        let mut options = RunOptions::default();
        options.multitask_strategy = match self.while_running {
            WhileRunning::Interrupt => MultitaskStrategy::Interrupt,
            WhileRunning::Reject => MultitaskStrategy::Reject,
            WhileRunning::Enqueue => MultitaskStrategy::Enqueue,
            WhileRunning::Rollback => MultitaskStrategy::Rollback,
        };
        options.first_event_timeout = Duration::from_secs_f64(self.first_event_timeout);
        options.gap_timeout = Duration::from_secs_f64(self.gap_timeout);
        options.turn_timeout = Duration::from_secs_f64(self.turn_timeout);
        options.linger = Duration::from_secs_f64(self.linger);
        options
    }

    pub(crate) fn shutdown_grace(&self) -> Duration {
        Duration::from_secs_f64(self.shutdown_grace)
    }
}
