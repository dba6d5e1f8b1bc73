//! What is logged.

use std::sync::Arc;

use tracing::{Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
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
                Box::new(filter)
            }
        }
    }
}

/// Whether a span is one that lines take their context from.
pub(super) fn is_context(span: &Metadata<'_>) -> bool {
    matches!(span.name(), "request" | "run") && span.target().starts_with("chatkit_")
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
            let is_traced = self.traces && *metadata.level() <= LevelFilter::INFO;
            return is_context(metadata)
                || (is_traced && metadata.target().starts_with("chatkit_"));
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
        for wrong in ["chatkit=loud", "a=b=c"] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
