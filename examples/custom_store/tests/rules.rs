//! The store keeps the rules of every store, and what it acknowledged is there after a restart.

use chatkit_server::{
    Owner, Store as _,
    protocol::{ThreadMetadata, Timestamp},
};
use chatkit_testkit::store_conformance::Fixture;
use custom_store::JournalStore;

chatkit_testkit::store_conformance!(
    || async {
        let folder = tempfile::tempdir().unwrap();
        let store = JournalStore::open(folder.path().join("threads.jsonl")).unwrap();
        Fixture::keeping(store, folder)
    },
    single_writer
);

#[tokio::test]
async fn a_restart_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("threads.jsonl");
    let thread = ThreadMetadata::new("thr_1".into(), Timestamp::now());
    let store = JournalStore::open(&path).unwrap();
    store.save_thread(&Owner::default(), &thread).await.unwrap();
    drop(store);
    let store = JournalStore::open(&path).unwrap();
    assert_eq!(store.load_thread(&Owner::default(), &thread.id).await.unwrap(), thread);
}
