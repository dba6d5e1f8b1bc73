//! What a model wrote, as a title.

/// Marks that models put around a title, opening and closing.
const AROUND: [(char, char); 14] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('*', '*'),
    ('_', '_'),
    ('“', '”'),
    ('„', '“'),
    ('”', '”'),
    ('‘', '’'),
    ('«', '»'),
    ('»', '«'),
    ('「', '」'),
    ('『', '』'),
    ('《', '》'),
];

/// The first line of an answer without thoughts, quotes, Markdown and a full stop at its end, not
/// longer than `max_chars`.
pub(super) fn clean(answer: &str, max_chars: usize) -> Option<String> {
    let line = without_thoughts(answer)?.lines().find_map(|line| {
        let line = strip(line);
        (!line.is_empty()).then_some(line)
    })?;
    shorten(line, max_chars)
}

/// The beginning of a text on one line: at most `max_chars` characters, cut after a word where there
/// is one, with `…` in place of the rest. `None` if there is nothing to see.
pub(super) fn shorten(text: &str, max_chars: usize) -> Option<String> {
    let mut short = String::new();
    let mut left = max_chars;
    for word in text.split_whitespace() {
        let gap = usize::from(!short.is_empty());
        // No more is looked at than there is room for.
        let chars = word.chars().take(left.saturating_add(1)).count();
        if chars + gap <= left {
            short.extend((gap > 0).then_some(' '));
            short.push_str(word);
            left -= chars + gap;
            continue;
        }
        if short.is_empty() {
            short.extend(word.chars().take(max_chars.saturating_sub(1)));
        } else if left == 0 {
            drop_last_word(&mut short);
        }
        let kept = short.trim_end_matches([',', ';', ':', '.', '-', '–', ' ']).len();
        short.truncate(kept);
        short.push('…');
        break;
    }
    (!short.is_empty()).then_some(short)
}

/// Makes room for what stands for the rest.
fn drop_last_word(short: &mut String) {
    match short.rfind(' ') {
        Some(end) => short.truncate(end),
        None => drop(short.pop()),
    }
}

/// Some models write their thoughts into their answer. Thoughts without an end have no answer.
fn without_thoughts(answer: &str) -> Option<&str> {
    match answer.trim_start().strip_prefix("<think>") {
        Some(thoughts) => thoughts.split_once("</think>").map(|(_, answer)| answer),
        None => Some(answer),
    }
}

fn strip(line: &str) -> &str {
    let mut line = line.trim().trim_start_matches('#').trim();
    loop {
        let before = line;
        let label = line.get(.."title:".len());
        if label.is_some_and(|label| label.eq_ignore_ascii_case("title:")) {
            line = line.get("title:".len()..).unwrap_or_default().trim();
        }
        if !line.ends_with("...") {
            line = line.trim_end_matches(['.', '。']).trim_end();
        }
        for (open, close) in AROUND {
            if let Some(inner) = line.strip_prefix(open).and_then(|line| line.strip_suffix(close)) {
                line = inner.trim();
            }
        }
        if line == before {
            return line;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_titles() {
        for (answer, title) in [
            ("Rust lifetimes", Some("Rust lifetimes")),
            ("\"Rust lifetimes.\"\n", Some("Rust lifetimes")),
            ("\n\n# **Title: “Rust  lifetimes”**.\nMore", Some("Rust lifetimes")),
            ("<think>A title? \"x\"</think>\n\nRust lifetimes", Some("Rust lifetimes")),
            ("<think>A title? Let me", None),
            ("„Über Katzen“", Some("Über Katzen")),
            ("「猫について」。", Some("猫について")),
            ("What's \"new\"?", Some("What's \"new\"?")),
            ("**", None),
            ("\"", Some("\"")),
            ("...", Some("...")),
            (" \n\t", None),
        ] {
            assert_eq!(clean(answer, 60).as_deref(), title, "{answer:?}");
        }
    }

    #[test]
    fn long_titles_end_after_a_word() {
        for (text, chars, short) in [
            ("one two three", 13, "one two three"),
            ("one two three", 12, "one two…"),
            ("one two, three", 9, "one two…"),
            ("one two three", 8, "one two…"),
            ("one two three", 7, "one…"),
            ("猫が好きです", 4, "猫が好…"),
            ("one  \n two", 60, "one two"),
        ] {
            let shortened = shorten(text, chars).unwrap();
            assert_eq!(shortened, short, "{text} {chars}");
            assert!(shortened.chars().count() <= chars);
        }
        assert_eq!(shorten(" \n", 60), None);
    }
}
