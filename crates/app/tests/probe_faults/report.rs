//! What the probe says of a server.

use std::{collections::BTreeSet, process::Output};

use serde_json::Value;

use crate::common::Server;

/// What one call of the command found.
#[derive(Debug)]
pub(crate) struct Report {
    json: Value,
    status: i32,
}

impl Report {
    /// Runs `chatkit probe` to its end.
    pub(crate) fn of(url: &str, args: &[&str]) -> Self {
        let mut command = Server::command();
        command.args(["probe", url, "--json"]).args(args);
        let Output { status, stdout, stderr } = Server::output(command);
        let said = String::from_utf8_lossy(&stdout);
        let json = serde_json::from_slice(&stdout).unwrap_or_else(|error| {
            panic!("{status}, {error}: {said}\n{}", String::from_utf8_lossy(&stderr))
        });
        Self { json, status: status.code().unwrap() }
    }

    /// Sends a script to play, with more arguments.
    pub(crate) fn of_script(url: &str, script: &str, args: &[&str]) -> Self {
        Self::of(url, &[&["--message", script], args].concat())
    }

    /// A figure of each stream, in order.
    pub(crate) fn times(&self, name: &str) -> Vec<Option<f64>> {
        let rounds = self.json["rounds"].as_array().unwrap_or_else(|| panic!("{self}"));
        let streams = rounds.iter().flat_map(|round| round["streams"].as_array().unwrap());
        streams.map(|stream| stream["figures"][name].as_f64()).collect()
    }

    /// The codes of all findings.
    pub(crate) fn codes(&self) -> BTreeSet<&str> {
        let findings = self.json["findings"].as_array().unwrap_or_else(|| panic!("{self}"));
        findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    /// Something was found, and nothing else.
    #[track_caller]
    pub(crate) fn is_only(&self, codes: &[&str]) {
        assert_eq!(self.codes(), codes.iter().copied().collect(), "{self}");
    }

    #[track_caller]
    pub(crate) fn has(&self, code: &str) {
        assert!(self.codes().contains(code), "no {code}: {self}");
    }

    #[track_caller]
    pub(crate) fn lacks(&self, codes: &[&str]) {
        for code in codes {
            assert!(!self.codes().contains(code), "{code}: {self}");
        }
    }

    /// The status that the command ended with: 0 if all is well, 1 if a finding is bad enough.
    #[track_caller]
    pub(crate) fn ended_with(&self, status: i32) {
        assert_eq!(self.status, status, "{self}");
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}, {:#}", self.status, self.json)
    }
}
