//! Why nothing was measured.

use std::{io, time::Duration};

use chatkit_server::StoreError;
use chatkit_store_sqlite::OpenError;
use tokio::task::JoinError;

use crate::exchange::Failure;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("a stream was not as it must be: {0}")]
    Stream(#[from] Failure),
    #[error("a stream was not as it must be before the measurement began: {0}")]
    Warmup(String),
    #[error("the server answered in another way than expected: {0}")]
    Answer(&'static str),
    #[error("no stream began: see {0}")]
    NoStream(&'static str),
    #[error("our server did not give the frames of a reply")]
    Recording,
    #[error("{0}")]
    Database(#[from] OpenError),
    #[error("{0}")]
    Store(#[from] Box<StoreError>),
    #[error("{0} is no time to wait")]
    Seconds(f64),
    #[error("{needed} open files are needed and {allowed} are allowed: see `ulimit -n`")]
    OpenFiles { needed: u64, allowed: u64 },
    #[error("opening the streams took {took:?}, longer than they stay open: see --hold-ms")]
    HoldTooShort { took: Duration },
    #[error("the server still had connections open {0:?} after they were closed")]
    NotClosed(Duration),
    #[error("{0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    #[error("{0}")]
    Task(#[from] JoinError),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}
