//! What the binary promises to those who run it: the command line, the first line it prints, how
//! it ends, and the page it serves.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod command_line;
mod page;
mod shutdown;
mod start;
