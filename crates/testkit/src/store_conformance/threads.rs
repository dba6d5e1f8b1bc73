//! Changing a thread.

use chatkit_protocol::ThreadStatus;
use chatkit_server::ThreadPatch;
use serde_json::json;

use super::{SharedStore, samples::*};

/// Saving a thread again leaves nothing of the metadata before.
pub async fn a_thread_is_replaced_as_a_whole(store: SharedStore) {
    let mut full = thread("t");
    full.title = Some("title".to_owned());
    full.status = ThreadStatus::Locked { reason: Some("reason".to_owned()) };
    full.allowed_image_domains = Some(vec!["example.com".to_owned()]);
    full.metadata.insert("key".to_owned(), json!("value"));
    for metadata in [&full, &thread("t"), &full] {
        store.save_thread(&alice(), metadata).await.unwrap();
        assert_eq!(store.load_thread(&alice(), &"t".into()).await.unwrap(), *metadata);
    }
}

/// A patch changes the fields and keys that it names and returns the thread as it is then.
pub async fn a_patch_changes_what_it_names(store: SharedStore) {
    let mut expected = thread("t");
    expected.title = Some("title".to_owned());
    expected.metadata.insert("kept".to_owned(), json!(1));
    expected.metadata.insert("removed".to_owned(), json!(1));
    store.save_thread(&alice(), &expected).await.unwrap();

    let patches = [
        ThreadPatch::default(),
        ThreadPatch { status: Some(ThreadStatus::Closed { reason: None }), ..Default::default() },
        ThreadPatch { allowed_image_domains: Some(Some(vec![])), ..Default::default() },
        ThreadPatch {
            metadata: vec![("removed".to_owned(), None), ("new".to_owned(), Some(json!({"a": 1})))],
            ..Default::default()
        },
        ThreadPatch { title: Some(None), allowed_image_domains: Some(None), ..Default::default() },
    ];
    for patch in patches {
        patch.apply(&mut expected);
        let returned = store.update_thread(&alice(), &"t".into(), &patch).await.unwrap();
        assert_eq!(returned, expected);
        assert_eq!(store.load_thread(&alice(), &"t".into()).await.unwrap(), expected);
    }
    assert_eq!(expected.title, None);
    assert_eq!(expected.metadata.len(), 2);
}

/// Neither saving nor patching a thread touches its items and attachments.
pub async fn saving_a_thread_keeps_its_items(store: SharedStore) {
    let items = [message("t", "a"), hidden("t", "b"), tool_call("t", "c", None)];
    fill(&store, &alice(), "t", &items).await;
    let file = attachment("file", Some("t"));
    store.save_attachment(&alice(), &file).await.unwrap();

    store.save_thread(&alice(), &thread("t")).await.unwrap();
    let titled = ThreadPatch { title: Some(Some("title".to_owned())), ..Default::default() };
    store.update_thread(&alice(), &"t".into(), &titled).await.unwrap();

    assert_eq!(all_items(&*store, &alice(), "t").await, items);
    assert_eq!(store.load_attachment(&alice(), &"file".into()).await.unwrap(), file);
}
