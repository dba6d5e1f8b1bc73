//! A list can be read page by page, completely and without repetition.

use chatkit_protocol::Order;
use chatkit_server::{RecordKind, Visibility};

use super::{SharedStore, samples::*};

/// Whatever the limit and the order, the pages together are the list.
pub async fn item_pages_are_complete_with_every_limit(store: SharedStore) {
    let items = messages("t", &numbered("m", 9));
    fill(&store, &alice(), "t", &items).await;
    fill(&store, &alice(), "other", &messages("other", &numbered("m", 3))).await;
    for order in BOTH {
        for limit in 1..=11 {
            for visibility in [Visibility::All, Visibility::Visible] {
                let first = request(limit, order, None);
                let read = page_through_items(&*store, &alice(), "t", visibility, first).await;
                assert_eq!(read, in_order(&items, order), "{order:?}, {limit}, {visibility:?}");
            }
        }
    }
}

/// Whatever the limit and the order, the pages together are the list.
pub async fn thread_pages_are_complete_with_every_limit(store: SharedStore) {
    let ids = numbered("t", 9);
    for id in &ids {
        store.save_thread(&alice(), &thread(id)).await.unwrap();
        store.save_thread(&bob(), &thread(&format!("of bob {id}"))).await.unwrap();
    }
    for order in BOTH {
        for limit in 1..=11 {
            let first = request(limit, order, None);
            let read = page_through_threads(&*store, &alice(), first).await;
            assert_eq!(thread_ids(&read), in_order(&ids, order), "{order:?}, {limit}");
        }
    }
}

/// Paging from the oldest to the newest meets what is added meanwhile, once, at the end.
pub async fn items_added_while_paging_up_come_at_the_end(store: SharedStore) {
    let ids = numbered("m", 6);
    fill(&store, &alice(), "t", &messages("t", &ids)).await;
    let (read, added) = page_items_while_adding(&store, Order::Asc).await;
    assert_eq!(read, [ids, added].concat());
}

/// Paging from the newest to the oldest goes on as if nothing had been added.
pub async fn items_added_while_paging_down_do_not_come(store: SharedStore) {
    let ids = numbered("m", 6);
    fill(&store, &alice(), "t", &messages("t", &ids)).await;
    let (read, added) = page_items_while_adding(&store, Order::Desc).await;
    assert_eq!(read, in_order(&ids, Order::Desc));
    assert_eq!(item_ids(&all_items(&*store, &alice(), "t").await), [ids, added].concat());
}

/// Reads pages of two; adds an item after each of the first three.
async fn page_items_while_adding(store: &SharedStore, order: Order) -> (Vec<String>, Vec<String>) {
    let mut to_add = numbered("added", 3).into_iter();
    let (mut read, mut added) = (Vec::new(), Vec::new());
    let mut request = request(2, order, None);
    loop {
        let page = store
            .load_thread_items(&alice(), &"t".into(), &request, Visibility::Visible)
            .await
            .unwrap();
        assert_is_a_page(&page, 2, |item| item.id());
        read.extend(item_ids(&page.data));
        request.after = read.last().cloned();
        if !page.has_more {
            return (read, added);
        }
        if let Some(id) = to_add.next() {
            store.save_item(&alice(), &"t".into(), &message("t", &id)).await.unwrap();
            added.push(id);
        }
    }
}

/// Paging from the oldest to the newest meets what is added meanwhile, once, at the end.
pub async fn threads_added_while_paging_up_come_at_the_end(store: SharedStore) {
    let (read, ids, added) = page_threads_while_adding(&store, Order::Asc).await;
    assert_eq!(read, [ids, added].concat());
}

/// Paging from the newest to the oldest goes on as if nothing had been added.
pub async fn threads_added_while_paging_down_do_not_come(store: SharedStore) {
    let (read, ids, added) = page_threads_while_adding(&store, Order::Desc).await;
    assert_eq!(read, in_order(&ids, Order::Desc));
    assert_eq!(all_thread_ids(&*store, &alice()).await, [ids, added].concat());
}

async fn page_threads_while_adding(
    store: &SharedStore,
    order: Order,
) -> (Vec<String>, Vec<String>, Vec<String>) {
    let ids = numbered("t", 6);
    for id in &ids {
        store.save_thread(&alice(), &thread(id)).await.unwrap();
    }
    let mut to_add = numbered("added", 3).into_iter();
    let (mut read, mut added) = (Vec::new(), Vec::new());
    let mut request = request(2, order, None);
    loop {
        let page = store.load_threads(&alice(), &request).await.unwrap();
        assert_is_a_page(&page, 2, |thread| &thread.id);
        read.extend(thread_ids(&page.data));
        request.after = read.last().cloned();
        if !page.has_more {
            return (read, ids, added);
        }
        if let Some(id) = to_add.next() {
            store.save_thread(&alice(), &thread(&id)).await.unwrap();
            added.push(id);
        }
    }
}

