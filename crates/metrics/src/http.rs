//! Requests of the protocol as HTTP has them.

use std::time::Instant;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use chatkit_http::AnsweredOp;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{
    buckets,
    ops::{OpLabel, OpStatus},
};

#[derive(Debug, Clone)]
pub(crate) struct HttpMetrics {
    requests: Family<OpStatus, Counter>,
    seconds: Family<OpLabel, Histogram>,
}

impl HttpMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        registry.register(
            "chatkit_http_requests",
            "Requests to the protocol's route, by op and status of the answer",
            requests.clone(),
        );
        let seconds = Family::new_with_constructor(buckets::answer as fn() -> Histogram);
        registry.register_with_unit(
            "chatkit_http_request",
            "From a request's head to the head of its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        Self { requests, seconds }
    }

    /// Counts the answers of the routes that are the protocol's.
    pub(crate) fn observe(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), count))
    }
}

async fn count(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    if let Some(AnsweredOp(op)) = response.extensions().get() {
        let status = response.status().as_u16();
        metrics.requests.get_or_create(&OpStatus::new(*op, status)).inc();
        let took = begun.elapsed().as_secs_f64();
        metrics.seconds.get_or_create(&OpLabel::new(*op)).observe(took);
    }
    response
}
