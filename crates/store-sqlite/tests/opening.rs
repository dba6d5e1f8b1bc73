//! What opening a database says when it cannot.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::{
    fs,
    io::{BufRead, BufReader},
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::Stdio,
};

use chatkit_server::Store;
use chatkit_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use common::*;
use rusqlite::Connection;
use tempfile::TempDir;

/// Some bytes to find at the same place after a refusal.
fn write(path: &Path, bytes: &[u8]) -> Vec<u8> {
    fs::write(path, bytes).unwrap();
    bytes.to_vec()
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("chat.db");
    (folder, path)
}

/// The text says which file and what to do about it.
#[track_caller]
fn assert_helpful(error: &OpenError, path: &Path, way_out: &str) {
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "no path in: {text}");
    assert!(text.contains(way_out), "no way out in: {text}");
}

async fn save_a_thread(store: &SqliteStore, id: &str) {
    store.save_thread(&owner(), &thread(id)).await.unwrap();
    store.save_item(&owner(), &id.into(), &said(&id.into(), "a", "text")).await.unwrap();
}

async fn assert_has_thread(store: &SqliteStore, id: &str) {
    assert_eq!(store.load_thread(&owner(), &id.into()).await.unwrap(), thread(id));
    let item = store.load_item(&owner(), &id.into(), &"a".into()).await.unwrap();
    assert_eq!(item, said(&id.into(), "a", "text"));
}

#[tokio::test]
async fn a_closed_database_opens_again_with_all_it_had() {
    let (folder, path) = folder();
    for round in 0..3 {
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.path(), path);
        for before in 0..round {
            assert_has_thread(&store, &before.to_string()).await;
        }
        save_a_thread(&store, &round.to_string()).await;
        drop(store);
        assert_intact(&path);
    }
    let mut files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["chat.db", "chat.db.lock"], "closing leaves no log behind");
}

#[tokio::test]
async fn an_empty_file_is_a_new_database() {
    let (_folder, path) = folder();
    write(&path, b"");
    save_a_thread(&SqliteStore::open(&path).unwrap(), "t").await;
    assert_has_thread(&SqliteStore::open(&path).unwrap(), "t").await;
}

#[tokio::test]
async fn a_name_that_looks_like_an_address_is_a_file() {
    let (folder, _) = folder();
    for name in [":memory:", "file:a?mode=memory", "a b%20c#d.db", "\u{1f600}'\"", "chat"] {
        let path = folder.path().join(name);
        save_a_thread(&SqliteStore::open(&path).unwrap(), "t").await;
        assert!(path.is_file(), "{}", path.display());
        assert_has_thread(&SqliteStore::open(&path).unwrap(), "t").await;
    }
}

#[test]
fn a_second_store_is_refused_until_the_first_is_dropped() {
    let (_folder, path) = folder();
    let first = SqliteStore::open(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Locked { pid: Some(pid), .. } if pid == std::process::id()));
    assert_helpful(&error, &path, "stop that process");
    drop(first);
    SqliteStore::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn another_way_to_the_same_file_finds_the_same_lock() {
    let (folder, path) = folder();
    let _first = SqliteStore::open(&path).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let folder_link = folder.path().join("folder");
    std::os::unix::fs::symlink(folder.path(), &folder_link).unwrap();
    for way in [link, folder_link.join("chat.db"), folder.path().join("./chat.db")] {
        let error = SqliteStore::open(&way).unwrap_err();
        assert!(matches!(error, OpenError::Locked { .. }), "{}: {error}", way.display());
    }
}

const HOLDER: &str = "CHATKIT_TEST_HOLD";

#[test]
fn a_process_that_holds_the_database_is_named_and_its_end_frees_it() {
    if let Some(path) = acting_for_parent(HOLDER) {
        let _store = SqliteStore::open(path).unwrap();
        println!("\nopen");
        loop {
            std::thread::park();
        }
    }
    let (_folder, path) = folder();
    let test = "a_process_that_holds_the_database_is_named_and_its_end_frees_it";
    let mut holder = this_binary(test, HOLDER, &path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "open"), "the other process opens the database");

    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Locked { pid: Some(pid), .. } if pid == holder.id()));
    assert_helpful(&error, &path, &format!("process {}", holder.id()));

    holder.kill().unwrap();
    holder.wait().unwrap();
    SqliteStore::open(&path).unwrap();
}

#[tokio::test]
async fn a_newer_version_is_left_alone() {
    let (_folder, path) = folder();
    save_a_thread(&SqliteStore::open(&path).unwrap(), "t").await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let before = fs::read(&path).unwrap();

    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::NewerVersion { found: 7, supported: 2, .. }), "{error}");
    assert_helpful(&error, &path, "use a newer program");
    assert!(fs::read(&path).unwrap() == before, "the file is as it was");

    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert_has_thread(&SqliteStore::open(&path).unwrap(), "t").await;
}

#[test]
fn what_is_no_database_is_left_alone() {
    let long = "This is a diary. ".repeat(10_000);
    let mut almost = b"SQLite format 3\0".to_vec();
    almost.extend([0xff; 4_080]);
    for bytes in [b"hello".as_slice(), &[0; 600], long.as_bytes(), &almost] {
        let (_folder, path) = folder();
        let before = write(&path, bytes);
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
        assert_helpful(&error, &path, "use another file");
        assert!(fs::read(&path).unwrap() == before, "the file is as it was");
    }
}

