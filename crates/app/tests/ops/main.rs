//! All ops end to end over HTTP: what they answer, what they leave behind, and how they fail.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "parts of requests are written out where they are sent: `json!` makes values"
)]

#[path = "../common/mod.rs"]
mod common;

mod actions;
mod attachments;
mod client_tools;
mod failures;
mod feedback;
mod hidden;
mod locked;
mod messages;
mod pages;
mod retry;
mod structured_input;
mod threads;
mod transcription;
