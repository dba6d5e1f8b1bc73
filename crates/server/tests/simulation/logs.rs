//! What the engine says while a world runs, and what it panics with.

use std::{
    cell::RefCell,
    fmt,
    panic::{self, PanicHookInfo},
    sync::Once,
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

thread_local! {
    static HEARD: RefCell<Heard> = RefCell::default();
}

/// What was said on a thread since it was last asked.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) lines: Vec<(Level, String)>,
    /// Panics that no script asked for.
    pub(crate) panics: Vec<String>,
}

/// Takes what was said on this thread.
pub(crate) fn take() -> Heard {
    HEARD.take()
}

/// Has panics told from those that scripts ask for, which are not printed.
pub(crate) fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !message(info).starts_with("scripted") {
                HEARD.with_borrow_mut(|heard| heard.panics.push(info.to_string()));
                before(info);
            }
        }));
    });
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Keeps what is logged on its thread.
pub(crate) struct Log;

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("chatkit")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = *event.metadata().level();
        HEARD.with_borrow_mut(|heard| heard.lines.push((level, line.0)));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}
