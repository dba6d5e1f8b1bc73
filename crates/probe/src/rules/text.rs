//! How texts of a server are shown in a finding.

use crate::words;

/// How many characters of a server's text are shown.
const SHOWN: usize = 80;

/// A text of the server: short and on one line.
pub(super) fn brief(text: &str) -> String {
    words::brief(text, SHOWN)
}

/// The same between quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", brief(text))
}

/// A message of a parser, which may hold texts of the server.
pub(super) fn reason(message: &str) -> String {
    words::brief(message, 2 * SHOWN)
}

/// Where two texts part, in characters, and how they go on.
pub(super) fn difference(shown: &str, finished: &str) -> String {
    let same = shown.chars().zip(finished.chars()).take_while(|(one, other)| one == other).count();
    let rest = |text: &str| -> String {
        let rest: String = text.chars().skip(same).take(SHOWN / 2).collect();
        format!("\"{}\"", rest.escape_debug())
    };
    format!(
        "{} characters were shown, {} are in the end; from character {same} on they are {} and {}",
        shown.chars().count(),
        finished.chars().count(),
        rest(shown),
        rest(finished),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_its_place_in_characters() {
        assert_eq!(
            difference("grün\n1", "grün 22"),
            "6 characters were shown, 7 are in the end; from character 4 on they are \"\\n1\" and \
             \" 22\""
        );
    }
}
