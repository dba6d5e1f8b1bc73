//! The fields of lines and spans.

use std::{fmt::Debug, io::Write as _};

use tracing::field::{Field, FieldSet, Visit};

/// The values of fields in the order in which they came. Their names are in the metadata of the event
/// or span. A span keeps them as long as it lives, so they take little room: one buffer, each value
/// behind a [head](Head).
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<u8>);

/// What stands before a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    /// The number of the field in its set.
    number: u16,
    is_text: bool,
    /// How many bytes the value has.
    len: u32,
}

/// A value as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    /// A number or a truth value.
    Plain(&'a str),
}

impl Head {
    const SIZE: usize = 7;

    fn to_bytes(self) -> [u8; Self::SIZE] {
        let ([a, b], [c, d, e, f]) = (self.number.to_le_bytes(), self.len.to_le_bytes());
        [a, b, self.is_text.into(), c, d, e, f]
    }

    fn from_bytes([a, b, is_text, c, d, e, f]: [u8; Self::SIZE]) -> Self {
        let (number, len) = (u16::from_le_bytes([a, b]), u32::from_le_bytes([c, d, e, f]));
        Self { number, is_text: is_text != 0, len }
    }
}

impl Fields {
    /// The names, which are those of this set, and values.
    pub(super) fn iter(&self, names: &FieldSet) -> impl Iterator<Item = (&'static str, Value<'_>)> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (head, behind) = rest.split_first_chunk()?;
            let Head { number, is_text, len } = Head::from_bytes(*head);
            let (value, behind) = behind.split_at_checked(usize::try_from(len).ok()?)?;
            rest = behind;
            let name = names.iter().nth(number.into()).map_or("", |field| field.name());
            let value = str::from_utf8(value).unwrap_or_default();
            Some((name, if is_text { Value::Text(value) } else { Value::Plain(value) }))
        })
    }

    /// What has no use any more is given back.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    fn push(&mut self, field: &Field, is_text: bool, value: std::fmt::Arguments<'_>) {
        let begin = self.0.len();
        self.0.extend_from_slice(&[0; Head::SIZE]);
        // Nothing that can fail is written to a buffer but what a value's own formatting says.
        let _ = self.0.write_fmt(value);
        let Ok(len) = u32::try_from(self.0.len() - begin - Head::SIZE) else {
            self.0.truncate(begin);
            return;
        };
        let number = u16::try_from(field.index()).unwrap_or(u16::MAX);
        let head = Head { number, is_text, len }.to_bytes();
        if let Some(place) = self.0.get_mut(begin..begin + Head::SIZE) {
            place.copy_from_slice(&head);
        }
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
