//! What a run has sent, for readers at any position.
//!
//! Frames that every reader has seen, and those that a slow reader leaves behind, are folded:
//! text deltas grow together into one, what was superseded goes, and an item that is done needs
//! nothing but its last event. So a run's memory is its text and a short tail, whatever its
//! readers do, and whoever joins late or reads slowly gets the difference in a few large events.

mod fold;
mod tail;
#[cfg(test)]
mod tests;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use bytes::Bytes;
use chatkit_protocol::{ErrorCode, ErrorEvent, ThreadStreamEvent};

use tokio::time::Instant;

use super::{EndReason, RunHandle, RunId};
use fold::Folded;
use tail::Tail;

/// Frames kept as they are for readers that are behind.
const TAIL_FRAMES: usize = 256;
/// Bytes kept as they are for readers that are behind.
const TAIL_BYTES: usize = 256 * 1024;
/// Bytes handed to a reader at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// The log of one run: one writer, any number of readers. Frames are numbered from 0; the id of a
/// frame counts it and those before.
#[derive(Debug)]
pub(crate) struct Log {
    run: RunId,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    folded: Folded,
    tail: Tail,
    /// The number of the next frame; the tail begins `tail.len()` before it.
    next: u64,
    readers: Vec<Reader>,
    /// Since when there is no reader, if there was one before.
    absent_since: Option<Instant>,
    /// The bytes of all frames.
    bytes: u64,
    end: Option<EndReason>,
}

#[derive(Debug)]
struct Reader {
    id: u64,
    position: u64,
    /// It fell behind what is kept, and was told so.
    lost: bool,
    waker: Option<Waker>,
}

/// What it means that a reader left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// The run goes on and nobody reads it any more.
    pub(super) is_last: bool,
    /// The reader was too slow, and was told to come back.
    pub(super) told_to_reload: bool,
}

/// Writes a log. Dropped before its [end](Self::end), as when the run panics, it leaves an
/// error event, so that no reader waits for ever.
#[derive(Debug)]
pub(crate) struct LogWriter {
    run: RunHandle,
}

impl Log {
    pub(super) fn new(run: RunId) -> Self {
        Self { run, state: Mutex::default() }
    }

    pub(super) fn run(&self) -> RunId {
        self.run
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a reader that has seen a number of frames. More than there are count as all.
    pub(super) fn join(&self, seen: u64) -> u64 {
        let mut state = self.state();
        // The id of one that has left may come again.
        let id = state.readers.iter().map(|other| other.id + 1).max().unwrap_or(0);
        state.absent_since = None;
        let position = seen.min(state.next);
        // Hardly ever is there a second one.
        state.readers.reserve_exact(1);
        state.readers.push(Reader { id, position, lost: false, waker: None });
        id
    }

    /// Removes a reader.
    pub(super) fn leave(&self, reader: u64) -> Left {
        let mut state = self.state();
        let at = state.readers.iter().position(|other| other.id == reader);
        let lost = at.is_some_and(|at| state.readers.swap_remove(at).lost);
        state.fold();
        let is_last = at.is_some() && state.readers.is_empty() && state.end.is_none();
        if is_last {
            state.absent_since = Some(Instant::now());
        }
        Left { is_last, told_to_reload: lost }
    }

    /// Since when nobody reads.
    pub(super) fn absent_since(&self) -> Option<Instant> {
        self.state().absent_since
    }

    /// Whether somebody reads.
    pub(super) fn has_readers(&self) -> bool {
        !self.state().readers.is_empty()
    }

    /// Whether nothing is sent any more.
    pub(super) fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// How many frames there were, and their bytes.
    pub(super) fn sent(&self) -> (u64, u64) {
        let state = self.state();
        (state.next, state.bytes)
    }

    /// Takes all frames that are ready for a reader, up to a bound, as one chunk. `None`: the run
    /// has ended and everything was read.
    pub(super) fn read(&self, reader: u64, waker: &Waker) -> Poll<Option<Bytes>> {
        let mut state = self.state();
        let Some(at) = state.readers.iter().position(|other| other.id == reader) else {
            return Poll::Ready(None);
        };
        let Reader { position: from, lost, .. } = state.readers[at];
        if lost || (from == state.next && state.end.is_some()) {
            return Poll::Ready(None);
        }
        if from == state.next {
            let stored = &mut state.readers[at].waker;
            match stored {
                Some(stored) if stored.will_wake(waker) => {}
                _ => *stored = Some(waker.clone()),
            }
            return Poll::Pending;
        }
        if state.folded.has_lost(from) {
            state.readers[at].lost = true;
            state.readers[at].position = state.next;
            state.fold();
            return Poll::Ready(Some(lost_event(self.run, from)));
        }
        let (chunk, to) = state.chunk(self.run, from);
        state.readers[at].position = to;
        state.fold();
        Poll::Ready(Some(chunk))
    }
}

impl State {
    fn tail_start(&self) -> u64 {
        self.next - self.tail.len() as u64
    }

