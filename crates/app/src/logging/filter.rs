//! What is logged.

use std::sync::Arc;

use tracing::{
    Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::Targets,
    layer::Context,
    registry::{LookupSpan, Registry},
};

/// Where lines come from that may hold anything.
const CONTENT: &str = "chatkit_agents::mcp::stderr";

/// What is logged: levels by target, or directives that look at spans, such as
/// `[run{thread=thr_1}]=debug`.
#[derive(Debug, Clone)]
pub(crate) struct Filter(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Targets(Targets),
    /// Costs more, for each line and each piece of a reply.
    Spans(Arc<str>),
}

impl Filter {
    /// What is logged if nobody says otherwise.
    pub(crate) const DEFAULT: &str = "info,rmcp=warn,opentelemetry=warn";

    /// Reads a filter; an empty one is the default.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = match text.trim() {
            "" => Self::DEFAULT,
            text => text,
        };
        if let Some(word) = unknown_word(text) {
            return Err(format!("`{word}` is neither a level nor TARGET=LEVEL"));
        }
        // To targets, a span would be part of a name.
        if !text.contains('[')
            && let Ok(targets) = text.parse()
        {
            return Ok(Self(Kind::Targets(targets)));
        }
        match EnvFilter::builder().parse(text) {
            Ok(_) => Ok(Self(Kind::Spans(text.into()))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The filter at work. Whatever the level, turns and requests keep their spans, so that a line
    /// tells whose it is.
    pub(super) fn layer(
        &self,
        log_content: bool,
        traces: bool,
    ) -> Box<dyn Layer<Registry> + Send + Sync> {
        match &self.0 {
            Kind::Targets(targets) => {
                Box::new(Switch { targets: targets.clone(), log_content, traces })
            }
            Kind::Spans(text) => {
                let mut filter = EnvFilter::new(text);
                if let (false, Ok(directive)) = (log_content, format!("{CONTENT}=off").parse()) {
                    filter = filter.add_directive(directive);
                }
                Box::new(BySpans { filter, traces })
            }
        }
    }
}

/// A word by itself that is no level. It would be read as a target, and a level with a slip in it
/// would turn off everything else.
fn unknown_word(text: &str) -> Option<&str> {
    // The fields of a span have commas between them, too.
    if text.contains('{') {
        return None;
    }
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.filter(|word| !word.contains('=')).find(|word| word.parse::<LevelFilter>().is_err())
}

/// Whether a span is one that lines take their context from.
pub(super) fn is_context(span: &Metadata<'_>) -> bool {
    matches!(span.name(), "request" | "run") && span.target().starts_with("chatkit_")
}

/// Whether a span is there whatever is logged.
fn is_kept(span: &Metadata<'_>, traces: bool) -> bool {
    let is_traced = traces && *span.level() <= LevelFilter::INFO;
    is_context(span) || (is_traced && span.target().starts_with("chatkit_"))
}

/// Levels by target, decided once for each place in the code.
struct Switch {
    targets: Targets,
    log_content: bool,
    traces: bool,
}

impl Switch {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            return is_kept(metadata, self.traces);
        }
        let is_held_back = metadata.target() == CONTENT && !self.log_content;
        !is_held_back && self.targets.would_enable(metadata.target(), metadata.level())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Switch {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let events = Layer::<Registry>::max_level_hint(&self.targets);
        events.map(|events| events.max(LevelFilter::INFO))
    }
}

/// Directives that look at spans. Taken alone they would turn off spans that they do not name.
struct BySpans {
    filter: EnvFilter,
    traces: bool,
}

impl BySpans {
    fn keeps(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && is_kept(metadata, self.traces)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for BySpans {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // It takes note of the spans that it looks at.
        let interest = Layer::<S>::register_callsite(&self.filter, metadata);
        if self.keeps(metadata) { Interest::always() } else { interest }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.keeps(metadata) || Layer::<S>::enabled(&self.filter, metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&self.filter).map(|level| level.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.filter.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.filter.on_record(id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.filter.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.filter.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.filter.on_close(id, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_levels_targets_or_spans() {
        let kind = |text: &str| Filter::parse(text).map(|Filter(kind)| kind);
        for text in ["", " ", "debug", "off", "info,rmcp=warn", "chatkit_server::run=trace"] {
            assert!(matches!(kind(text), Ok(Kind::Targets(_))), "{text}");
        }
        for text in ["[run{thread=thr_1}]=debug", "info,chatkit_server[run]=trace"] {
            assert!(matches!(kind(text), Ok(Kind::Spans(_))), "{text}");
        }
        for wrong in ["inof", "info,garbage", "[", "chatkit=loud", "a=b=c"] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
