//! The one thread that writes, with group commit.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    slice,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use chatkit_server::StoreResult;
use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use crate::{
    connection::{BUSY_TIMEOUT, execute, roll_back},
    error::Failure,
    file,
};

/// How many requests share a commit at most, and how many may wait.
const GROUP: usize = 256;

/// A log larger than this, in bytes, is emptied even if readers have to be waited for. SQLite's own
/// checkpoints never wait, so that under steady reading the log would grow without limit.
const LOG_LIMIT: u64 = 64 << 20;

/// How long writers wait for readers so that the log can be emptied. Reads of this store are much
/// shorter; a long one of another program is waited for again later.
const LOG_TIMEOUT: Duration = Duration::from_millis(200);

/// How many commits pass between two looks at the size of the log.
const LOOK_AT_LOG_EVERY: u32 = 64;

/// Hands requests to the thread that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    path: Arc<Path>,
    requests: Option<mpsc::Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It ends, and closes the connection, when the value is dropped.
    pub(crate) fn start(path: Arc<Path>, connection: Connection) -> std::io::Result<Self> {
        let (requests, waiting) = mpsc::channel(GROUP);
        let log = file::beside(&path, "-wal");
        let thread = thread::Builder::new()
            .name("chatkit-sqlite-writer".to_owned())
            .spawn(move || write_all(&connection, waiting, &log))?;
        Ok(Self { path, requests: Some(requests), thread: Some(thread) })
    }

    /// Runs a piece of work in a transaction and returns when it is committed.
    ///
    /// The work may be run again if what it was grouped with fails, so it must depend on nothing
    /// but the database and what it captured.
    pub(crate) async fn run<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Pending { work, outcome: None, reply });
        let outcome = match &self.requests {
            Some(requests) if requests.send(request).await.is_ok() => {
                answer.await.unwrap_or(Err(Failure::Closed))
            }
            _ => Err(Failure::Closed),
        };
        outcome.map_err(|failure| failure.at(&self.path))
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that the file is closed when the store is gone.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!(path = %self.path.display(), "the writer thread panicked");
        }
    }
}

/// A request that waits for its commit.
trait Request: Send {
    /// Does the work. Returns whether what it wrote is to be kept.
    fn attempt(&mut self, connection: &Connection) -> bool;

    /// What came of the attempt is void.
    fn forget(&mut self);

    /// What was written is lost. A request that was refused anyway keeps its own reason.
    fn lost(&mut self, failure: Failure);

    /// Answers the caller.
    fn answer(self: Box<Self>);
}