#[test]
fn the_database_of_another_program_is_left_alone() {
    for setup in [
        "CREATE TABLE notes (text)",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 1; CREATE TABLE threads (id)",
    ] {
        let (_folder, path) = folder();
        Connection::open(&path).unwrap().execute_batch(setup).unwrap();
        let before = fs::read(&path).unwrap();
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::ForeignDatabase { .. }), "{setup}: {error}");
        assert_helpful(&error, &path, "use another file");
        assert!(fs::read(&path).unwrap() == before, "the file is as it was");
    }
}

#[tokio::test]
async fn a_damaged_file_is_left_alone() {
    let (_folder, path) = folder();
    save_a_thread(&SqliteStore::open(&path).unwrap(), "t").await;
    let whole = fs::read(&path).unwrap();

    let cut_short = whole[..whole.len() - 5_000].to_vec();
    let mut without_schema = whole.clone();
    without_schema[100..4_000].fill(0xa5);
    for damaged in [cut_short, without_schema] {
        write(&path, &damaged);
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        assert_helpful(&error, &path, "restore a backup");
        assert!(fs::read(&path).unwrap() == damaged, "the file is as it was");
    }
    write(&path, &whole);
    assert_has_thread(&SqliteStore::open(&path).unwrap(), "t").await;
}

#[test]
fn a_path_without_a_folder_says_so() {
    let (folder, file) = folder();
    write(&file, b"");
    for path in [folder.path().join("missing/chat.db"), file.join("chat.db")] {
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::NoFolder { .. }), "{error}");
        assert_helpful(&error, &path, "create the folder");
    }
    assert!(!folder.path().join("missing").exists());
}

#[test]
fn a_path_that_is_no_file_says_so() {
    let (folder, _) = folder();
    for path in [folder.path(), Path::new("/"), Path::new(""), Path::new("..")] {
        let error = SqliteStore::open(path).unwrap_err();
        assert!(matches!(error, OpenError::NotAFile { .. }), "{error}");
        assert_helpful(&error, path, "name a file");
    }
}

#[test]
fn a_database_that_may_not_grow_says_so_when_it_is_made() {
    let (_folder, path) = folder();
    let two_pages = SqliteOptions::new().max_pages(NonZeroU32::new(2).unwrap());
    let error = SqliteStore::open_with(&path, &two_pages).unwrap_err();
    assert!(matches!(error, OpenError::DiskFull { .. }), "{error}");
    assert_helpful(&error, &path, "free some space");
    SqliteStore::open(&path).unwrap();
}

#[cfg(target_os = "linux")]
mod read_only {
    //! Root may write everywhere, so that root's tests run as somebody else.

    use std::os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    };

    use super::*;

    const READER: &str = "CHATKIT_TEST_READ_ONLY";
    const NOBODY: u32 = 65_534;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_read_only_file_or_folder_says_so() {
        if let Some(path) = acting_for_parent(READER) {
            let error = SqliteStore::open(&path).unwrap_err();
            assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
            assert_helpful(&error, &path, "allow writing");
            println!("\nrefused");
            return;
        }
        for (file_mode, lock_mode, folder_mode) in [
            (0o444, 0o666, 0o777),
            (0o444, 0o666, 0o555),
            (0o666, 0o000, 0o777),
            (0o000, 0o666, 0o777),
        ] {
            let (folder, path) = folder();
            drop(SqliteStore::open(&path).unwrap());
            let before = fs::read(&path).unwrap();
            let test = "read_only::a_read_only_file_or_folder_says_so";
            let mut child = copy_of_this_binary(folder.path(), test, READER, &path);
            set_mode(&path, file_mode);
            set_mode(&folder.path().join("chat.db.lock"), lock_mode);
            set_mode(folder.path(), folder_mode);
            if fs::metadata("/proc/self").unwrap().uid() == 0 {
                child.uid(NOBODY).gid(NOBODY);
            }
            let output = child.output().unwrap();
            set_mode(folder.path(), 0o777);
            set_mode(&path, 0o666);
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("\nrefused\n"), "{file_mode:o} {folder_mode:o}: {text}");
            assert!(fs::read(&path).unwrap() == before, "the file is as it was");
        }
    }

    #[test]
    fn a_read_only_folder_without_a_database_says_so() {
        if let Some(path) = acting_for_parent(READER) {
            let error = SqliteStore::open(&path).unwrap_err();
            assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
            println!("\nrefused");
            return;
        }
        let (folder, path) = folder();
        let test = "read_only::a_read_only_folder_without_a_database_says_so";
        let mut child = copy_of_this_binary(folder.path(), test, READER, &path);
        set_mode(folder.path(), 0o555);
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            child.uid(NOBODY).gid(NOBODY);
        }
        let output = child.output().unwrap();
        set_mode(folder.path(), 0o777);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("\nrefused\n"), "{text}");
        assert!(!path.exists());
    }
}
