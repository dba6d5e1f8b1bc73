//! All ops end to end over HTTP: what they answer, what they leave behind, and how they fail.

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
