//! Thoughts between `<think>` and `</think>` at the start of a message, as open models write them
//! when their server does not take them apart.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Takes thoughts and answer apart while they stream, whatever the tags are cut into.
#[derive(Debug)]
pub(super) struct ThinkTags {
    state: State,
    /// White space and the beginning of a tag, as long as it may become one.
    held: String,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing but white space, and so many bytes of the opening tag.
    Start { matched: usize },
    /// After the opening tag, where white space does not count.
    Opened,
    /// In the thoughts, behind so many bytes of the closing tag.
    Thinking { matched: usize },
    /// After the closing tag, where white space does not count.
    Closed,
    /// In the answer.
    Plain,
}

/// What a piece of text holds: thoughts first, then answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) thought: String,
    pub(super) text: String,
}

impl ThinkTags {
    /// A message's start.
    pub(super) fn new(enabled: bool) -> Self {
        let state = if enabled { State::Start { matched: 0 } } else { State::Plain };
        Self { state, held: String::new() }
    }

    /// Takes more text.
    pub(super) fn push(&mut self, text: String) -> Split {
        let mut split = Split::default();
        if matches!(self.state, State::Plain) {
            split.text = text;
            return split;
        }
        let mut rest = text.as_str();
        while !rest.is_empty() {
            rest = match self.state {
                State::Start { matched } => self.start(rest, matched, &mut split),
                State::Opened => {
                    let rest = rest.trim_start();
                    if !rest.is_empty() {
                        self.state = State::Thinking { matched: 0 };
                    }
                    rest
                }
                State::Thinking { matched } => self.think(rest, matched, &mut split),
                State::Closed => {
                    let rest = rest.trim_start();
                    if !rest.is_empty() {
                        self.state = State::Plain;
                    }
                    rest
                }
                State::Plain => {
                    split.text.push_str(rest);
                    ""
                }
            };
        }
        split
    }

    /// What was held back, when no more text comes.
    pub(super) fn finish(&mut self) -> Split {
        let mut split = Split::default();
        match self.state {
            State::Start { .. } => split.text = std::mem::take(&mut self.held),
            State::Thinking { matched } => split.thought = begun(CLOSE, matched),
            State::Opened | State::Closed | State::Plain => {}
        }
        self.state = State::Plain;
        split
    }

    fn start<'a>(&mut self, rest: &'a str, mut matched: usize, split: &mut Split) -> &'a str {
        for (at, byte) in rest.bytes().enumerate() {
            if OPEN.as_bytes().get(matched) == Some(&byte) {
                matched += 1;
                if matched == OPEN.len() {
                    self.held.clear();
                    self.state = State::Opened;
                    return rest.get(at + 1..).unwrap_or_default();
                }
            } else if matched > 0 || !byte.is_ascii_whitespace() {
                split.text = std::mem::take(&mut self.held);
                self.state = State::Plain;
                return rest;
            }
        }
        self.held.push_str(rest);
        self.state = State::Start { matched };
        ""
    }

    fn think<'a>(&mut self, rest: &'a str, matched: usize, split: &mut Split) -> &'a str {
        if matched == 0 {
            let Some(at) = memchr::memchr(b'<', rest.as_bytes()) else {
                split.thought.push_str(rest);
                return "";
            };
            split.thought.push_str(rest.get(..at).unwrap_or_default());
            self.state = State::Thinking { matched: 1 };
            return rest.get(at + 1..).unwrap_or_default();
        }
        if rest.as_bytes().first() != CLOSE.as_bytes().get(matched) {
            split.thought.push_str(&begun(CLOSE, matched));
            self.state = State::Thinking { matched: 0 };
            return rest;
        }
        self.state = if matched + 1 == CLOSE.len() {
            State::Closed
        } else {
            State::Thinking { matched: matched + 1 }
        };
        rest.get(1..).unwrap_or_default()
    }
}

/// The first bytes of a tag.
fn begun(tag: &str, matched: usize) -> String {
    tag.get(..matched).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&str]) -> (String, String) {
        let mut tags = ThinkTags::new(true);
        let mut all = Split::default();
        for split in pieces.iter().map(|piece| tags.push((*piece).to_owned())).collect::<Vec<_>>() {
            all.thought += &split.thought;
            all.text += &split.text;
        }
        let last = tags.finish();
        (all.thought + &last.thought, all.text + &last.text)
    }

    fn pair(thought: &str, text: &str) -> (String, String) {
        (thought.to_owned(), text.to_owned())
    }

    #[test]
    fn thoughts_are_taken_out_of_the_start() {
        assert_eq!(split(&["<think>\nhm\n</think>\n\nYes"]), pair("hm\n", "Yes"));
        assert_eq!(
            split(&["\n<thi", "nk>", "h", "m</", "thi", "nk>", "\n", "Yes"]),
            pair("hm", "Yes")
        );
        assert_eq!(split(&["<think>\n\n</think>\n\nYes"]), pair("", "Yes"));
        assert_eq!(split(&["<think>a < b </ c <</think>d"]), pair("a < b </ c <", "d"));
        assert_eq!(split(&["<think>never closed </thi"]), pair("never closed </thi", ""));
    }

    #[test]
    fn tags_elsewhere_are_text() {
        assert_eq!(split(&["a<think>b</think>"]), pair("", "a<think>b</think>"));
        assert_eq!(split(&["<thin", "g>"]), pair("", "<thing>"));
        assert_eq!(split(&[" \n ", "<", "b"]), pair("", " \n <b"));
        assert_eq!(split(&["<think>a</think>b<think>c"]), pair("a", "b<think>c"));
        assert_eq!(split(&["  <thi"]), pair("", "  <thi"));
        let mut off = ThinkTags::new(false);
        assert_eq!(off.push("<think>a".into()).text, "<think>a");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_text_is_cut(
            text in "[ \n]{0,2}(<think>)?[a<>/ é]{0,6}(</?think>)?[ \n]{0,2}[a<é]{0,4}",
            size in 1_usize..5,
        ) {
            let chars: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = chars.chunks(size).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(split(&pieces), split(&[&text]));
        }
    }
}
