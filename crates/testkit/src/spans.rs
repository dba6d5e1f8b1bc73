//! The spans and lines of the code under test.
//!
//! ```
//! let recorder = chatkit_testkit::spans::Recorder::start();
//! let span = tracing::info_span!("run", thread = "thr_1");
//! span.in_scope(|| tracing::warn!("too late"));
//! assert_eq!(recorder.span("run").fields["thread"], "thr_1");
//! assert_eq!(recorder.events()[0].within, ["run"]);
//! ```

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// Takes note of spans and events of the thread that started it, until it is dropped.
#[derive(Debug)]
pub struct Recorder {
    notes: Arc<Mutex<Notes>>,
    _guard: DefaultGuard,
}

/// A span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedSpan {
    /// Its name in the code.
    pub name: String,
    /// Its fields; texts and numbers as they are written.
    pub fields: BTreeMap<String, String>,
    /// The name of the span that it is a child of.
    pub parent: Option<String>,
    /// The names of the spans that it follows from.
    pub follows: Vec<String>,
    /// How often it was entered.
    pub entered: usize,
    /// Whether it has ended.
    pub closed: bool,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its fields, the `message` among them.
    pub fields: BTreeMap<String, String>,
    /// The names of the spans around it, the innermost first.
    pub within: Vec<String>,
}

#[derive(Debug, Default)]
struct Notes {
    spans: Vec<RecordedSpan>,
    events: Vec<RecordedEvent>,
}

impl Recorder {
    /// Starts to take note of everything.
    #[must_use]
    pub fn start() -> Self {
        let notes = Arc::<Mutex<Notes>>::default();
        let layer = Taking(Arc::clone(&notes));
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        Self { notes, _guard: guard }
    }

    /// The spans so far, in the order in which they began.
    pub fn spans(&self) -> Vec<RecordedSpan> {
        lock(&self.notes).spans.clone()
    }

    /// The one span of this name.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    pub fn span(&self, name: &str) -> RecordedSpan {
        let spans = self.spans();
        let named: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(named.len(), 1, "spans `{name}` in {spans:#?}");
        named.into_iter().next().cloned().unwrap_or_default()
    }

    /// The events so far.
    pub fn events(&self) -> Vec<RecordedEvent> {
        lock(&self.notes).events.clone()
    }
}

struct Taking(Arc<Mutex<Notes>>);

/// Which of the spans it is.
#[derive(Clone, Copy)]
struct Number(usize);

impl Taking {
    fn change<S>(&self, id: &Id, context: &Context<'_, S>, change: impl FnOnce(&mut RecordedSpan))
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let span = context.span(id);
        let number = span.and_then(|span| span.extensions().get::<Number>().copied());
        if let Some(Number(number)) = number
            && let Some(span) = lock(&self.0).spans.get_mut(number)
        {
            change(span);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Taking {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut recorded = RecordedSpan {
            name: span.name().to_owned(),
            parent: span.parent().map(|parent| parent.name().to_owned()),
            ..RecordedSpan::default()
        };
        attributes.record(&mut Fields(&mut recorded.fields));
        let mut notes = lock(&self.0);
        span.extensions_mut().insert(Number(notes.spans.len()));
        notes.spans.push(recorded);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.change(id, &context, |span| values.record(&mut Fields(&mut span.fields)));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        if let Some(followed) = context.span(follows) {
            self.change(id, &context, |span| span.follows.push(followed.name().to_owned()));
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.change(id, &context, |span| span.entered += 1);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.change(&id, &context, |span| span.closed = true);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let scope = context.event_scope(event).into_iter().flatten();
        let within = scope.map(|span| span.name().to_owned()).collect();
        lock(&self.0).events.push(RecordedEvent { fields, within });
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
