//! A database that an older version made goes on with all it had.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::{fs, num::NonZeroU32, path::Path};

use chatkit_server::{Checkpoint, Store};
use chatkit_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use common::*;
use rusqlite::{Connection, params};

const VERSION_1: &str = include_str!("../migrations/0001_init.sql");

/// A file as version 1 left it, with one thread that holds one item.
fn make_version_1(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    connection.pragma_update(None, "application_id", 0x6368_6174).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let thread = serde_json::to_string(&thread("t")).unwrap();
    connection
        .execute(
            "INSERT INTO threads (owner, id, body) VALUES (?1, 't', ?2)",
            params![owner().as_str(), thread],
        )
        .unwrap();
    let item = serde_json::to_string(&said(&"t".into(), "a", "text")).unwrap();
    connection
        .execute(
            "INSERT INTO items (thread, seq, id, kind, hidden, pending, body)
             VALUES (last_insert_rowid(), 1, 'a', 'assistant_message', 0, 0, ?1)",
            params![item],
        )
        .unwrap();
}

fn version(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// The schema, table by table, as SQLite keeps it.
fn schema(path: &Path) -> Vec<(String, Option<String>)> {
    let connection = Connection::open(path).unwrap();
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn version_1_is_upgraded_and_keeps_checkpoints_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, new) = (folder.path().join("chat.db"), folder.path().join("new.db"));
    make_version_1(&path);
    let checkpoint = Checkpoint::new("t".into(), vec![said(&"t".into(), "b", "partial")]);
    for round in 0..2 {
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.load_thread(&owner(), &"t".into()).await.unwrap(), thread("t"));
        let item = store.load_item(&owner(), &"t".into(), &"a".into()).await.unwrap();
        assert_eq!(item, said(&"t".into(), "a", "text"));
        let found = store.load_checkpoints(9).await.unwrap();
        if round == 0 {
            assert_eq!(found, []);
            store.save_checkpoint(&owner(), &checkpoint).await.unwrap();
        } else {
            assert_eq!(found, [(owner(), checkpoint.clone())]);
        }
    }
    drop(SqliteStore::open(&new).unwrap());
    assert_eq!(version(&path), version(&new));
    assert_eq!(schema(&path), schema(&new), "an upgraded database is as a new one");
    assert_intact(&path);
}

/// An upgrade that finds no room can be tried again.
#[tokio::test]
async fn an_upgrade_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    make_version_1(&path);
    let before = fs::read(&path).unwrap();
    // As many pages as the file has: SQLite takes no less.
    let no_room = SqliteOptions::new().max_pages(NonZeroU32::new(1).unwrap());
    let error = SqliteStore::open_with(&path, &no_room).unwrap_err();
    assert!(matches!(error, OpenError::DiskFull { .. }), "{error}");
    assert!(fs::read(&path).unwrap() == before, "the file is as it was");

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.load_thread(&owner(), &"t".into()).await.unwrap(), thread("t"));
    store.save_checkpoint(&owner(), &Checkpoint::new("t".into(), vec![])).await.unwrap();
    assert_eq!(store.load_checkpoints(9).await.unwrap().len(), 1);
}
