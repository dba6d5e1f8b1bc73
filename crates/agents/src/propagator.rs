//! Traces that go on where requests lead.

use std::{fmt, sync::Arc};

use http::HeaderMap;
use tracing::Span;

/// Writes the trace of a span into the headers of a request, as
/// [W3C Trace Context](https://www.w3.org/TR/trace-context/) has it, so that a gateway or a server
/// behind the request goes on with the trace.
///
/// This crate knows no tracer: what an application exports its spans with knows their ids.
///
/// ```
/// use chatkit_agents::{Propagator, model::ProviderOptions};
/// use http::{HeaderMap, HeaderValue};
///
/// /// Asks the application's tracer.
/// fn traceparent_of(span: &tracing::Span) -> Option<HeaderValue> {
/// # let _ = span; None
/// }
///
/// let propagator = Propagator::new(|span: &tracing::Span, headers: &mut HeaderMap| {
///     if let Some(value) = traceparent_of(span) {
///         headers.insert("traceparent", value);
///     }
/// });
/// let gateway = ProviderOptions::new().base_url("http://gateway/v1").propagator(propagator);
/// ```
#[derive(Clone)]
pub struct Propagator(Arc<Write>);

type Write = dyn Fn(&Span, &mut HeaderMap) + Send + Sync;

impl Propagator {
    /// A propagator. `write` is called once for each request, with the span that the request is in,
    /// and writes nothing if the span belongs to no trace.
    pub fn new(write: impl Fn(&Span, &mut HeaderMap) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// The headers of a request that is in this span.
    pub(crate) fn headers(&self, span: &Span) -> HeaderMap {
        let mut headers = HeaderMap::new();
        (self.0)(span, &mut headers);
        headers
    }
}

impl fmt::Debug for Propagator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Propagator")
    }
}

/// Clones are equal.
impl PartialEq for Propagator {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Propagator {}
