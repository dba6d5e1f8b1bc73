//! Traces for a collector, by OTLP over HTTP. The standard variables `OTEL_*` say where and how.

mod conventions;
mod layer;

use std::{env, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
};
use chatkit_agents::Propagator;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Key, KeyValue, global,
    propagation::{Extractor, Injector},
    trace::{FutureExt as _, TracerProvider as _},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;

use conventions::Conventions;
use layer::{Exported, context_of};

/// How long the last spans may take at the end.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// Sends spans from a thread of its own.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

/// Begins to send spans, if the environment names a collector.
pub(super) fn start<S>() -> Result<Option<(Traces, Exported<S>)>, String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if !is_wanted() {
        return Ok(None);
    }
    // The HTTP client takes the process' default. Somebody else's is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = SpanExporter::builder().with_http().with_protocol(protocol()?).build();
    let exporter = exporter.map_err(|error| format!("traces cannot be sent: {error}"))?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource())
        .with_batch_exporter(Conventions(exporter))
        .build();
    if propagates() {
        global::set_text_map_propagator(TraceContextPropagator::new());
    }
    let exported = Exported::new(provider.tracer("chatkit"));
    Ok(Some((Traces(provider), exported)))
}

impl Traces {
    /// Sends the spans that are left, if they are taken in time.
    pub(super) fn finish(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_SPANS) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Takes the `traceparent` of requests (W3C Trace Context).
pub(super) fn follow_traces(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| {
        let context = global::get_text_map_propagator(|propagator| {
            propagator.extract(&Headers(request.headers()))
        });
        next.run(request).with_context(context).await
    }))
}

/// Gives requests of this process the `traceparent` of the spans that they are in.
pub(super) fn propagator() -> Propagator {
    Propagator::new(|span, headers| {
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context_of(span), &mut Written(headers));
        });
    })
}

/// Whether traces are taken up from callers and go on elsewhere.
fn propagates() -> bool {
    let said = env::var("OTEL_PROPAGATORS").unwrap_or_default();
    said.is_empty() || said.split(',').any(|name| name.trim() == "tracecontext")
}

fn is_wanted() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let says =
        |name: &str, word: &str| env::var(name).is_ok_and(|value| value.eq_ignore_ascii_case(word));
    let has_collector =
        is_set("OTEL_EXPORTER_OTLP_ENDPOINT") || is_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    has_collector && !says("OTEL_SDK_DISABLED", "true") && !says("OTEL_TRACES_EXPORTER", "none")
}

/// How spans are written; by default as the specification has it.
fn protocol() -> Result<Protocol, String> {
    let said = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    match said.as_deref() {
        None | Some("http/protobuf") => Ok(Protocol::HttpBinary),
        Some("http/json") => Ok(Protocol::HttpJson),
        Some(other) => Err(format!(
            "traces cannot be sent by `{other}`: set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf \
             or http/json"
        )),
    }
}

/// What the spans come from: the environment's words, or this program's.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let said = Resource::builder().build();
    let is_named = said
        .get(&Key::from_static_str("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let has_version = said.get(&Key::from_static_str("service.version")).is_some();
    let mut resource = Resource::builder();
    if !is_named {
        resource = resource.with_service_name("chatkit");
    }
    if !has_version {
        resource = resource.with_attribute(version);
    }
    resource.build()
}

struct Written<'a>(&'a mut HeaderMap);

impl Injector for Written<'_> {
    fn set(&mut self, key: &str, value: String) {
        // A trace may have no state, which is then an empty one here.
        if value.is_empty() {
            return;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
