//! What belongs to another owner does not exist.

use chatkit_protocol::{Attachment, Order, ThreadItem};
use chatkit_server::{RecordKind, ThreadPatch, Visibility};

use super::{SharedStore, samples::*};

/// Everything that Bob has, to see afterwards that it is still so.
struct Bobs {
    items: [ThreadItem; 3],
    file: Attachment,
}

impl Bobs {
    async fn save(store: &SharedStore) -> Self {
        let items =
            [message("of bob", "a"), tool_call("of bob", "call", None), hidden("of bob", "h")];
        fill(store, &bob(), "of bob", &items).await;
        let file = attachment("file of bob", None);
        store.save_attachment(&bob(), &file).await.unwrap();
        Self { items, file }
    }

    async fn assert_untouched(&self, store: &SharedStore) {
        let stored = store.load_thread(&bob(), &"of bob".into()).await.unwrap();
        assert_eq!(stored, thread("of bob"));
        assert_eq!(all_thread_ids(&**store, &bob()).await, ["of bob"]);
        assert_eq!(all_items(&**store, &bob(), "of bob").await, self.items);
        assert_eq!(store.load_attachment(&bob(), &self.file.id).await.unwrap(), self.file);
        assert_eq!(all_thread_ids(&**store, &alice()).await, Vec::<String>::new());
    }
}

/// Every way to read says that there is nothing.
pub async fn nothing_of_another_can_be_read(store: SharedStore) {
    let bobs = Bobs::save(&store).await;
    let (thread_id, item_id) = ("of bob".into(), "a".into());
    assert_not_found(store.load_thread(&alice(), &thread_id).await, RecordKind::Thread);
    assert_not_found(store.load_item(&alice(), &thread_id, &item_id).await, RecordKind::Thread);
    assert_not_found(store.load_pending_items(&alice(), &thread_id).await, RecordKind::Thread);
    let record = store.load_attachment(&alice(), &bobs.file.id).await;
    assert_not_found(record, RecordKind::Attachment);
    for order in BOTH {
        for visibility in [Visibility::All, Visibility::Visible] {
            for after in [None, Some("a")] {
                let request = request(5, order, after);
                let page =
                    store.load_thread_items(&alice(), &thread_id, &request, visibility).await;
                assert_not_found(page, RecordKind::Thread);
            }
        }
        let threads = store.load_threads(&alice(), &request(5, order, None)).await.unwrap();
        assert_eq!(threads, chatkit_protocol::Page::default());
        let after = store.load_threads(&alice(), &request(5, order, Some("of bob"))).await;
        assert_not_found(after, RecordKind::Thread);
    }
}

/// Every way to change something says that there is nothing, and changes nothing.
pub async fn nothing_of_another_can_be_written(store: SharedStore) {
    let bobs = Bobs::save(&store).await;
    let thread_id = "of bob".into();
    let titled = ThreadPatch { title: Some(Some("taken".to_owned())), ..Default::default() };
    let patched = store.update_thread(&alice(), &thread_id, &titled).await;
    assert_not_found(patched, RecordKind::Thread);
    for item in [said("of bob", "a", "taken"), message("of bob", "new")] {
        let saved = store.save_item(&alice(), &thread_id, &item).await;
        assert_not_found(saved, RecordKind::Thread);
    }
    let submitted = tool_call("of bob", "call", Some("taken"));
    let completed = store.complete_item(&alice(), &thread_id, &submitted).await;
    assert_not_found(completed, RecordKind::Thread);
    bobs.assert_untouched(&store).await;
}

/// Every way to delete something says that there is nothing, and deletes nothing.
pub async fn nothing_of_another_can_be_deleted(store: SharedStore) {
    let bobs = Bobs::save(&store).await;
    let (thread_id, item_id) = ("of bob".into(), "a".into());
    assert_not_found(store.delete_thread(&alice(), &thread_id).await, RecordKind::Thread);
    assert_not_found(store.delete_item(&alice(), &thread_id, &item_id).await, RecordKind::Thread);
    let after = store.delete_items_after(&alice(), &thread_id, &item_id).await;
    assert_not_found(after, RecordKind::Thread);
    let record = store.delete_attachment(&alice(), &bobs.file.id).await;
    assert_not_found(record, RecordKind::Attachment);
    bobs.assert_untouched(&store).await;
}

/// A thread cannot be taken over by saving one with its id.
pub async fn the_id_of_another_owners_thread_is_refused(store: SharedStore) {
    let bobs = Bobs::save(&store).await;
    let mut claimed = thread("of bob");
    claimed.title = Some("claimed".to_owned());
    assert_not_found(store.save_thread(&alice(), &claimed).await, RecordKind::Thread);
    bobs.assert_untouched(&store).await;
}

/// An attachment cannot be taken over by saving one with its id.
pub async fn the_id_of_another_owners_attachment_is_refused(store: SharedStore) {
    let bobs = Bobs::save(&store).await;
    let claimed = attachment("file of bob", Some("of alice"));
    let saved = store.save_attachment(&alice(), &claimed).await;
    assert_not_found(saved, RecordKind::Attachment);
    let record = store.load_attachment(&alice(), &claimed.id).await;
    assert_not_found(record, RecordKind::Attachment);
    bobs.assert_untouched(&store).await;
}

/// A message can use neither a thread nor an attachment of another owner.
pub async fn another_owners_message_is_refused(store: SharedStore) {
    let bobs = Bobs::save(&store).await;
    let sent = user_message("of bob", "question", &[]);
    for new_thread in [None, Some(&thread("of bob"))] {
        let result = store.add_user_message(&alice(), new_thread, &sent).await;
        assert_not_found(result, RecordKind::Thread);
    }
    let sent = user_message("new", "question", &[attachment("file of bob", Some("new"))]);
    let result = store.add_user_message(&alice(), Some(&thread("new")), &sent).await;
    assert_not_found(result, RecordKind::Attachment);
    bobs.assert_untouched(&store).await;
}

/// Each owner's list holds what that owner saved, whoever saved in between.
pub async fn lists_are_apart(store: SharedStore) {
    for n in 0..6 {
        store.save_thread(&alice(), &thread(&format!("a{n}"))).await.unwrap();
        store.save_thread(&bob(), &thread(&format!("b{n}"))).await.unwrap();
    }
    for (owner, prefix) in [(alice(), "a"), (bob(), "b")] {
        for order in BOTH {
            let expected: Vec<_> = (0..6).map(|n| format!("{prefix}{n}")).collect();
            let read = page_through_threads(&*store, &owner, request(2, order, None)).await;
            assert_eq!(thread_ids(&read), in_order(&expected, order));
        }
    }
}

/// A record that claims to belong to another owner's thread stays when that thread goes.
pub async fn a_deleted_thread_leaves_another_owners_attachments(store: SharedStore) {
    Bobs::save(&store).await;
    let of_alice = attachment("file of alice", Some("of bob"));
    store.save_attachment(&alice(), &of_alice).await.unwrap();
    store.delete_thread(&bob(), &"of bob".into()).await.unwrap();
    assert_eq!(store.load_attachment(&alice(), &of_alice.id).await.unwrap(), of_alice);
    let first = request(5, Order::Asc, None);
    assert_eq!(store.load_threads(&bob(), &first).await.unwrap().data, []);
}
