//! What may be wrong, and what was found.

use std::collections::HashMap;

use crate::{Finding, Severity};

/// A way to break a rule, and what is always said of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) why: &'static str,
    pub(super) fix: &'static str,
}

impl Fault {
    pub(super) const fn error(code: &'static str, why: &'static str, fix: &'static str) -> Self {
        Self { code, severity: Severity::Error, why, fix }
    }

    pub(super) const fn warning(code: &'static str, why: &'static str, fix: &'static str) -> Self {
        Self { code, severity: Severity::Warning, why, fix }
    }

    pub(super) const fn note(code: &'static str, why: &'static str, fix: &'static str) -> Self {
        Self { code, severity: Severity::Note, why, fix }
    }

    /// The same, less grave.
    pub(super) const fn as_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same, as something that may be all right.
    pub(super) const fn as_note(self) -> Self {
        Self { severity: Severity::Note, ..self }
    }
}

/// What was found, each kind of fault once.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    /// What is looked at, if it is not the stream.
    pub(super) label: Option<&'static str>,
    places: HashMap<(&'static str, Severity), usize>,
}

impl Findings {
    /// Adds a fault. What was seen is written for the first of its kind only.
    pub(super) fn add(&mut self, fault: &Fault, frame: Option<usize>, seen: impl Fn() -> String) {
        let place = *self.places.entry((fault.code, fault.severity)).or_insert(self.list.len());
        if let Some(known) = self.list.get_mut(place) {
            known.count += 1;
            return;
        }
        let seen = self.label.map_or_else(&seen, |label| format!("{label}: {}", seen()));
        let finding = Finding::error(fault.code, seen, fault.why, fault.fix).at(frame);
        self.list.push(Finding { severity: fault.severity, ..finding });
    }

    /// The findings in the order of the stream.
    pub(super) fn into_list(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.frame.unwrap_or(usize::MAX));
        self.list
    }
}
