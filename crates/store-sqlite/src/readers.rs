//! The threads that read.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use chatkit_server::StoreResult;
use rusqlite::Connection;
use tokio::sync::oneshot;
use tracing::warn;

use crate::{
    connection::{execute, roll_back},
    error::Failure,
};

/// Hands reads to the threads that read.
#[derive(Debug)]
pub(crate) struct Readers {
    path: Arc<Path>,
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread per connection. They end when the value is dropped.
    pub(crate) fn start(path: Arc<Path>, connections: Vec<Connection>) -> io::Result<Self> {
        let mut readers = Self { path, queue: Arc::default(), threads: Vec::new() };
        for connection in connections {
            let queue = Arc::clone(&readers.queue);
            let thread = thread::Builder::new()
                .name("chatkit-sqlite-reader".to_owned())
                .spawn(move || queue.work_off(&connection))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Runs a piece of work on a snapshot that contains everything acknowledged before.
    pub(crate) async fn run<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel::<Result<T, Failure>>();
        self.queue.push(Box::new(move |connection| {
            // Nobody waits for the answer to a question that was withdrawn.
            if !reply.is_closed() {
                let _ = reply.send(on_snapshot(connection, work));
            }
        }));
        let outcome = answer.await.unwrap_or(Err(Failure::Closed));
        outcome.map_err(|failure| failure.at(&self.path))
    }
}

impl Drop for Readers {
    /// Waits for the threads, so that the connections are closed when the store is gone.
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                warn!(path = %self.path.display(), "a reader thread panicked");
            }
        }
    }
}

/// The statements of one read see the same state of the database.
fn on_snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    roll_back(connection)?;
    execute(connection, "BEGIN")?;
    // The statements of a panicking read are reset as they are dropped.
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)));
    roll_back(connection)?;
    outcome.unwrap_or(Err(Failure::Panicked))
}

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The reads that wait for a thread. There are never more of them than callers.
#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    reads: VecDeque<Read>,
    closed: bool,
}

impl Queue {
    fn push(&self, read: Read) {
        self.state().reads.push_back(read);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn work_off(&self, connection: &Connection) {
        while let Some(read) = self.next() {
            read(connection);
        }
    }

    fn next(&self) -> Option<Read> {
        let mut state = self.state();
        loop {
            match state.reads.pop_front() {
                Some(read) => return Some(read),
                None if state.closed => return None,
                None => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}
