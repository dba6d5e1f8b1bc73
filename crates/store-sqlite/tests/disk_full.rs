//! A full disk: a clear error, nothing lost, and on as soon as there is room.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, and say what they skip"
)]

mod common;

use std::{error::Error, num::NonZeroU32, sync::Arc};

use chatkit_protocol::{ItemId, Order, ThreadId};
use chatkit_server::{PageRequest, Store, StoreError, StoreResult, Visibility};
use chatkit_store_sqlite::{CallError, SqliteOptions, SqliteStore};
use common::*;
use tokio::task::JoinSet;

fn is_full(result: &StoreResult<()>) -> bool {
    let Err(StoreError::Backend(error)) = result else {
        return false;
    };
    matches!(error.downcast_ref(), Some(CallError::DiskFull { .. }))
}

/// Fills a thread until the disk is full, from several tasks. Returns what was acknowledged.
async fn fill_up(store: &Arc<SqliteStore>, thread_id: &ThreadId) -> Vec<ItemId> {
    let mut tasks = JoinSet::new();
    for writer in 0..8 {
        let (store, thread_id) = (Arc::clone(store), thread_id.clone());
        tasks.spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..10_000 {
                let item = said(&thread_id, &format!("{writer} {n}"), &"x".repeat(2_000));
                match store.save_item(&owner(), &thread_id, &item).await {
                    Ok(()) => acknowledged.push(item.id().clone()),
                    result if is_full(&result) => return acknowledged,
                    Err(error) => panic!("expected a full disk, got {error:?}"),
                }
            }
            panic!("the disk is never full")
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// The thread holds the acknowledged items and no others.
async fn assert_holds(store: &SqliteStore, thread_id: &ThreadId, acknowledged: &[ItemId]) {
    let everything = PageRequest::first(1_000_000, Order::Asc);
    let page =
        store.load_thread_items(&owner(), thread_id, &everything, Visibility::All).await.unwrap();
    let mut found: Vec<_> = page.data.iter().map(|item| item.id().clone()).collect();
    let mut expected = acknowledged.to_vec();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_may_not_grow_goes_on_when_something_was_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let options = SqliteOptions::new().max_pages(NonZeroU32::new(200).unwrap());
    let store = Arc::new(SqliteStore::open_with(&path, &options).unwrap());
    let (old, new) = (ThreadId::from("old"), ThreadId::from("new"));
    store.save_thread(&owner(), &thread(&old)).await.unwrap();
    store.save_thread(&owner(), &thread(&new)).await.unwrap();

    let acknowledged = fill_up(&store, &old).await;
    assert!(acknowledged.len() > 50);
    assert_holds(&store, &old, &acknowledged).await;
    assert_holds(&store, &new, &[]).await;

    store.delete_thread(&owner(), &old).await.unwrap();
    let acknowledged = fill_up(&store, &new).await;
    assert!(acknowledged.len() > 50);
    assert_holds(&store, &new, &acknowledged).await;
    drop(store);
    assert_intact(&path);
}

#[tokio::test]
async fn what_is_too_large_spoils_nothing_that_still_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let options = SqliteOptions::new().max_pages(NonZeroU32::new(200).unwrap());
    let store = Arc::new(SqliteStore::open_with(&path, &options).unwrap());
    let id = ThreadId::from("t");
    store.save_thread(&owner(), &thread(&id)).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..40 {
        let (store, id) = (Arc::clone(&store), id.clone());
        tasks.spawn(async move {
            let length = if n % 4 == 0 { 4 << 20 } else { 100 };
            let item = said(&id, &n.to_string(), &"x".repeat(length));
            let result = store.save_item(&owner(), &id, &item).await;
            assert_eq!(is_full(&result), n % 4 == 0, "{n}: {result:?}");
            item.id().clone()
        });
    }
    let mut saved = tasks.join_all().await;
    saved.retain(|id| id.parse::<u32>().unwrap() % 4 != 0);
    assert_eq!(saved.len(), 30);
    assert_holds(&store, &id, &saved).await;
}

#[tokio::test]
async fn the_error_names_the_file_and_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let options = SqliteOptions::new().max_pages(NonZeroU32::new(30).unwrap());
    let store = SqliteStore::open_with(&path, &options).unwrap();
    let mut large = thread("t");
    large.title = Some("x".repeat(1 << 20));
    let error = store.save_thread(&owner(), &large).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("chat.db"), "{text}");
    assert!(text.contains("free some space"), "{text}");
    assert!(error.source().is_some_and(<dyn Error>::is::<CallError>));
}

