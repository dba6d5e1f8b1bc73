//! HTTP as clients, proxies and browsers meet it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod connections;
mod cors;
mod limits;
mod requests;
mod streams;
