//! From the spans of the code to those of a trace.

use opentelemetry_sdk::trace::SdkTracer;
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Makes spans for the exporter.
///
/// Not all that happens is passed on. A turn's span is a root for the code, so that the request's
/// can end before it; in the trace it is a child of the request's. That spans are entered and left,
/// as a turn's is for each piece of a reply, is nothing that a trace tells of.
pub(in crate::logging) struct Exported<S>(OpenTelemetryLayer<S, SdkTracer>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Exported<S> {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_context_activation(false)
            .with_error_fields_to_exceptions(false)
            .with_error_records_to_exceptions(false)
            .with_error_events_to_exceptions(false)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        Self(layer)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Exported<S> {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.is_root() {
            // Nothing tells roots from children of what is current but the constructor.
            let attributes = Attributes::new(attributes.metadata(), attributes.values());
            self.0.on_new_span(&attributes, id, context);
        } else {
            self.0.on_new_span(attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.0.on_event(event, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.on_close(id, context);
    }
}
