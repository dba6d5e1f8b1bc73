//! A store behind the metrics keeps all rules that it kept without them.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::sync::Arc;

use chatkit_metrics::Metrics;
use chatkit_server::{MemoryStore, ObservedStore, Store};

fn observed(store: impl Store) -> ObservedStore {
    ObservedStore::new(Arc::new(store), Arc::new(Metrics::new("1")))
}

mod memory {
    chatkit_testkit::store_conformance!(|| async {
        super::observed(chatkit_server::MemoryStore::new())
    });
}

mod sqlite {
    use chatkit_store_sqlite::SqliteStore;
    use chatkit_testkit::store_conformance::Fixture;

    chatkit_testkit::store_conformance!(|| async {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("chat.db")).unwrap();
        Fixture::keeping(super::observed(store), folder)
    });
}

#[test]
fn what_a_store_says_of_itself_is_passed_on() {
    assert!(!observed(MemoryStore::new()).keeps_checkpoints());
    let folder = tempfile::tempdir().unwrap();
    let store = chatkit_store_sqlite::SqliteStore::open(folder.path().join("chat.db")).unwrap();
    assert!(observed(store).keeps_checkpoints());
}
