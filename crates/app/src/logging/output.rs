//! Lines on their way to standard error.

use std::{
    io::{self, Write as _, stderr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tracing::Level;

use super::line::{Format, Line};

/// Lines that may wait. Beyond them lines are lost, and counted.
const WAITING: usize = 4096;
/// So much is written at once, about.
const BATCH: usize = 64 * 1024;
/// After a batch that was not full, the lines of the next moments are written together: waking the
/// writer for each would cost a busy server a tenth of its time.
const PAUSE: Duration = Duration::from_millis(5);
/// How long the end of the process waits for lines to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Writes lines without ever waiting for who reads them. Its clones write to the same place.
#[derive(Debug, Clone)]
pub(super) struct Output {
    lines: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// To be answered when all before was written.
    Flush(SyncSender<()>),
}

impl Output {
    /// Starts the thread that writes.
    pub(super) fn start(format: Format) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        let lost = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&lost);
        let writing = move || write_lines(&waiting, &counted, format);
        thread::Builder::new().name("chatkit-log".to_owned()).spawn(writing)?;
        Ok(Self { lines, lost })
    }

    pub(super) fn write(&self, line: Vec<u8>) {
        if self.lines.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was logged so far was written, or nobody seems to read it: a second at most.
    pub(super) fn flush(&self) {
        let until = Instant::now() + LAST_LINES;
        let (done, is_done) = sync_channel(1);
        let mut message = Message::Flush(done);
        while let Err(TrySendError::Full(back)) = self.lines.try_send(message) {
            if Instant::now() >= until {
                return;
            }
            message = back;
            thread::sleep(Duration::from_millis(5));
        }
        // Whether it was in time changes nothing.
        let _ = is_done.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn write_lines(waiting: &Receiver<Message>, lost: &AtomicU64, format: Format) {
    let mut batch = Vec::new();
    let mut flushed = Vec::new();
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => batch.extend_from_slice(&line),
                Message::Flush(done) => flushed.push(done),
            }
            next = if batch.len() < BATCH { waiting.try_recv().ok() } else { None };
        }
        let is_full = batch.len() >= BATCH;
        match lost.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => batch.extend(lost_line(format, lost)),
        }
        // A log that is closed takes no more lines, and there is nobody to be told.
        let _ = stderr().write_all(&batch);
        batch.clear();
        for done in flushed.drain(..) {
            let _ = done.send(());
        }
        if !is_full {
            thread::sleep(PAUSE);
        }
    }
}

fn lost_line(format: Format, count: u64) -> Vec<u8> {
    let message = format!("{count} lines of the log were lost: they were not read in time");
    Line::new(format, Level::WARN, module_path!(), &message).finish()
}
