//! What is logged, and how.

use clap::{ArgAction, Args, ValueEnum, builder::FalseyValueParser};

use crate::logging::Filter;

#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
pub(crate) struct LogArgs {
    /// What is logged, by level or by TARGET=LEVEL, comma-separated: `debug`, `warn,chatkit_agents=trace`
    #[arg(long, value_name = "FILTER", default_value = Filter::DEFAULT, env = "CHATKIT_LOG",
          value_parser = Filter::parse)]
    pub(crate) log: Filter,

    /// How a line of the log looks
    #[arg(long, value_name = "FORMAT", default_value = "human", env = "CHATKIT_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,

    /// Log what is said, too: the users' messages, and what tools are called with and return
    #[arg(long, env = "CHATKIT_LOG_CONTENT", action = ArgAction::SetTrue,
          value_parser = FalseyValueParser::new())]
    pub(crate) log_content: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Human,
    /// One JSON object per line
    Json,
}