/// Deleting items that were read, or that are still to come, neither skips nor repeats others.
pub async fn items_deleted_while_paging_make_no_gap(store: SharedStore) {
    for (n, order) in BOTH.into_iter().enumerate() {
        let id = format!("t{n}");
        let ids = numbered("m", 9);
        fill(&store, &alice(), &id, &messages(&id, &ids)).await;
        let ids = in_order(&ids, order);

        let first = request(3, order, None);
        let page = store
            .load_thread_items(&alice(), &id.as_str().into(), &first, Visibility::Visible)
            .await
            .unwrap();
        assert_eq!(item_ids(&page.data), ids[..3]);
        for gone in [&ids[0], &ids[1], &ids[3], &ids[8]] {
            store.delete_item(&alice(), &id.as_str().into(), &gone.as_str().into()).await.unwrap();
        }
        let rest = request(2, order, Some(&ids[2]));
        let read = page_through_items(&*store, &alice(), &id, Visibility::Visible, rest).await;
        assert_eq!(item_ids(&read), ids[4..8]);
    }
}

/// A cursor that names nothing in this list is an error, not the first page or an empty one.
pub async fn an_unknown_cursor_is_not_found(store: SharedStore) {
    fill(&store, &alice(), "t", &[message("t", "a")]).await;
    fill(&store, &alice(), "other", &[message("other", "of another thread")]).await;
    fill(&store, &bob(), "of bob", &[message("of bob", "of bob")]).await;
    for order in BOTH {
        for cursor in ["unknown", "", "of another thread", "t"] {
            for visibility in [Visibility::All, Visibility::Visible] {
                let request = request(5, order, Some(cursor));
                let page =
                    store.load_thread_items(&alice(), &"t".into(), &request, visibility).await;
                assert_not_found(page, RecordKind::Item);
            }
        }
        for cursor in ["unknown", "", "of bob", "a"] {
            let page = store.load_threads(&alice(), &request(5, order, Some(cursor))).await;
            assert_not_found(page, RecordKind::Thread);
        }
    }
    store.delete_item(&alice(), &"t".into(), &"a".into()).await.unwrap();
    let after_deleted = request(5, Order::Asc, Some("a"));
    let page =
        store.load_thread_items(&alice(), &"t".into(), &after_deleted, Visibility::All).await;
    assert_not_found(page, RecordKind::Item);
}

/// No threads, no items, and nothing after the last are empty pages.
pub async fn nothing_to_list_is_an_empty_page(store: SharedStore) {
    for order in BOTH {
        let threads = store.load_threads(&alice(), &request(5, order, None)).await.unwrap();
        assert_eq!(threads, chatkit_protocol::Page::default());
    }
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    for order in BOTH {
        let page = store
            .load_thread_items(&alice(), &"t".into(), &request(5, order, None), Visibility::All)
            .await
            .unwrap();
        assert_eq!(page, chatkit_protocol::Page::default());
        let threads = store.load_threads(&alice(), &request(5, order, Some("t"))).await.unwrap();
        assert_eq!(threads, chatkit_protocol::Page::default());
    }
    store.save_item(&alice(), &"t".into(), &message("t", "a")).await.unwrap();
    for order in BOTH {
        let request = request(5, order, Some("a"));
        let page = store
            .load_thread_items(&alice(), &"t".into(), &request, Visibility::All)
            .await
            .unwrap();
        assert_eq!(page, chatkit_protocol::Page::default());
    }
}

/// The largest limit reads everything, and a limit of nothing makes no page that is empty and has
/// more.
pub async fn extreme_limits_are_no_trouble(store: SharedStore) {
    let items = messages("t", &numbered("m", 5));
    fill(&store, &alice(), "t", &items).await;
    for order in BOTH {
        let largest = request(usize::MAX, order, None);
        let page = store
            .load_thread_items(&alice(), &"t".into(), &largest, Visibility::Visible)
            .await
            .unwrap();
        assert_eq!(page.data, in_order(&items, order));
        assert!(!page.has_more);
        assert_eq!(store.load_threads(&alice(), &largest).await.unwrap().data.len(), 1);

        let nothing = request(0, order, None);
        let page = store
            .load_thread_items(&alice(), &"t".into(), &nothing, Visibility::Visible)
            .await
            .unwrap();
        assert!(!(page.data.is_empty() && page.has_more));
        let page = store.load_threads(&alice(), &nothing).await.unwrap();
        assert!(!(page.data.is_empty() && page.has_more));
    }
}
