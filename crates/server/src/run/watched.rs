//! A run under the eyes of an observer.

use std::cell::Cell;

use chatkit_protocol::{Op, ThreadId};

use super::{EndReason, RunHandle, Stopwatch, StreamStats};
use crate::OpErrorKind;

/// A run whose beginning, answer and end are told, each exactly once: dropped before its
/// [end](Self::end), as when the application or the store panics, it has failed.
#[derive(Debug)]
pub(super) struct Watched {
    op: Op,
    is_answered: Cell<bool>,
    has_ended: bool,
    pub(super) thread_id: ThreadId,
    pub(super) run: RunHandle,
    pub(super) stopwatch: Stopwatch,
}

impl Watched {
    pub(super) fn start(op: Op, thread_id: ThreadId, run: RunHandle) -> Self {
        if let Some(observer) = run.observer() {
            observer.run_started(op);
        }
        let (is_answered, has_ended) = (Cell::new(false), false);
        Self { op, is_answered, has_ended, thread_id, run, stopwatch: Stopwatch::start() }
    }

    /// The request was refused or taken, with the HTTP status that says so.
    pub(super) fn answered(&self, status: u16) {
        self.is_answered.set(true);
        if let Some(observer) = self.run.observer() {
            observer.op_answered(Some(self.op), status, self.stopwatch.elapsed());
        }
    }

    pub(super) fn end(mut self, end: EndReason) -> StreamStats {
        self.tell_end(end)
    }

    fn tell_end(&mut self, end: EndReason) -> StreamStats {
        self.has_ended = true;
        let ids = (self.op, self.thread_id.clone(), self.run.id());
        let stats = self.stopwatch.stop(ids, end, self.run.log().sent());
        if let Some(observer) = self.run.observer() {
            observer.run_ended(&stats);
        }
        stats
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.is_answered.get() {
            self.answered(OpErrorKind::Internal.status());
        }
        if !self.has_ended {
            let _ = self.tell_end(EndReason::Failed);
        }
    }
}
