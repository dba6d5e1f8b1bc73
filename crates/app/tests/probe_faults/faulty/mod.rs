//! Servers that do one thing wrong.
//!
//! All but the blocking one are proxies in front of a server that does all well: what a fault adds
//! is then the only difference to a stream without findings.

mod blocking;
#[cfg(target_os = "linux")]
mod crowded;
mod exchange;
mod http;
mod nagle;
mod proxy;
mod rewrite;
mod transport;

pub(crate) use blocking::{Blocking, Busy};
#[cfg(target_os = "linux")]
pub(crate) use crowded::crowded;
pub(crate) use exchange::{Exchange, Wait};
pub(crate) use http::{Client, Request};
pub(crate) use nagle::nagle;
pub(crate) use proxy::{Faults, Proxy};
pub(crate) use rewrite::{Change, rewrite};
pub(crate) use transport::{
    break_after, cut_frame, empty, flush_each, gzip, heartbeats_after, hold_bytes, hold_to_end,
    pass, quiet_after, without_heartbeats,
};
