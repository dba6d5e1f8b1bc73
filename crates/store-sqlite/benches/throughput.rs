//! How many items a store takes and how many pages it reads, per second.
//!
//! `cargo bench -p chatkit-store-sqlite`; the database lies in the folder for temporary files.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints its result and stops at the first error"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, Order, ThreadId, ThreadItem, ThreadMetadata,
    Timestamp,
};
use chatkit_server::{Owner, PageRequest, Store, Visibility};
use chatkit_store_sqlite::{Durability, SqliteOptions, SqliteStore};
use tokio::task::JoinSet;

const TIME: Duration = Duration::from_secs(3);
const TEXT_BYTES: usize = 300;
const PAGE: usize = 20;
const LONG_THREAD: usize = 10_000;

#[tokio::main]
async fn main() {
    for durability in [Durability::Process, Durability::Power] {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new().durability(durability);
        let store = SqliteStore::open_with(folder.path().join("chat.db"), &options).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        for writers in [1, 64] {
            let rate = inserts_per_second(&store, writers).await;
            println!("{durability:?}, {writers} writers: {rate:.0} inserts/s");
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new().durability(Durability::Process);
    let store = SqliteStore::open_with(folder.path().join("chat.db"), &options).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    fill_long_thread(&store).await;
    for readers in [1, 16] {
        let rate = pages_per_second(&store, readers).await;
        println!("{readers} readers: {rate:.0} pages of {PAGE} items/s");
        let rate = loads_per_second(&store, readers).await;
        println!("{readers} readers: {rate:.0} single items/s");
    }
}

fn owner() -> Owner {
    Owner::default()
}

fn item(thread_id: &ThreadId, n: usize) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: format!("msg_{n:08}").into(),
        thread_id: thread_id.clone(),
        created_at: Timestamp::now(),
        content: vec![AssistantMessageContent::text("x".repeat(TEXT_BYTES))],
    })
}

/// Each writer fills a thread of its own.
async fn inserts_per_second(store: &Arc<dyn Store>, writers: usize) -> f64 {
    per_second(writers, |writer, go_on| {
        let store = Arc::clone(store);
        async move {
            let thread_id = ThreadId::from(format!("thr_{writers}_{writer}"));
            let thread = ThreadMetadata::new(thread_id.clone(), Timestamp::now());
            store.save_thread(&owner(), &thread).await.unwrap();
            let mut n = 0;
            while go_on() {
                store.save_item(&owner(), &thread_id, &item(&thread_id, n)).await.unwrap();
                n += 1;
            }
        }
    })
    .await
}

async fn fill_long_thread(store: &Arc<dyn Store>) {
    let thread_id = ThreadId::from("thr_long");
    let thread = ThreadMetadata::new(thread_id.clone(), Timestamp::now());
    store.save_thread(&owner(), &thread).await.unwrap();
    for n in 0..LONG_THREAD {
        store.save_item(&owner(), &thread_id, &item(&thread_id, n)).await.unwrap();
    }
}

/// Pages at places all over the thread, newest first.
async fn pages_per_second(store: &Arc<dyn Store>, readers: usize) -> f64 {
    per_second(readers, |reader, go_on| {
        let store = Arc::clone(store);
        async move {
            let mut at = reader;
            while go_on() {
                at = at * 31 % (LONG_THREAD - PAGE) + PAGE;
                let request = PageRequest {
                    limit: PAGE,
                    order: Order::Desc,
                    after: Some(format!("msg_{at:08}")),
                };
                let page = store
                    .load_thread_items(&owner(), &"thr_long".into(), &request, Visibility::Visible)
                    .await
                    .unwrap();
                assert_eq!(page.data.len(), PAGE);
            }
        }
    })
    .await
}

async fn loads_per_second(store: &Arc<dyn Store>, readers: usize) -> f64 {
    per_second(readers, |reader, go_on| {
        let store = Arc::clone(store);
        async move {
            let mut at = reader;
            while go_on() {
                at = at * 31 % LONG_THREAD;
                let id = format!("msg_{at:08}").into();
                store.load_item(&owner(), &"thr_long".into(), &id).await.unwrap();
            }
        }
    })
    .await
}

/// Runs tasks that count each turn they take, until the time is over.
async fn per_second<F>(
    tasks: usize,
    task: impl Fn(usize, Box<dyn Fn() -> bool + Send + Sync>) -> F,
) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let count = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut running = JoinSet::new();
    for n in 0..tasks {
        let count = Arc::clone(&count);
        let go_on = move || {
            let go_on = start.elapsed() < TIME;
            if go_on {
                count.fetch_add(1, Ordering::Relaxed);
            }
            go_on
        };
        running.spawn(task(n, Box::new(go_on)));
    }
    running.join_all().await;
    let turns = u32::try_from(count.load(Ordering::Relaxed)).unwrap();
    f64::from(turns) / start.elapsed().as_secs_f64()
}
