//! Killing the process at any moment loses nothing that was acknowledged.

#![cfg(unix)]
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, and talk to the parent process"
)]

mod common;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chatkit_protocol::{Order, ThreadId, ThreadItem};
use chatkit_server::{Checkpoint, PageRequest, Store, StoreError, Visibility};
use chatkit_store_sqlite::{Durability, SqliteOptions, SqliteStore};
use common::*;
use tokio::task::JoinSet;

const WRITER: &str = "CHATKIT_TEST_WRITE";
const ROUNDS: u64 = 24;
const WRITERS: usize = 32;

/// What the writers were told, last.
#[derive(Debug, Default)]
struct Acknowledged {
    /// By thread and item.
    items: HashMap<(String, String), ItemState>,
    /// How often the checkpoint of a thread was changed.
    checkpoints: HashMap<String, u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemState {
    Saved { version: u32 },
    Deleted,
}

#[test]
fn acknowledged_writes_survive_kill_9_at_any_moment() {
    if let Some(path) = acting_for_parent(WRITER) {
        return write_until_killed(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    println!("seed {seed}");
    let mut random = u64::from(seed) | 1;
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Every fourth round ends early: while the database is opened, migrated or recovered.
        let writes = if round % 4 == 0 { 0 } else { (random >> 40) % 500 };
        let pause = Duration::from_micros((random >> 33) % 20_000);
        run_and_kill(&path, writes, pause, &mut acknowledged);
        check(&path, &acknowledged);
    }
    let (items, checkpoints) = (acknowledged.items.len(), acknowledged.checkpoints.len());
    assert!(items > 500, "{items} items are a test");
    assert!(checkpoints > 100, "{checkpoints} checkpoints are a test");
}

/// Runs a process that writes, and kills it after so many writes and so long a pause.
fn run_and_kill(path: &Path, writes: u64, pause: Duration, acknowledged: &mut Acknowledged) {
    let test = "acknowledged_writes_survive_kill_9_at_any_moment";
    let mut child = this_binary(test, WRITER, path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = 0;
    while seen < writes {
        let line = lines.next().expect("the process writes until it is killed").unwrap();
        seen += u64::from(note(&line, acknowledged));
    }
    thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    // What the pipe still holds was acknowledged too, all but a line that was cut off.
    for line in lines.map_while(Result::ok) {
        note(&line, acknowledged);
    }
}

/// Notes an acknowledgement and returns whether the line was one.
fn note(line: &str, acknowledged: &mut Acknowledged) -> bool {
    let words: Vec<_> = line.split(' ').collect();
    let (thread_id, item_id, what) = match words[..] {
        ["saved", thread_id, item_id, version, "."] => {
            (thread_id, item_id, ItemState::Saved { version: version.parse().unwrap() })
        }
        ["deleted", thread_id, item_id, "."] => (thread_id, item_id, ItemState::Deleted),
        ["checkpoint", thread_id, change, "."] => {
            acknowledged.checkpoints.insert(thread_id.to_owned(), change.parse().unwrap());
            return true;
        }
        _ => return false,
    };
    acknowledged.items.insert((thread_id.to_owned(), item_id.to_owned()), what);
    true
}

/// The database opens, is sound, and holds what was acknowledged.
fn check(path: &Path, acknowledged: &Acknowledged) {
    let store = SqliteStore::open(path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for ((thread_id, item_id), what) in &acknowledged.items {
            let thread_id = ThreadId::from(thread_id.as_str());
            let found = store.load_item(&owner(), &thread_id, &item_id.as_str().into()).await;
            match (what, found) {
                (ItemState::Deleted, Err(StoreError::NotFound { .. })) => {}
                // The next version may have been committed without the time to say so, and an item
                // of the last version may have been deleted likewise.
                (ItemState::Saved { version }, Ok(item)) => {
                    let next = versioned(&thread_id, item_id, version + 1);
                    let same = versioned(&thread_id, item_id, *version);
                    assert!(item == same || item == next, "{item_id} is not version {version}");
                }
                (ItemState::Saved { version: 2 }, Err(StoreError::NotFound { .. })) => {}
                (what, found) => panic!("{thread_id} {item_id}: {what:?}, found {found:?}"),
            }
        }
        let found: HashMap<_, _> = store
            .load_checkpoints(usize::MAX)
            .await
            .unwrap()
            .into_iter()
            .map(|(_, checkpoint)| (checkpoint.thread_id.to_string(), checkpoint))
            .collect();
        for (thread_id, change) in &acknowledged.checkpoints {
            let found = found.get(thread_id);
            let expected = [*change, change + 1].map(|change| after_change(thread_id, change));
            assert!(
                expected.iter().any(|expected| expected.as_ref() == found),
                "the checkpoint of {thread_id} is not as after change {change}, found {:?} items",
                found.map(|found| found.pending_items.len())
            );
        }
    });
    drop(store);
    assert_intact(path);
}

/// Several tasks, each with a thread of its own, save items in up to three versions, delete some,
/// change the thread's checkpoint after each, and print each acknowledgement as soon as they have
/// it.
fn write_until_killed(path: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let options = SqliteOptions::new().durability(Durability::Process);
        let store = Arc::new(SqliteStore::open_with(path, &options).unwrap());
        let mut tasks = JoinSet::new();
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                let thread_id = ThreadId::from(format!("thr_{}_{writer}", std::process::id()));
                store.save_thread(&owner(), &thread(&thread_id)).await.unwrap();
                for n in 0_u32.. {
                    write_item(&store, &thread_id, n).await;
                    change_checkpoint(&store, &thread_id, n).await;
                }
            });
        }
        tasks.join_all().await;
    });
}

