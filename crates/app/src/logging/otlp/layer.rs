//! From the spans of the code to those of a trace.

use std::cell::{Cell, RefCell};

use opentelemetry::Context as TraceContext;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{
    Event, Span, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Makes spans for the exporter.
///
/// Not all that happens is passed on. A turn's span is a root for the code, so that the request's
/// can end before it; in the trace it is a child of the request's. That spans are entered and left,
/// as a turn's is for each piece of a reply, is nothing that a trace tells of.
pub(in crate::logging) struct Exported<S> {
    spans: OpenTelemetryLayer<S, SdkTracer>,
    /// The same, but a span that is entered becomes the current one for the tracer, too.
    asked: OpenTelemetryLayer<S, SdkTracer>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Exported<S> {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        let layer = |tracer, activates| {
            tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_context_activation(activates)
                .with_error_fields_to_exceptions(false)
                .with_error_records_to_exceptions(false)
                .with_error_events_to_exceptions(false)
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
        };
        Self { spans: layer(tracer.clone(), false), asked: layer(tracer, true) }
    }
}

thread_local! {
    /// Whether the next span that is entered is asked for its place.
    static IS_ASKED: Cell<bool> = const { Cell::new(false) };
    static ANSWER: RefCell<Option<TraceContext>> = const { RefCell::new(None) };
}

/// The place of a span in its trace.
///
/// What the exporter knows of a span can be had only of its layer, and the layer only within the
/// subscriber's calls: so the span is entered for a moment, and the layer answers.
pub(super) fn context_of(span: &Span) -> TraceContext {
    IS_ASKED.set(true);
    span.in_scope(|| IS_ASKED.set(false));
    ANSWER.take().unwrap_or_default()
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Exported<S> {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.is_root() {
            // Nothing tells roots from children of what is current but the constructor.
            let attributes = Attributes::new(attributes.metadata(), attributes.values());
            self.spans.on_new_span(&attributes, id, context);
        } else {
            self.spans.on_new_span(attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.spans.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.spans.on_event(event, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if IS_ASKED.get() {
            self.asked.on_enter(id, context.clone());
            ANSWER.set(Some(TraceContext::current()));
            self.asked.on_exit(id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        // Else a span that was asked for its place would end when it was asked.
        self.spans.on_exit(&id, context.clone());
        self.spans.on_close(id, context);
    }
}
