//! Events as lines, each with what is known of its request and its turn.

use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{
    fields::{Fields, OfSpan, Value},
    filter::is_context,
    line::{Format, Line},
    output::Output,
};

/// Writes a line for each event.
pub(super) struct Lines {
    format: Format,
    output: Output,
}

impl Lines {
    pub(super) fn new(format: Format, output: Output) -> Self {
        Self { format, output }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let (true, Some(span)) = (is_context(attributes.metadata()), context.span(id)) {
            let mut fields = Fields::default();
            attributes.record(&mut OfSpan(&mut fields));
            fields.shrink();
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(&mut OfSpan(fields));
            fields.shrink();
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut own = Fields::default();
        event.record(&mut own);
        let message = own.iter(metadata.fields()).find(|(name, _)| *name == "message");
        let message = message.map_or("", |(_, Value::Text(it) | Value::Plain(it))| it);
        let mut line = Line::new(self.format, *metadata.level(), metadata.target(), message);
        line.add(own.iter(metadata.fields()));
        let innermost = context.event_span(event);
        for span in innermost.into_iter().flat_map(|span| span.scope()) {
            if let Some(around) = span.extensions().get::<Fields>() {
                line.add(around.iter(span.metadata().fields()));
            }
        }
        self.output.write(line.finish());
    }
}