/// An item of several pages, so that a commit has more than one moment to be interrupted at.
fn versioned(thread_id: &ThreadId, item_id: &str, version: u32) -> ThreadItem {
    said(thread_id, item_id, &version.to_string().repeat(20_000))
}

async fn write_item(store: &SqliteStore, thread_id: &ThreadId, n: u32) {
    let item_id = format!("msg_{n}");
    for version in 0..=n % 3 {
        let item = versioned(thread_id, &item_id, version);
        store.save_item(&owner(), thread_id, &item).await.unwrap();
        println!("\nsaved {thread_id} {item_id} {version} .");
    }
    if n % 6 == 2 {
        store.delete_item(&owner(), thread_id, &item_id.as_str().into()).await.unwrap();
        println!("\ndeleted {thread_id} {item_id} .");
    }
}

/// The checkpoint of a thread after so many changes: none after every fourth, otherwise one with as
/// many items as there were changes since it began.
fn after_change(thread_id: &str, change: u32) -> Option<Checkpoint> {
    let thread_id = ThreadId::from(thread_id);
    let text = change.to_string().repeat(2_000);
    let items = (0..change % 4).map(|n| said(&thread_id, &n.to_string(), &text)).collect();
    (change % 4 != 3).then(|| Checkpoint::new(thread_id.clone(), items))
}

async fn change_checkpoint(store: &SqliteStore, thread_id: &ThreadId, change: u32) {
    match after_change(thread_id, change) {
        Some(checkpoint) => store.save_checkpoint(&owner(), &checkpoint).await.unwrap(),
        None => store.delete_checkpoint(&owner(), thread_id).await.unwrap(),
    }
    println!("\ncheckpoint {thread_id} {change} .");
}

/// Items of one writer are there without a gap: an item is never kept while one that was
/// acknowledged before it is lost.
#[test]
fn a_killed_writer_leaves_no_gap() {
    if let Some(path) = acting_for_parent(WRITER) {
        return write_until_killed(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let test = "a_killed_writer_leaves_no_gap";
    let mut child = this_binary(test, WRITER, &path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let saved = |line: &str| line.starts_with("saved");
    assert_eq!(lines.by_ref().filter(|line| saved(line.as_ref().unwrap())).take(500).count(), 500);
    child.kill().unwrap();
    child.wait().unwrap();

    let store = SqliteStore::open(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let everything = PageRequest::first(1_000_000, Order::Asc);
        let threads = store.load_threads(&owner(), &everything).await.unwrap().data;
        assert_eq!(threads.len(), WRITERS);
        for thread in threads {
            let page = store
                .load_thread_items(&owner(), &thread.id, &everything, Visibility::All)
                .await
                .unwrap();
            let ids: Vec<_> = page.data.iter().map(|item| item.id().to_string()).collect();
            let kept = |n: &usize| n % 6 != 2;
            let expected: Vec<_> =
                (0..).filter(kept).take(ids.len()).map(|n| format!("msg_{n}")).collect();
            // The last one may stand before its deletion.
            let sure = ids.len().saturating_sub(1);
            assert_eq!(ids[..sure], expected[..sure]);
        }
    });
}
