//! How texts of a server are shown in a finding.

/// How many characters of a server's text are shown.
const SHOWN: usize = 80;

/// A text of the server between quotes, short and without control characters.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text, SHOWN))
}

/// A text of the server, short and without control characters.
pub(super) fn brief(text: &str) -> String {
    cut(text, SHOWN)
}

/// A message of a parser, which may hold texts of the server.
pub(super) fn reason(message: &str) -> String {
    cut(message, 2 * SHOWN)
}

/// Where two texts part, in characters, and how they go on.
pub(super) fn difference(shown: &str, finished: &str) -> String {
    let same = shown.chars().zip(finished.chars()).take_while(|(one, other)| one == other).count();
    let rest = |text: &str| cut(&text.chars().skip(same).take(41).collect::<String>(), 40);
    format!(
        "{} characters were streamed, the finished text has {}; from character {same} on they are \
         \"{}\" and \"{}\"",
        shown.chars().count(),
        finished.chars().count(),
        rest(shown),
        rest(finished),
    )
}

fn cut(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut cut: String = characters
        .by_ref()
        .take(most)
        .flat_map(|character| {
            let (kept, escaped) = if character.is_control() || turns_direction(character) {
                (None, Some(character.escape_unicode()))
            } else {
                (Some(character), None)
            };
            kept.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect();
    if characters.next().is_some() {
        cut.push('…');
    }
    cut
}

/// Characters that change the direction of what follows on a terminal.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_is_short_and_does_nothing_to_a_terminal() {
        assert_eq!(quoted("plain"), "\"plain\"");
        assert_eq!(brief("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\u{a}b");
        assert_eq!(brief(&"ä".repeat(81)), format!("{}…", "ä".repeat(80)));
        assert_eq!(brief(&"ä".repeat(80)), "ä".repeat(80));
    }

    #[test]
    fn a_difference_names_its_place_in_characters() {
        assert_eq!(
            difference("grün 1", "grün 22"),
            "6 characters were streamed, the finished text has 7; from character 5 on they are \
             \"1\" and \"22\""
        );
    }
}
