//! Runs the command.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::common::{Server, script};

/// What one call did.
#[derive(Debug)]
pub(crate) struct Probed {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Probed {
    pub(crate) fn run(args: &[&str]) -> Self {
        let mut command = command();
        command.args(args);
        Self::of(command)
    }

    pub(crate) fn of(command: Command) -> Self {
        let Output { status, stdout, stderr } = Server::output(command);
        let status = status.code().unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { status, stdout, stderr }
    }

    /// The document that was printed: one line.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn command() -> Command {
    let mut command = Server::command();
    command.arg("probe");
    command
}

pub(crate) fn url(server: &Server) -> String {
    format!("http://{}", server.address())
}

/// A text as a model writes it.
pub(crate) fn spoken(deltas: usize, gap_ms: u64) -> String {
    script(json!([{"text": {"deltas": deltas, "delta": " word", "gap_ms": gap_ms}}]))
}

/// The threads that a server has.
pub(crate) fn threads(server: &Server) -> usize {
    server.json("threads.list", json!({}))["data"].as_array().unwrap().len()
}