    /// The next frames for a reader at `from`, and where it is then.
    fn chunk(&mut self, run: RunId, from: u64) -> (Bytes, u64) {
        let tail_start = self.tail_start();
        if from == tail_start && self.readers.len() == 1 && self.tail.bytes() <= CHUNK_BYTES {
            // The usual case, a reader that keeps up: it gets the buffer, nothing is copied.
            let mut number = tail_start;
            let chunk = self.tail.take(|frame| {
                self.folded.add(number, frame, self.next);
                number += 1;
            });
            return (chunk, self.next);
        }
        let mut chunk = Vec::new();
        let mut at = from;
        if at < tail_start {
            at = self.folded.read(run, at..tail_start, CHUNK_BYTES, &mut chunk);
            if at < tail_start {
                return (chunk.into(), at);
            }
        }
        let skip = usize::try_from(at - tail_start).unwrap_or(usize::MAX);
        let count = self.tail.read(skip, CHUNK_BYTES, &mut chunk);
        (chunk.into(), at + count as u64)
    }

    fn push(&mut self, run: RunId, event: ThreadStreamEvent) -> Result<(), serde_json::Error> {
        self.bytes += self.tail.push(run, self.next, event)? as u64;
        self.next += 1;
        self.fold();
        for reader in &mut self.readers {
            if let Some(waker) = reader.waker.take() {
                waker.wake();
            }
        }
        Ok(())
    }

    /// Folds what every reader has read, and what is too much to keep as it is.
    fn fold(&mut self) {
        let read_by_all =
            self.readers.iter().map(|reader| reader.position).min().unwrap_or(self.next);
        while self.tail_start() < read_by_all
            || self.tail.len() > TAIL_FRAMES
            || self.tail.bytes() > TAIL_BYTES
        {
            let number = self.tail_start();
            if !self.tail.pop(|frame| self.folded.add(number, frame, read_by_all)) {
                break;
            }
        }
    }
}

impl LogWriter {
    pub(crate) fn new(run: RunHandle) -> Self {
        Self { run }
    }

    /// Sends an event to all readers.
    pub(crate) fn send(&mut self, mut event: ThreadStreamEvent) -> Result<(), serde_json::Error> {
        for_client(&mut event);
        let log = self.run.log();
        log.state().push(log.run, event)
    }

    /// Ends the log: nothing is sent any more.
    pub(crate) fn end(&self, reason: EndReason) {
        let mut state = self.run.log().state();
        state.end = Some(reason);
        for reader in &mut state.readers {
            if let Some(waker) = reader.waker.take() {
                waker.wake();
            }
        }
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        if self.run.log().state().end.is_some() {
            return;
        }
        let event = ErrorEvent { code: ErrorCode::STREAM_ERROR, message: None, allow_retry: true };
        if let Err(error) = self.send(ThreadStreamEvent::Error(event)) {
            tracing::error!(%error, "the last event of a broken run could not be written");
        }
        self.end(EndReason::Failed);
    }
}

/// The frame bears the id of the last one that the reader has seen.
fn lost_event(run: RunId, seen: u64) -> Bytes {
    let message = "the connection is too slow for this reply: reload to see all of it";
    let event = ErrorEvent {
        code: ErrorCode::CUSTOM,
        message: Some(message.to_owned()),
        allow_retry: false,
    };
    let mut frame = Vec::new();
    run.write_line(seen, &mut frame);
    frame.extend_from_slice(b"data: ");
    if ThreadStreamEvent::Error(event).encode(&mut frame).is_ok() {
        frame.extend_from_slice(b"\n\n");
    }
    frame.into()
}

/// Takes out what a client must not see.
fn for_client(event: &mut ThreadStreamEvent) {
    match event {
        ThreadStreamEvent::ThreadItemAdded { item }
        | ThreadStreamEvent::ThreadItemDone { item }
        | ThreadStreamEvent::ThreadItemReplaced { item } => crate::visible::item(item),
        ThreadStreamEvent::ThreadCreated { thread }
        | ThreadStreamEvent::ThreadUpdated { thread } => {
            crate::visible::thread(thread);
        }
        _ => {}
    }
}