struct Pending<T, F> {
    work: F,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<T, F> Request for Pending<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, Failure> + Send,
{
    fn attempt(&mut self, connection: &Connection) -> bool {
        // The statements of a panicking request are reset as they are dropped, and what it wrote is
        // rolled back: nothing half done stays behind.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)))
            .unwrap_or(Err(Failure::Panicked));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn forget(&mut self) {
        self.outcome = None;
    }

    fn lost(&mut self, failure: Failure) {
        if !matches!(self.outcome, Some(Err(_))) {
            self.outcome = Some(Err(failure));
        }
    }

    fn answer(self: Box<Self>) {
        // A caller that went away does not want to know.
        let _ = self.reply.send(self.outcome.unwrap_or(Err(Failure::Closed)));
    }
}

fn write_all(connection: &Connection, mut waiting: mpsc::Receiver<Box<dyn Request>>, log: &Path) {
    let mut group = Vec::with_capacity(GROUP);
    let mut commits = 0_u32;
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        gather(&mut waiting, &mut group);
        write_group(connection, &mut group);
        group.drain(..).for_each(Request::answer);
        commits = commits.wrapping_add(1);
        if commits.is_multiple_of(LOOK_AT_LOG_EVERY) {
            bound_log(connection, log, LOG_LIMIT);
        }
    }
}

/// Lets those go first who are about to send a request and only lack the processor, and takes what
/// they sent. On a busy processor a commit costs more than the work of many requests, and otherwise
/// each would be made for the few that came during the one before; on a free one nobody waits.
fn gather(waiting: &mut mpsc::Receiver<Box<dyn Request>>, group: &mut Vec<Box<dyn Request>>) {
    if group.len() == GROUP {
        return;
    }
    thread::yield_now();
    while group.len() < GROUP
        && let Ok(request) = waiting.try_recv()
    {
        group.push(request);
    }
}

/// Commits a group, or if that fails each of its requests on its own, so that each gets its own
/// verdict: when a disk fills up, the small ones may still find room.
fn write_group(connection: &Connection, group: &mut [Box<dyn Request>]) {
    match commit(connection, group) {
        Ok(()) => {}
        Err(error) => match (group, lock_error(&error)) {
            ([request], _) => request.lost(error.into()),
            (group, None) => {
                group.iter_mut().for_each(|request| write_alone(connection, request));
            }
            // Nobody can write now, and to wait for the lock once per request would take too long.
            (group, Some(code)) => {
                let failure = || rusqlite::Error::SqliteFailure(code, None).into();
                group.iter_mut().for_each(|request| request.lost(failure()));
            }
        },
    }
}

fn write_alone(connection: &Connection, request: &mut Box<dyn Request>) {
    request.forget();
    if let Err(error) = commit(connection, slice::from_mut(request)) {
        request.lost(error.into());
    }
}

/// Runs the requests in one transaction. After an error nothing of it is kept.
fn commit(connection: &Connection, group: &mut [Box<dyn Request>]) -> rusqlite::Result<()> {
    if in_transaction(connection, |connection| attempt_together(connection, group))? {
        return Ok(());
    }
    group.iter_mut().for_each(|request| request.forget());
    in_transaction(connection, |connection| attempt_each(connection, group)).map(drop)
}

/// Keeps what the work has written if the work says so.
fn in_transaction(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<bool>,
) -> rusqlite::Result<bool> {
    roll_back(connection)?;
    let done =
        execute(connection, "BEGIN IMMEDIATE").and_then(|()| work(connection)).and_then(|keep| {
            if keep { execute(connection, "COMMIT") } else { roll_back(connection) }?;
            Ok(keep)
        });
    done.inspect_err(|_| {
        if let Err(error) = roll_back(connection) {
            warn!(%error, "rolling back failed and is tried again with the next request");
        }
    })
}

/// Runs the requests one after the other, without what it takes to undo one of them: most succeed,
/// and those that are refused have mostly not written anything. Says whether it went like that.
fn attempt_together(
    connection: &Connection,
    group: &mut [Box<dyn Request>],
) -> rusqlite::Result<bool> {
    for request in group {
        let before = connection.total_changes();
        let keep = request.attempt(connection);
        let is_clean = keep || connection.total_changes() == before;
        // Some errors (a full disk among them) make SQLite roll back the whole transaction.
        if !is_clean || connection.is_autocommit() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs each of the requests so that what it wrote can be undone. Nothing that is refused is kept.
fn attempt_each(connection: &Connection, group: &mut [Box<dyn Request>]) -> rusqlite::Result<bool> {
    for request in group {
        execute(connection, "SAVEPOINT request")?;
        let keep = request.attempt(connection);
        // After SQLite has rolled back the whole transaction releasing or committing fails, as it
        // must.
        if !keep {
            execute(connection, "ROLLBACK TO request")?;
        }
        execute(connection, "RELEASE request")?;
    }
    Ok(true)
}

/// The error, if it says that another program holds the lock.
fn lock_error(error: &rusqlite::Error) -> Option<ffi::Error> {
    error.sqlite_error().filter(|error| error.code == ErrorCode::DatabaseBusy).copied()
}

/// Empties the log if it is larger than `limit` bytes.
fn bound_log(connection: &Connection, log: &Path, limit: u64) {
    if fs::metadata(log).is_ok_and(|metadata| metadata.len() > limit) {
        // An error here is one of the disk, which the next request reports.
        let _ = connection.busy_timeout(LOG_TIMEOUT);
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _ = connection.busy_timeout(BUSY_TIMEOUT);
    }
}

#[cfg(test)]
mod tests;
