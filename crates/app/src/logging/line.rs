//! What a line looks like.

use std::fmt::Write as _;

use tracing::Level;
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime as _, SystemTime},
};

use super::fields::Value;
use crate::cli::LogFormat;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `2026-11-26T12:00:00.000000Z  INFO chatkit_server::run: message key=value`
    Human {
        /// With colours.
        ansi: bool,
    },
    /// `{"timestamp":"…","level":"INFO","target":"…","message":"…","key":"value"}`
    Json,
}

impl Format {
    pub(super) fn new(format: LogFormat, is_terminal: bool) -> Self {
        match format {
            LogFormat::Human => Self::Human { ansi: is_terminal },
            LogFormat::Json => Self::Json,
        }
    }
}

/// What a line has of its own; fields of these names are called otherwise.
const RESERVED: [&str; 3] = ["timestamp", "level", "target"];

/// A line in the making.
pub(super) struct Line {
    format: Format,
    /// The fields that it has.
    names: Vec<&'static str>,
    text: String,
}

impl Line {
    /// A line without fields.
    pub(super) fn new(format: Format, level: Level, target: &str, message: &str) -> Self {
        let mut text = String::with_capacity(256);
        match format {
            Format::Human { ansi } => {
                let (dim, colour, reset) = match ansi {
                    true => ("\x1b[2m", colour(level), "\x1b[0m"),
                    false => ("", "", ""),
                };
                text.push_str(dim);
                write_time(&mut text);
                let _ = write!(text, "{reset} {colour}{level:>5}{reset} {dim}{target}:{reset} ");
                escape(message, &mut text);
            }
            Format::Json => {
                text.push_str("{\"timestamp\":\"");
                write_time(&mut text);
                let _ = write!(text, "\",\"level\":\"{level}\",\"target\":");
                quote(target, &mut text);
                text.push_str(",\"message\":");
                quote(message, &mut text);
            }
        }
        Self { format, names: Vec::new(), text }
    }

    /// Adds the fields that it does not have yet: the event's own come first, then those of the spans
    /// around it, the innermost first.
    pub(super) fn add<'a>(&mut self, fields: impl Iterator<Item = (&'static str, Value<'a>)>) {
        for (name, value) in fields {
            if name != "message" && !self.names.contains(&name) {
                self.names.push(name);
                self.push(name, value);
            }
        }
    }

    /// The whole line with its end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.text.push_str(match self.format {
            Format::Human { .. } => "\n",
            Format::Json => "}\n",
        });
        self.text.into_bytes()
    }

    fn push(&mut self, name: &str, value: Value<'_>) {
        let text = &mut self.text;
        match self.format {
            Format::Human { ansi } => {
                let (dim, reset) = if ansi { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
                let _ = write!(text, " {dim}{name}={reset}");
                match value {
                    Value::Text(value) if is_simple(value) => text.push_str(value),
                    Value::Text(value) => {
                        let mut quoted = String::with_capacity(value.len() + 2);
                        quote(value, &mut quoted);
                        // JSON leaves control characters beyond ASCII as they are, terminals do not.
                        escape(&quoted, text);
                    }
                    Value::Plain(value) => text.push_str(value),
                }
            }
            Format::Json => {
                text.push(',');
                // A name is an identifier of the code, or a text that may be any.
                match name.strip_prefix("r#").unwrap_or(name) {
                    name if RESERVED.contains(&name) => quote(&format!("field.{name}"), text),
                    name => quote(name, text),
                }
                text.push(':');
                match value {
                    Value::Text(value) => quote(value, text),
                    Value::Plain(value) => text.push_str(value),
                }
            }
        }
    }
}

/// Whether a value can be told from what stands around it.
fn is_simple(value: &str) -> bool {
    let is_special = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\');
    !value.is_empty() && !value.contains(is_special)
}

/// Writes a text as a JSON string without control characters. JSON itself allows those above 126,
/// which a terminal obeys as it does the others.
fn quote(value: &str, text: &mut String) {
    match serde_json::to_string(value) {
        Ok(quoted) if !quoted.contains(char::is_control) => text.push_str(&quoted),
        Ok(quoted) => {
            for c in quoted.chars() {
                if c.is_control() {
                    let _ = write!(text, "\\u{:04x}", u32::from(c));
                } else {
                    text.push(c);
                }
            }
        }
        Err(_) => text.push_str("\"\""),
    }
}

/// Writes a text so that it stays on its line, whatever it holds.
fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
}

fn write_time(text: &mut String) {
    // It writes the time or, in a year that it cannot write, nothing.
    let _ = SystemTime.format_time(&mut Writer::new(text));
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: Format, message: &str, fields: &[(&'static str, Value<'_>)]) -> String {
        let mut line = Line::new(format, Level::INFO, "here", message);
        line.add(fields.iter().copied());
        String::from_utf8(line.finish()).unwrap()
    }

    #[test]
    fn whatever_a_line_holds_it_is_one() {
        let said = "a\n\u{1b}[2J\u{9b}2J\u{7f} \"b\" \\";
        let human = line(Format::Human { ansi: false }, said, &[("said", Value::Text(said))]);
        assert!(human.ends_with('\n') && !human.trim_end().contains(char::is_control), "{human:?}");
        let json = line(Format::Json, said, &[("said", Value::Text(said))]);
        assert_eq!(json.matches('\n').count(), 1, "{json:?}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((read["message"].as_str(), read["said"].as_str()), (Some(said), Some(said)));
    }

    #[test]
    fn a_field_has_any_name_and_the_first_of_a_name_counts() {
        let fields = [
            ("level", Value::Plain("1")),
            ("r#type", Value::Plain("2")),
            ("say \"a\"\n", Value::Plain("3")),
            ("level", Value::Plain("4")),
            ("message", Value::Plain("5")),
        ];
        let read: serde_json::Value =
            serde_json::from_str(&line(Format::Json, "hi", &fields)).unwrap();
        assert_eq!((&read["level"], &read["message"]), (&"INFO".into(), &"hi".into()));
        assert_eq!((&read["field.level"], &read["type"]), (&1.into(), &2.into()));
        assert_eq!(read["say \"a\"\n"], 3);
    }
}
