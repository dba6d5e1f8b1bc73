//! What is wrong with a stream.

use serde::Serialize;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is called, for machines: words in lower case with dashes. Names stay.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was seen: with figures, ids, the place.
    pub seen: String,
    /// Why it matters to a user of the chat.
    pub why: String,
    /// What to change.
    pub fix: String,
    /// The number of the frame it was seen at, from 0, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<usize>,
    /// How often it was seen, if more than once.
    #[serde(skip_serializing_if = "is_one")]
    pub count: usize,
}

impl Finding {
    /// Something that breaks the stock client.
    pub(crate) fn error(code: &'static str, seen: String, why: &str, fix: &str) -> Self {
        let (why, fix) = (why.to_owned(), fix.to_owned());
        Self { code, severity: Severity::Error, seen, why, fix, frame: None, count: 1 }
    }

    /// Something that users will notice.
    pub(crate) fn warning(code: &'static str, seen: String, why: &str, fix: &str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, seen, why, fix) }
    }

    /// Something that is worth knowing.
    pub(crate) fn note(code: &'static str, seen: String, why: &str, fix: &str) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, seen, why, fix) }
    }

    /// The same, seen at a frame.
    pub(crate) fn at(self, frame: Option<usize>) -> Self {
        Self { frame, ..self }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is broken.
    Note,
    /// Users will notice, now or behind another proxy.
    Warning,
    /// The stock client breaks, loses something or shows something wrong.
    Error,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(count: &usize) -> bool {
    *count == 1
}
