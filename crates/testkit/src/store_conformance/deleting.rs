//! What deleting takes along, and what it leaves.

use chatkit_protocol::Order;
use chatkit_server::{RecordKind, ThreadPatch, Visibility};

use super::{SharedStore, samples::*};

/// A thread's items and the records of its attachments go with it.
pub async fn a_thread_takes_its_items_and_attachments_along(store: SharedStore) {
    let file = attachment("file", None);
    store.save_attachment(&alice(), &file).await.unwrap();
    let attached = attachment("file", Some("t"));
    let first = user_message("t", "question", &[attached]);
    store.add_user_message(&alice(), Some(&thread("t")), &first).await.unwrap();
    store.save_item(&alice(), &"t".into(), &hidden("t", "note")).await.unwrap();
    store.save_item(&alice(), &"t".into(), &tool_call("t", "call", None)).await.unwrap();
    store.save_attachment(&alice(), &attachment("upload", Some("t"))).await.unwrap();

    store.delete_thread(&alice(), &"t".into()).await.unwrap();

    assert_not_found(store.load_thread(&alice(), &"t".into()).await, RecordKind::Thread);
    for id in ["question", "note", "call"] {
        let item = store.load_item(&alice(), &"t".into(), &id.into()).await;
        assert_not_found(item, RecordKind::Thread);
    }
    for id in ["file", "upload"] {
        let record = store.load_attachment(&alice(), &id.into()).await;
        assert_not_found(record, RecordKind::Attachment);
    }
    assert_not_found(store.delete_thread(&alice(), &"t".into()).await, RecordKind::Thread);

    store.save_thread(&alice(), &thread("t")).await.unwrap();
    assert_eq!(all_items(&*store, &alice(), "t").await, []);
    assert_eq!(store.load_pending_items(&alice(), &"t".into()).await.unwrap(), []);
}

/// Other threads keep their items, and attachments of no thread or another one stay.
pub async fn a_thread_leaves_the_others_alone(store: SharedStore) {
    let kept = ["a", "b"].map(|id| message("kept", id));
    fill(&store, &alice(), "kept", &kept).await;
    fill(&store, &alice(), "t", &["a", "b"].map(|id| message("t", id))).await;
    let loose = attachment("loose", None);
    let of_kept = attachment("of kept", Some("kept"));
    store.save_attachment(&alice(), &loose).await.unwrap();
    store.save_attachment(&alice(), &of_kept).await.unwrap();

    store.delete_thread(&alice(), &"t".into()).await.unwrap();

    assert_eq!(all_thread_ids(&*store, &alice()).await, ["kept"]);
    assert_eq!(all_items(&*store, &alice(), "kept").await, kept);
    assert_eq!(store.load_attachment(&alice(), &"loose".into()).await.unwrap(), loose);
    assert_eq!(store.load_attachment(&alice(), &"of kept".into()).await.unwrap(), of_kept);
}

/// Deleting an item that does not exist (any more) is no error.
pub async fn an_item_can_be_deleted_twice(store: SharedStore) {
    fill(&store, &alice(), "t", &["a", "b"].map(|id| message("t", id))).await;
    for id in ["a", "a", "never there"] {
        store.delete_item(&alice(), &"t".into(), &id.into()).await.unwrap();
    }
    let gone = store.load_item(&alice(), &"t".into(), &"a".into()).await;
    assert_not_found(gone, RecordKind::Item);
    assert_eq!(item_ids(&all_items(&*store, &alice(), "t").await), ["b"]);
}

/// All that stands behind an item goes, hidden items too, and is counted.
pub async fn items_after_an_item_go_in_one_step(store: SharedStore) {
    let mut items = messages("t", &numbered("m", 250));
    items.insert(100, hidden("t", "kept note"));
    items.insert(150, hidden("t", "note"));
    items.push(tool_call("t", "call", None));
    items.push(hidden("t", "last note"));
    fill(&store, &alice(), "t", &items).await;
    let others = messages("other", &numbered("m", 120));
    fill(&store, &alice(), "other", &others).await;

    let after = items[119].id();
    let deleted = store.delete_items_after(&alice(), &"t".into(), after).await.unwrap();
    assert_eq!(deleted, items.len() - 120);
    assert_eq!(all_items(&*store, &alice(), "t").await, items[..120]);
    assert_eq!(store.load_pending_items(&alice(), &"t".into()).await.unwrap(), []);
    assert_eq!(all_items(&*store, &alice(), "other").await, others);

    let none = store.delete_items_after(&alice(), &"t".into(), after).await.unwrap();
    assert_eq!(none, 0);
    let hidden_one = items[100].id();
    let deleted = store.delete_items_after(&alice(), &"t".into(), hidden_one).await.unwrap();
    assert_eq!(deleted, 19);
    store.save_item(&alice(), &"t".into(), &items[200]).await.unwrap();
    let expected = [&items[..101], &items[200..201]].concat();
    assert_eq!(all_items(&*store, &alice(), "t").await, expected);
}

/// An item that is not there is not found, and nothing goes.
pub async fn deleting_after_an_unknown_item_deletes_nothing(store: SharedStore) {
    let items = ["a", "b"].map(|id| message("t", id));
    fill(&store, &alice(), "t", &items).await;
    fill(&store, &alice(), "other", &[message("other", "of another thread")]).await;
    for id in ["unknown", "of another thread", ""] {
        let result = store.delete_items_after(&alice(), &"t".into(), &id.into()).await;
        assert_not_found(result, RecordKind::Item);
    }
    assert_eq!(all_items(&*store, &alice(), "t").await, items);
}

/// Every call on a thread, an item or an attachment that does not exist says so.
pub async fn what_does_not_exist_is_not_found(store: SharedStore) {
    let owner = alice();
    let (no_thread, no_item) = ("none".into(), "none".into());
    let first = request(5, Order::Asc, None);
    let any = message("none", "none");
    let patch = ThreadPatch::default();
    assert_not_found(store.load_thread(&owner, &no_thread).await, RecordKind::Thread);
    assert_not_found(store.update_thread(&owner, &no_thread, &patch).await, RecordKind::Thread);
    assert_not_found(store.delete_thread(&owner, &no_thread).await, RecordKind::Thread);
    let page = store.load_thread_items(&owner, &no_thread, &first, Visibility::All).await;
    assert_not_found(page, RecordKind::Thread);
    assert_not_found(store.load_item(&owner, &no_thread, &no_item).await, RecordKind::Thread);
    assert_not_found(store.save_item(&owner, &no_thread, &any).await, RecordKind::Thread);
    assert_not_found(store.delete_item(&owner, &no_thread, &no_item).await, RecordKind::Thread);
    assert_not_found(store.complete_item(&owner, &no_thread, &any).await, RecordKind::Thread);
    assert_not_found(store.load_pending_items(&owner, &no_thread).await, RecordKind::Thread);
    let after = store.delete_items_after(&owner, &no_thread, &no_item).await;
    assert_not_found(after, RecordKind::Thread);
    let no_attachment = "none".into();
    let record = store.load_attachment(&owner, &no_attachment).await;
    assert_not_found(record, RecordKind::Attachment);
    let deleted = store.delete_attachment(&owner, &no_attachment).await;
    assert_not_found(deleted, RecordKind::Attachment);

    store.save_thread(&owner, &thread("t")).await.unwrap();
    assert_not_found(store.load_item(&owner, &"t".into(), &no_item).await, RecordKind::Item);
    assert_eq!(all_thread_ids(&*store, &owner).await, ["t"]);
}
