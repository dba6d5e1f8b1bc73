//! HTTP as clients, proxies and browsers meet it.

#[path = "../common/mod.rs"]
mod common;

mod connections;
mod cors;
mod limits;
mod requests;
mod streams;
