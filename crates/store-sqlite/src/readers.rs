//! The threads that read.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use chatkit_server::StoreResult;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use crate::error::Failure;

/// How many reads may wait before callers do.
const WAITING: usize = 256;

/// Hands reads to the threads that read.
#[derive(Debug)]
pub(crate) struct Readers {
    path: Arc<Path>,
    reads: Option<mpsc::Sender<Read>>,
    threads: Vec<JoinHandle<()>>,
}

type Read = Box<dyn FnOnce(&Connection) + Send>;

impl Readers {
    /// Starts a thread per connection. They end when the value is dropped.
    pub(crate) fn start(path: Arc<Path>, connections: Vec<Connection>) -> std::io::Result<Self> {
        let (reads, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut readers = Self { path, reads: Some(reads), threads: Vec::new() };
        for connection in connections {
            let waiting = Arc::clone(&waiting);
            let thread = thread::Builder::new()
                .name("chatkit-sqlite-reader".to_owned())
                .spawn(move || read_all(&connection, &waiting))?;
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
        let read = Box::new(move |connection: &Connection| {
            if reply.is_closed() {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| on_snapshot(connection, work)));
            // A caller that went away does not want to know.
            let _ = reply.send(outcome.unwrap_or(Err(Failure::Panicked)));
        });
        let outcome = match &self.reads {
            Some(reads) if reads.send(read).await.is_ok() => {
                answer.await.unwrap_or(Err(Failure::Closed))
            }
            _ => Err(Failure::Closed),
        };
        outcome.map_err(|failure| failure.at(&self.path))
    }
}

impl Drop for Readers {
    /// Waits for the threads, so that the connections are closed when the store is gone.
    fn drop(&mut self) {
        self.reads = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                warn!(path = %self.path.display(), "a reader thread panicked");
            }
        }
    }
}

fn read_all(connection: &Connection, waiting: &Mutex<mpsc::Receiver<Read>>) {
    loop {
        // Held while waiting: whoever holds it takes the next read, the others queue behind.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match next {
            Some(read) => read(connection),
            None => return,
        }
    }
}

/// The statements of one read see the same state of the database. The transaction ends even when
/// the work panics: it is rolled back as it is dropped.
fn on_snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let snapshot = connection.unchecked_transaction()?;
    let outcome = work(&snapshot)?;
    snapshot.commit()?;
    Ok(outcome)
}
