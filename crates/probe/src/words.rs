//! How times and numbers are written, and how texts of a server are shown.

use std::time::Duration;

/// A time as people read it: `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`.
pub(crate) fn time(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 9.95 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else if ms < 9_995.0 {
        format!("{:.2} s", ms / 1000.0)
    } else if ms < 119_950.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        let seconds = time.as_secs();
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

/// A count and its noun: `1 event`, `12,000 events`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(number)) }
}

/// A number with a comma for every three digits.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text of the server without what would change the terminal it is shown on: control characters
/// and those that turn the direction of writing.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_control(c) { '\u{fffd}' } else { c }).collect()
}

/// The same, on one line, cut to a number of characters.
pub(crate) fn brief(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = plain(&text);
    if text.chars().count() <= most {
        return text;
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (micros, text) in [
            (0, "0.0 ms"),
            (420, "0.4 ms"),
            (9_960, "10 ms"),
            (999_600, "1.00 s"),
            (1_250_000, "1.25 s"),
            (12_340_000, "12.3 s"),
            (125_000_000, "2 min 5 s"),
        ] {
            assert_eq!(time(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(count(1_234_567, "byte"), "1,234,567 bytes");
        assert_eq!(count(1, "byte"), "1 byte");
    }

    #[test]
    fn nothing_of_the_server_reaches_the_terminal_as_a_command() {
        assert_eq!(plain("a\u{1b}[2Jb\u{9b}1m\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}1m\u{fffd}c");
        assert_eq!(brief("one\ntwo  three", 40), "one two three");
        assert_eq!(brief("abcdef", 4), "abc…");
    }
}
