//! What the server logs, and what traces it sends.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "../agent/provider.rs"]
mod provider;

mod lines;
#[cfg(feature = "otlp")]
mod otlp;
mod privacy;
mod unread;

use common::{Server, until};
use serde_json::Value;

/// A server whose log is JSON.
fn server(args: &[&str]) -> Server {
    Server::serve(&[&["--database", "memory:", "--log-format", "json"], args].concat())
}

/// Its lines so far.
fn lines(server: &Server) -> Vec<Value> {
    let log = server.stderr();
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    whole.lines().map(parse).collect()
}

/// The lines with this message, once there are so many.
fn lines_with(server: &Server, message: &str, count: usize) -> Vec<Value> {
    let found = || lines(server).into_iter().filter(|line| line["message"] == message);
    until(message, || found().count() >= count);
    found().collect()
}
