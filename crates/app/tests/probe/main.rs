//! `chatkit probe` as a command: what it sends, prints and ends with. What it finds in servers that
//! do something wrong is tested in `probe_faults`.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod command;
mod failures;
mod interrupt;
mod json;
mod requests;
mod rounds;
mod text;
