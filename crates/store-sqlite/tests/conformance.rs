//! The store keeps all rules of the conformance suite.

use chatkit_store_sqlite::SqliteStore;
use chatkit_testkit::store_conformance::Fixture;

chatkit_testkit::store_conformance!(|| async {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("chat.db")).unwrap();
    Fixture::keeping(store, folder)
});
