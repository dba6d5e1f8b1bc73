//! From a run to a turn: scripted runs, the real engine, and what clients and the store get.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod accumulate;
mod citations;
mod context;
mod failures;
mod gallery;
mod hosted;
mod images;
mod messages;
mod order;
mod stage;
mod thoughts;
mod workflows;
