//! What the tests of the binary share: a server process, an HTTP client that shows everything that
//! happens on the wire, requests, and random numbers that can be replayed.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what a failed test shows: the seed, and what the server said"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "requests are written out where they are sent: `json!` makes values"
)]

mod client;
mod database;
mod ended;
mod events;
mod requests;
mod rng;
mod server;

pub(crate) use client::{Connection, Head, RESUMABLE, Response, request_bytes};
pub(crate) use database::{Database, text_of_note};
pub(crate) use ended::Ended;
pub(crate) use events::{Events, Frame, shown_text};
pub(crate) use requests::{
    action, add_message, attach, by_id, create, list_items, message_item, op, said, script, stop,
    text_of, user_input, words,
};
pub(crate) use rng::{Rng, number_from_env, seed};
pub(crate) use server::{LONG, Server, until};

use serde_json::Value;

/// The `type` of each event or item.
pub(crate) fn kinds(values: &[Value]) -> Vec<&str> {
    values.iter().map(|value| value["type"].as_str().unwrap()).collect()
}

/// A field that must be a string.
pub(crate) fn string<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no string `{field}` in {value}"))
}
