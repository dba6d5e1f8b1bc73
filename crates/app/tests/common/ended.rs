//! What the server logs of turns that have ended.

/// A turn that has ended, from its line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) run: String,
    pub(crate) thread: String,
    /// Why, in one word.
    pub(crate) end: String,
}

impl Ended {
    /// In the order of their ends.
    pub(crate) fn all(log: &str) -> Vec<Self> {
        log.lines().filter(|line| line.contains("the turn ended")).map(Self::parse).collect()
    }

    fn parse(line: &str) -> Self {
        let field = |name: &str| {
            let mut fields = line.split_whitespace().filter_map(|field| field.split_once('='));
            let (_, value) =
                fields.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("{name}? {line}"));
            value.to_owned()
        };
        Self { run: field("run"), thread: field("thread"), end: field("end") }
    }
}
