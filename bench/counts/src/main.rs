//! `chatkit-counts PATH TIMES`: does the same thing so many times, and nothing else.
//!
//! `bench/instructions` runs it under valgrind, once with a number and once with its double: the
//! difference is what the thing itself costs, without the start and the end of the process.

mod pages;
mod replies;
mod wire;

use std::{
    env,
    error::Error,
    io::{Write as _, stderr},
    process::ExitCode,
    sync::Arc,
};

use chatkit_server::{MemoryStore, Store};
use chatkit_store_sqlite::SqliteStore;
use tempfile::TempDir;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, times] = arguments.as_slice() else {
        return Err("usage: chatkit-counts PATH TIMES".into());
    };
    let times = times.parse()?;
    if let Some(done) = wire::run(path, times) {
        return done;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let memory = || -> Arc<dyn Store> { Arc::new(MemoryStore::new()) };
    let folder = TempDir::new()?;
    let sqlite = || -> Result<Arc<dyn Store>, Box<dyn Error>> {
        Ok(Arc::new(SqliteStore::open(folder.path().join("chatkit.db"))?))
    };
    runtime.block_on(async {
        match path.as_str() {
            "delta" => replies::reply(memory(), times).await,
            "turn-memory" => replies::replies(memory(), times).await,
            "turn-sqlite" => replies::replies(sqlite()?, times).await,
            "page-20-memory" => pages::pages(memory(), 20, times).await,
            "page-100-memory" => pages::pages(memory(), 100, times).await,
            "page-20-sqlite" => pages::pages(sqlite()?, 20, times).await,
            "page-100-sqlite" => pages::pages(sqlite()?, 100, times).await,
            other => Err(format!("no path `{other}`").into()),
        }
    })
}
