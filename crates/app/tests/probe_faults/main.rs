//! `chatkit probe` against servers that do one thing wrong: it finds that, and nothing else.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod faulty;
mod follow_ups;
mod report;
mod rules;
mod timing;
