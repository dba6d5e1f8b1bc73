use std::{
    path::PathBuf,
    pin::Pin,
    sync::{Mutex, mpsc as std_mpsc},
    time::Duration,
};

use chatkit_protocol::ThreadId;
use chatkit_server::StoreError;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::CallError;

struct Table {
    _folder: TempDir,
    path: PathBuf,
    writer: Arc<Writer>,
}

/// A writer of a database with one table of unique numbers.
fn table() -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
        .unwrap();
    let writer = Arc::new(Writer::start(path.as_path().into(), connection).unwrap());
    Table { _folder: folder, path, writer }
}

/// A writer that waits until this is released.
struct Held {
    release: std_mpsc::Sender<()>,
    task: JoinHandle<()>,
}

impl Table {
    fn numbers(&self) -> Vec<i64> {
        let connection = Connection::open(&self.path).unwrap();
        let mut statement = connection.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    async fn insert(&self, n: i64) -> StoreResult<()> {
        self.writer.run(move |connection| insert(connection, n)).await
    }

    /// Lets the writer wait until it is released, so that what is sent meanwhile becomes one group.
    async fn hold(&self) -> Held {
        let (release, released) = std_mpsc::channel::<()>();
        let (holding, held) = oneshot::channel();
        let (released, holding) = (Mutex::new(released), Mutex::new(Some(holding)));
        let writer = Arc::clone(&self.writer);
        let task = tokio::spawn(async move {
            let held = writer
                .run(move |_| {
                    if let Some(holding) = holding.lock().unwrap().take() {
                        holding.send(()).unwrap();
                    }
                    let _ = released.lock().unwrap().recv();
                    Ok(())
                })
                .await;
            held.unwrap();
        });
        held.await.unwrap();
        Held { release, task }
    }
}

fn insert(connection: &Connection, n: i64) -> Result<(), Failure> {
    connection.prepare_cached("INSERT INTO numbers VALUES (?1)")?.execute([n])?;
    Ok(())
}

fn refusal() -> Failure {
    StoreError::no_thread(&ThreadId::from("t")).into()
}

type Call<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Polls all of them once, so that all are sent, before the writer goes on.
async fn together<T>(held: Held, calls: Vec<Call<T>>) -> Vec<T>
where
    T: Send + 'static,
{
    let mut tasks: Vec<_> = calls.into_iter().map(|call| tokio::spawn(call)).collect();
    tokio::task::yield_now().await;
    drop(held.release);
    let mut results = Vec::new();
    for task in &mut tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test]
async fn one_that_is_refused_or_panics_in_a_group_leaves_the_others_alone() {
    let table = table();
    table.insert(100).await.unwrap();
    let held = table.hold().await;
    let mut calls: Vec<Call<_>> = Vec::new();
    for n in 0..9_i64 {
        let writer = Arc::clone(&table.writer);
        calls.push(Box::pin(async move {
            writer
                .run(move |connection| {
                    insert(connection, n)?;
                    match n % 4 {
                        0 => Ok(()),
                        1 => Err(refusal()),
                        2 => insert(connection, 100),
                        _ => panic!("as a test"),
                    }
                })
                .await
        }));
    }
    let results = together(held, calls).await;
    for (n, result) in results.into_iter().enumerate() {
        match (n % 4, result) {
            (0, Ok(())) | (1, Err(StoreError::NotFound { .. })) => {}
            (2, Err(StoreError::Backend(error))) => {
                let error = error.downcast_ref().unwrap();
                assert!(matches!(error, CallError::Sqlite { .. }), "{error:?}");
            }
            (3, Err(StoreError::Backend(error))) => {
                let error = error.downcast_ref().unwrap();
                assert!(matches!(error, CallError::Panicked { .. }), "{error:?}");
            }
            (_, result) => panic!("{n}: {result:?}"),
        }
    }
    assert_eq!(table.numbers(), [0, 4, 8, 100]);
    table.insert(101).await.unwrap();
}

#[tokio::test]
async fn a_group_that_cannot_be_committed_is_tried_one_by_one() {
    let table = table();
    let held = table.hold().await;
    let mut calls: Vec<Call<_>> = Vec::new();
    for n in 0..6_i64 {
        let writer = Arc::clone(&table.writer);
        calls.push(Box::pin(async move {
            writer
                .run(move |connection| {
                    insert(connection, n)?;
                    if n == 3 {
                        // What an error of the disk does: nothing of the transaction is left.
                        execute(connection, "ROLLBACK")?;
                        return Err(rusqlite::Error::SqliteFailure(
                            ffi::Error::new(ffi::SQLITE_FULL),
                            None,
                        )
                        .into());
                    }
                    Ok(())
                })
                .await
        }));
    }
    let results = together(held, calls).await;
    for (n, result) in results.into_iter().enumerate() {
        match (n, result) {
            (3, Err(StoreError::Backend(error))) => {
                let error = error.downcast_ref().unwrap();
                assert!(matches!(error, CallError::DiskFull { .. }), "{error:?}");
            }
            (_, result) => result.unwrap(),
        }
    }
    assert_eq!(table.numbers(), [0, 1, 2, 4, 5]);
}

struct Nothing;

impl Request for Nothing {
    fn attempt(&mut self, _connection: &Connection) -> bool {
        true
    }

