//! What a running ChatKit server tells about itself, as Prometheus and its relatives read it.
//!
//! [`Metrics`] is told what happens, keeps the figures, and shows them as OpenMetrics text:
//!
//! ```
//! use std::sync::Arc;
//! use chatkit_http::{Options, router};
//! use chatkit_metrics::Metrics;
//! use chatkit_server::{ChatKit, ChatKitServer, MemoryStore};
//!
//! fn app<S: ChatKitServer<Context = ()>>(assistant: S) -> axum::Router {
//!     let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
//!     let store = metrics.observe_store(Arc::new(MemoryStore::new()));
//!     let chatkit = ChatKit::builder(assistant, store).observer(Arc::new(metrics.clone())).build();
//!     metrics.observe_http(router(chatkit, Options::default())).merge(metrics.routes())
//! }
//! ```
//!
//! `GET /metrics` tells how much a server is used, what fails and which version runs. Keep it from
//! the public: a listener of its own, or a proxy that does not pass it on.
//!
//! Nothing is counted per event: what a run sent is added when it has ended, so a long reply shows
//! in `chatkit_events_total` at its end. All label values come from fixed sets.

mod buckets;
mod gaps;
mod http;
mod metrics;
mod ops;
mod process;
mod runs;
mod scrape;
mod store;

pub use metrics::Metrics;
