//! The order of threads and items is the order in which they were first saved.

use chatkit_protocol::{AssistantMessageItem, ThreadItem, ThreadMetadata};
use chatkit_server::ThreadPatch;

use super::{SharedStore, samples::*};

/// Items with equal times and ids in no order come back as they were saved.
pub async fn items_keep_the_order_of_saving(store: SharedStore) {
    let items = ["m", "z", "a", "k", "b"].map(|id| message("t", id));
    fill(&store, &alice(), "t", &items).await;
    assert_eq!(all_items(&*store, &alice(), "t").await, items);
    for order in BOTH {
        let page = store
            .load_thread_items(
                &alice(),
                &"t".into(),
                &request(9, order, None),
                chatkit_server::Visibility::Visible,
            )
            .await
            .unwrap();
        assert_eq!(page.data, in_order(&items, order));
    }
}

/// An item that says it is older than those before it still stands behind them.
pub async fn items_ignore_created_at(store: SharedStore) {
    let hours = ["23", "00", "12", "01"];
    let items = hours.map(|hour| {
        ThreadItem::AssistantMessage(AssistantMessageItem {
            id: hour.into(),
            thread_id: "t".into(),
            created_at: format!("2026-01-01T{hour}:00:00Z").parse().unwrap(),
            content: Vec::new(),
        })
    });
    fill(&store, &alice(), "t", &items).await;
    assert_eq!(all_items(&*store, &alice(), "t").await, items);
}

/// Threads with equal times and ids in no order come back as they were saved.
pub async fn threads_keep_the_order_of_saving(store: SharedStore) {
    let threads = ["m", "z", "a", "k", "b"].map(thread);
    for thread in &threads {
        store.save_thread(&alice(), thread).await.unwrap();
    }
    for order in BOTH {
        let page = store.load_threads(&alice(), &request(9, order, None)).await.unwrap();
        assert_eq!(page.data, in_order(&threads, order));
    }
}

/// A thread that says it is older than those before it still stands behind them.
pub async fn threads_ignore_created_at(store: SharedStore) {
    let hours = ["23", "00", "12", "01"];
    for hour in hours {
        let made = format!("2026-01-01T{hour}:00:00Z").parse().unwrap();
        store.save_thread(&alice(), &ThreadMetadata::new(hour.into(), made)).await.unwrap();
    }
    assert_eq!(all_thread_ids(&*store, &alice()).await, hours);
}

/// An item that is saved again is replaced where it stands.
pub async fn an_item_saved_again_keeps_its_place(store: SharedStore) {
    fill(&store, &alice(), "t", &["a", "b", "c"].map(|id| message("t", id))).await;
    for id in ["a", "b", "c", "a"] {
        let changed = said("t", id, "changed");
        store.save_item(&alice(), &"t".into(), &changed).await.unwrap();
        assert_eq!(store.load_item(&alice(), &"t".into(), &id.into()).await.unwrap(), changed);
    }
    let expected = ["a", "b", "c"].map(|id| said("t", id, "changed"));
    assert_eq!(all_items(&*store, &alice(), "t").await, expected);
}

/// A thread that is saved again, patched or written to stays where it is.
pub async fn a_thread_saved_again_keeps_its_place(store: SharedStore) {
    for id in ["a", "b", "c"] {
        store.save_thread(&alice(), &thread(id)).await.unwrap();
    }
    store.save_thread(&alice(), &thread("a")).await.unwrap();
    let titled = ThreadPatch { title: Some(Some("b".to_owned())), ..ThreadPatch::default() };
    store.update_thread(&alice(), &"b".into(), &titled).await.unwrap();
    store.save_item(&alice(), &"a".into(), &message("a", "1")).await.unwrap();
    let again = thread("a");
    store.add_user_message(&alice(), Some(&again), &user_message("a", "2", &[])).await.unwrap();
    assert_eq!(all_thread_ids(&*store, &alice()).await, ["a", "b", "c"]);
}

/// A deleted item leaves no place behind.
pub async fn an_item_deleted_and_added_again_goes_to_the_end(store: SharedStore) {
    fill(&store, &alice(), "t", &["a", "b", "c"].map(|id| message("t", id))).await;
    for (id, expected) in [("a", ["b", "c", "a"]), ("a", ["b", "c", "a"]), ("b", ["c", "a", "b"])] {
        store.delete_item(&alice(), &"t".into(), &id.into()).await.unwrap();
        store.save_item(&alice(), &"t".into(), &message("t", id)).await.unwrap();
        assert_eq!(item_ids(&all_items(&*store, &alice(), "t").await), expected);
    }
}

/// A deleted thread leaves no place behind, and a new one of the same name is empty.
pub async fn a_thread_deleted_and_added_again_goes_to_the_end(store: SharedStore) {
    for id in ["a", "b", "c"] {
        fill(&store, &alice(), id, &[message(id, "1")]).await;
    }
    for (id, expected) in [("a", ["b", "c", "a"]), ("a", ["b", "c", "a"]), ("b", ["c", "a", "b"])] {
        store.delete_thread(&alice(), &id.into()).await.unwrap();
        store.save_thread(&alice(), &thread(id)).await.unwrap();
        assert_eq!(all_thread_ids(&*store, &alice()).await, expected);
        assert_eq!(all_items(&*store, &alice(), id).await, []);
    }
}