    fn forget(&mut self) {}

    fn lost(&mut self, _failure: Failure) {}

    fn answer(self: Box<Self>) {}
}

#[test]
fn a_group_takes_what_came_since_up_to_its_size() {
    let (requests, mut waiting) = mpsc::channel::<Box<dyn Request>>(GROUP);
    let mut group: Vec<Box<dyn Request>> = vec![Box::new(Nothing)];
    gather(&mut waiting, &mut group);
    assert_eq!(group.len(), 1, "nobody else has come");
    for _ in 0..3 {
        assert!(requests.try_send(Box::new(Nothing)).is_ok());
    }
    gather(&mut waiting, &mut group);
    assert_eq!(group.len(), 4);
    while requests.try_send(Box::new(Nothing)).is_ok() {}
    gather(&mut waiting, &mut group);
    assert_eq!((group.len(), waiting.len()), (GROUP, 4));
}

/// A call that is sent and then abandoned.
async fn send_and_go_away(table: &Table, n: i64) {
    let writer = Arc::clone(&table.writer);
    let call = async move { writer.run(move |connection| insert(connection, n)).await };
    let task = tokio::spawn(call);
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let table = table();
    let held = table.hold().await;
    send_and_go_away(&table, 1).await;
    drop(held.release);
    table.insert(2).await.unwrap();
    assert_eq!(table.numbers(), [1, 2]);
}

#[tokio::test]
async fn dropping_the_writer_commits_what_waits() {
    let (another, mut table) = (table(), table());
    let held = table.hold().await;
    send_and_go_away(&table, 1).await;
    held.task.abort();
    assert!(held.task.await.unwrap_err().is_cancelled());
    drop(held.release);
    let writer = std::mem::replace(&mut table.writer, another.writer);
    drop(Arc::into_inner(writer).expect("nobody else has the writer"));
    assert_eq!(table.numbers(), [1]);
}

#[tokio::test]
async fn without_its_thread_a_call_fails_instead_of_waiting() {
    let (requests, waiting) = mpsc::channel::<Box<dyn Request>>(1);
    let writer =
        Writer { path: PathBuf::from("gone.db").into(), requests: Some(requests), thread: None };
    drop(waiting);
    let error = writer.run(|_| Ok(())).await.unwrap_err();
    let StoreError::Backend(error) = error else { panic!("{error:?}") };
    assert!(matches!(error.downcast_ref(), Some(CallError::Closed { .. })));
}

#[tokio::test]
async fn a_lock_of_another_program_is_an_error_for_all_who_wait() {
    let table = table();
    table
        .writer
        .run(|connection| Ok(connection.busy_timeout(Duration::from_millis(50))?))
        .await
        .unwrap();
    let other = Connection::open(&table.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2 {
        let error = table.insert(1).await.unwrap_err();
        let StoreError::Backend(error) = error else { panic!("{error:?}") };
        assert!(matches!(error.downcast_ref(), Some(CallError::Locked { .. })));
    }
    other.execute_batch("ROLLBACK").unwrap();
    table.insert(2).await.unwrap();
    assert_eq!(table.numbers(), [2]);
}

#[test]
fn a_log_that_grew_too_large_is_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.db");
    let log = file::beside(&path, "-wal");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
        .unwrap();
    let length = || fs::metadata(&log).unwrap().len();
    let grown = length();
    assert!(grown > 0);

    bound_log(&connection, &log, grown);
    assert_eq!(length(), grown);

    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM numbers").unwrap();
    insert(&connection, 1).unwrap();
    bound_log(&connection, &log, grown);
    assert!(length() > grown, "a reader still needs the log");

    reader.execute_batch("COMMIT").unwrap();
    bound_log(&connection, &log, grown);
    assert_eq!(length(), 0);
    insert(&connection, 2).unwrap();
}
