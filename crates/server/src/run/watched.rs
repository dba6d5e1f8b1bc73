//! A run under the eyes of an observer.

use chatkit_protocol::{Op, ThreadId};

use super::{EndReason, RunHandle, Stopwatch, StreamStats};

/// A run whose beginning and end are told, each exactly once: dropped before its
/// [end](Self::end), as when the application or the store panics, it has failed.
#[derive(Debug)]
pub(super) struct Watched {
    op: Op,
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
        Self { op, has_ended: false, thread_id, run, stopwatch: Stopwatch::start() }
    }

    /// The request was refused or taken, with the HTTP status that says so.
    pub(super) fn answered(&self, status: u16) {
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
        if !self.has_ended {
            let _ = self.tell_end(EndReason::Failed);
        }
    }
}
