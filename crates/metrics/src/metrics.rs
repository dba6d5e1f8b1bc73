//! The figures of one server.

use std::{fmt, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use chatkit_protocol::Op;
use chatkit_server::{ObservedStore, Observer, RunId, Store, StoreOutcome, StreamStats};
use prometheus_client::{metrics::info::Info, registry::Registry};

use crate::{
    http::HttpMetrics, ops::OpMetrics, process::Process, runs::RunMetrics, scrape,
    store::StoreMetrics,
};

/// The figures of a server: an [`Observer`] that counts, and a page that shows what was counted.
/// Cheap to clone; all clones are the same figures.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    runs: RunMetrics,
    ops: OpMetrics,
    store: StoreMetrics,
    http: HttpMetrics,
}

impl Metrics {
    /// Figures that begin at zero. `version` is that of the application.
    pub fn new(version: impl Into<String>) -> Self {
        let mut registry = Registry::default();
        let runs = RunMetrics::register(&mut registry);
        let ops = OpMetrics::register(&mut registry);
        let store = StoreMetrics::register(&mut registry);
        let http = HttpMetrics::register(&mut registry);
        let build = Info::new([("version", version.into())]);
        registry.register("chatkit_build", "The program", build);
        registry.register_collector(Box::new(Process::new()));
        Self(Arc::new(Inner { registry: Arc::new(registry), runs, ops, store, http }))
    }

    /// A store whose calls are timed. Hand it to whoever uses the store.
    pub fn observe_store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(ObservedStore::new(store, Arc::new(self.clone())))
    }

    /// Routes whose answers are counted, if they are those of the protocol: the
    /// [router](chatkit_http::router) of `chatkit-http`, alone or with other routes beside it.
    pub fn observe_http(&self, routes: Router) -> Router {
        self.0.http.observe(routes)
    }

    /// `GET /metrics`: OpenMetrics text for scrapers that ask for it, else the text format 0.0.4
    /// of Prometheus.
    pub fn routes(&self) -> Router {
        let registry = Arc::clone(&self.0.registry);
        Router::new().route("/metrics", get(scrape::scrape)).with_state(registry)
    }
}

impl Observer for Metrics {
    fn run_started(&self, _: Op) {
        self.0.runs.started();
    }

    fn run_ended(&self, stats: &StreamStats) {
        self.0.runs.ended(stats);
    }

    fn reader_joined(&self, _: RunId) {
        self.0.runs.joined();
    }

    fn reader_left(&self, _: RunId) {
        self.0.runs.left();
    }

    fn op_answered(&self, op: Option<Op>, status: u16, took: Duration) {
        self.0.ops.answered(op, status, took);
    }

    fn store_called(&self, operation: &'static str, outcome: StoreOutcome, took: Duration) {
        self.0.store.called(operation, outcome, took);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
