//! The fields of lines and spans.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, FieldSet, Visit};

/// The values of fields in the order in which they came. Their names are in the metadata of the event
/// or span. A span keeps them as long as it lives, so they take little room.
#[derive(Debug, Default)]
pub(super) struct Fields {
    entries: Vec<Entry>,
    values: String,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The number of the field in its set.
    number: u16,
    is_text: bool,
    end: u32,
}

/// A value as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    /// A number or a truth value.
    Plain(&'a str),
}

impl Fields {
    /// The names, which are those of this set, and values.
    pub(super) fn iter(&self, names: &FieldSet) -> impl Iterator<Item = (&'static str, Value<'_>)> {
        let mut begin = 0;
        self.entries.iter().map(move |&Entry { number, is_text, end }| {
            let name = names.iter().nth(number.into()).map_or("", |field| field.name());
            let value = self.values.get(begin..end as usize).unwrap_or_default();
            begin = end as usize;
            (name, if is_text { Value::Text(value) } else { Value::Plain(value) })
        })
    }

    /// What has no use any more is given back.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.values.shrink_to_fit();
    }

    fn push(&mut self, field: &Field, is_text: bool, value: std::fmt::Arguments<'_>) {
        // Nothing that can fail is written to a string but what a value's own formatting says.
        let _ = self.values.write_fmt(value);
        let end = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = u16::try_from(field.index()).unwrap_or(u16::MAX);
        self.entries.push(Entry { number, is_text, end });
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, true, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, false, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, false, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, false, format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, !value.is_finite(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push(field, true, format_args!("{value:?}"));
    }
}

/// Takes the fields of a span that lines show; those of the conventions of traces, which have dots,
/// are left out.
pub(super) struct OfSpan<'a>(pub(super) &'a mut Fields);

macro_rules! unless_dotted {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(&mut self, field: &Field, value: $type) {
            if !field.name().contains('.') {
                self.0.$method(field, value);
            }
        }
    )*};
}

impl Visit for OfSpan<'_> {
    unless_dotted!(
        record_str: &str, record_i64: i64, record_u64: u64, record_bool: bool, record_f64: f64,
        record_debug: &dyn Debug
    );
}
