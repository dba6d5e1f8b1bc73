//! How a text is written to a terminal or a file.

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether there are colours.
    pub colours: bool,
    /// The most characters of a line.
    pub width: usize,
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Strong,
    Faint,
    Good,
    Warning,
    Bad,
    Bar,
}

impl Style {
    /// 80 columns without colours.
    pub fn plain() -> Self {
        Self { colours: false, width: 80 }
    }

    /// 80 columns with colours.
    pub fn colours() -> Self {
        Self { colours: true, width: 80 }
    }

    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Strong => "1",
            Ink::Faint => "2",
            Ink::Good => "32",
            Ink::Warning => "33",
            Ink::Bad => "1;31",
            Ink::Bar => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// The words of a text on lines that fit behind an indentation of so many characters.
    pub(super) fn wrap(self, text: &str, indent: usize) -> Vec<String> {
        let room = self.width.saturating_sub(indent).max(20);
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole() {
        let style = Style { colours: false, width: 30 };
        assert_eq!(
            style.wrap("one two three four five six seven", 8),
            ["one two three four", "five six seven"]
        );
        assert_eq!(style.wrap("", 8), [""; 0]);
    }

    #[test]
    fn colours_are_left_out() {
        assert_eq!(Style::plain().paint(Ink::Bad, "x"), "x");
        assert_eq!(Style::colours().paint(Ink::Good, "x"), "\u{1b}[32mx\u{1b}[0m");
    }
}
