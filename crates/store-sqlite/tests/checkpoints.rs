//! What the next process finds of the turns of the one before.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::path::Path;

use chatkit_protocol::ThreadId;
use chatkit_server::{Checkpoint, Owner, Store};
use chatkit_store_sqlite::SqliteStore;
use common::*;
use rusqlite::{Connection, params};

fn checkpoint(thread_id: &str, texts: &[&str]) -> Checkpoint {
    let id = ThreadId::from(thread_id);
    let items = texts.iter().enumerate().map(|(n, text)| said(&id, &n.to_string(), text));
    Checkpoint::new(id.clone(), items.collect())
}

/// A database in which the threads have these checkpoints.
async fn fill(path: &Path, checkpoints: &[Checkpoint]) {
    let store = SqliteStore::open(path).unwrap();
    for checkpoint in checkpoints {
        store.save_thread(&owner(), &thread(&checkpoint.thread_id)).await.unwrap();
        store.save_checkpoint(&owner(), checkpoint).await.unwrap();
    }
}

#[tokio::test]
async fn checkpoints_are_there_after_the_database_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let (a, b) = (checkpoint("a", &["one", "two"]), checkpoint("b", &[]));
    let of_bob = checkpoint("of bob", &["his"]);
    fill(&path, &[a.clone(), checkpoint("gone", &["gone"]), b.clone()]).await;
    let store = SqliteStore::open(&path).unwrap();
    let bob = Owner::new("bob");
    store.save_thread(&bob, &thread("of bob")).await.unwrap();
    store.save_checkpoint(&bob, &of_bob).await.unwrap();
    store.delete_checkpoint(&owner(), &"gone".into()).await.unwrap();
    drop(store);

    let store = SqliteStore::open(&path).unwrap();
    let found = store.load_checkpoints(9).await.unwrap();
    assert_eq!(found, [(owner(), a.clone()), (owner(), b.clone()), (bob.clone(), of_bob.clone())]);
    store.delete_checkpoint(&owner(), &"a".into()).await.unwrap();
    store.delete_thread(&owner(), &"b".into()).await.unwrap();
    drop(store);
    assert_intact(&path);

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.load_checkpoints(9).await.unwrap(), [(bob, of_bob)]);
}

#[tokio::test]
async fn a_damaged_checkpoint_is_loaded_as_far_as_it_can_be_read() {
    let one = r#"{"type":"assistant_message","id":"0","thread_id":"t",
                  "created_at":"2026-01-01T00:00:00Z","content":[]}"#;
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let damaged = [
        (b"".to_vec(), 0),
        (b"no json".to_vec(), 0),
        (b"null".to_vec(), 0),
        (b"{}".to_vec(), 0),
        (b"[\xff\xfe]".to_vec(), 0),
        (b"[]".to_vec(), 0),
        (format!("[{one},{one}").into_bytes(), 0),
        (format!("[{one},null,{{}},7,{one}]").into_bytes(), 2),
        (format!(r#"[{{"type":"of a later version","id":"x"}},{one}]"#).into_bytes(), 1),
        (format!("[{deep},{one}]").into_bytes(), 1),
    ];
    for (body, readable) in damaged {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let (first, last) = (checkpoint("first", &["text"]), checkpoint("last", &["text"]));
        fill(&path, &[first.clone(), checkpoint("t", &["text"]), last.clone()]).await;
        let changed = Connection::open(&path)
            .unwrap()
            .execute(
                "UPDATE checkpoints SET items = CAST(?1 AS TEXT)
                 WHERE thread = (SELECT place FROM threads WHERE id = 't')",
                params![body],
            )
            .unwrap();
        assert_eq!(changed, 1);

        let store = SqliteStore::open(&path).unwrap();
        let found = store.load_checkpoints(9).await.unwrap();
        let text = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let [before, (of, between), after] = &found[..] else {
            panic!("three checkpoints, found {}: {text}", found.len());
        };
        assert_eq!([before, after], [&(owner(), first), &(owner(), last)], "{text}");
        assert_eq!((of, &*between.thread_id), (&owner(), "t"), "{text}");
        assert_eq!(between.pending_items.len(), readable, "{text}");

        store.delete_checkpoint(&owner(), &"t".into()).await.unwrap();
        assert_eq!(store.load_checkpoints(9).await.unwrap().len(), 2);
    }
}