#[cfg(target_os = "linux")]
mod small_disk {
    //! A file system of a few megabytes, which only root can make.

    use std::{
        fs::{self, File},
        io::{self, Write},
        os::unix::fs::MetadataExt,
        path::{Path, PathBuf},
        process::Command,
        thread,
    };

    use chatkit_store_sqlite::OpenError;

    use super::*;

    struct SmallDisk {
        folder: tempfile::TempDir,
    }

    impl SmallDisk {
        /// Mounts one, if this process may.
        fn mount() -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
            let mounted = is_root
                && Command::new("mount")
                    .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
                    .arg(folder.path())
                    .status()
                    .is_ok_and(|status| status.success());
            if !mounted {
                println!("skipped: only root can mount a small disk");
                return None;
            }
            Some(Self { folder })
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// Takes all the room that is left, but for some bytes.
        fn fill(&self, leave: u64) {
            let mut file = File::create(self.path("filler")).unwrap();
            let chunk = [b'x'; 4_096];
            let end = loop {
                if let Err(error) = file.write_all(&chunk) {
                    break error;
                }
            };
            assert_eq!(end.kind(), io::ErrorKind::StorageFull);
            let length = file.metadata().unwrap().len();
            file.set_len(length.saturating_sub(leave)).unwrap();
        }

        fn free(&self) {
            fs::remove_file(self.path("filler")).unwrap();
        }
    }

    impl Drop for SmallDisk {
        fn drop(&mut self) {
            // Lazily, because a test that fails may still have files open.
            let done = Command::new("umount").arg("-l").arg(self.folder.path()).status();
            assert!(
                thread::panicking() || done.is_ok_and(|status| status.success()),
                "the small disk is unmounted"
            );
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_stops_writing_only_until_there_is_room() {
        let Some(disk) = SmallDisk::mount() else { return };
        let path = disk.path("chat.db");
        let store = Arc::new(SqliteStore::open(&path).unwrap());
        let id = ThreadId::from("t");
        store.save_thread(&owner(), &thread(&id)).await.unwrap();
        let mut acknowledged = Vec::new();
        for (round, leave) in [800_000, 300_000, 40_000, 0].into_iter().enumerate() {
            let id = ThreadId::from(format!("t{round}"));
            store.save_thread(&owner(), &thread(&id)).await.unwrap();
            disk.fill(leave);
            let of_round = fill_up(&store, &id).await;
            assert_holds(&store, &id, &of_round).await;
            acknowledged.push((id, of_round));
            disk.free();
        }
        assert!(acknowledged[0].1.len() > 10);
        store.save_thread(&owner(), &thread("after")).await.unwrap();
        for (id, of_round) in &acknowledged {
            assert_holds(&store, id, of_round).await;
        }
        drop(store);

        let store = SqliteStore::open(&path).unwrap();
        for (id, of_round) in &acknowledged {
            assert_holds(&store, id, of_round).await;
        }
        drop(store);
        assert_intact(&path);
    }

    #[tokio::test]
    async fn a_full_disk_at_opening_says_so_and_loses_nothing() {
        let Some(disk) = SmallDisk::mount() else { return };
        let (old, new) = (disk.path("old.db"), disk.path("new.db"));
        let store = SqliteStore::open(&old).unwrap();
        store.save_thread(&owner(), &thread("t")).await.unwrap();
        drop(store);
        let before = fs::read(&old).unwrap();

        for leave in [0, 4_096, 20_000] {
            disk.fill(leave);
            for path in [&old, &new] {
                assert_says_full(path, SqliteStore::open(path));
            }
            assert!(fs::read(&old).unwrap() == before, "the file is as it was");
            disk.free();
        }
        let store = SqliteStore::open(&old).unwrap();
        assert_eq!(store.load_thread(&owner(), &"t".into()).await.unwrap(), thread("t"));
        SqliteStore::open(&new).unwrap();
    }

    #[track_caller]
    fn assert_says_full(path: &Path, result: Result<SqliteStore, OpenError>) {
        let error = result.unwrap_err();
        assert!(matches!(error, OpenError::DiskFull { .. }), "{}: {error:?}", path.display());
    }
}
