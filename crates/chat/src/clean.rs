//! Text of a server's, made safe for a terminal.

use std::borrow::Cow;

/// The text without control characters other than line feeds and tabs: without the escape that
/// begins a sequence, it is only text. Nor has it what turns the direction of writing, by which an
/// address can look like another.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_turn = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_kept = |c: char| !c.is_control() && !is_turn(c) || matches!(c, '\n' | '\t');
    if text.chars().all(is_kept) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|&c| is_kept(c)).collect())
    }
}

/// The text in one line of at most so many characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in clean(text).split_whitespace() {
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for c in word.chars() {
            if count + 1 >= most {
                line.push('…');
                return line;
            }
            line.push(c);
            count += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sequence_reaches_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{9b}2Jc\u{7f}\u{7}\r\n\td"), "a[31mb2Jc\n\td");
        assert_eq!(clean("\u{1b}]0;title\u{1b}\\x"), "]0;title\\x");
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{200f}"), "abc\u{200f}");
        assert!(matches!(clean("å\u{1f600} ok\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_is_short() {
        assert_eq!(one_line(" a\n\n b\u{1b} ", 10), "a b");
        assert_eq!(one_line("abcdefghij", 5), "abcd…");
        assert_eq!(one_line("ååå ååå", 6), "ååå å…");
        assert_eq!(one_line("", 5), "");
    }
}
