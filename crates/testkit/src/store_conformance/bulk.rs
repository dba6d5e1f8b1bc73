//! Long threads and many writers.

use std::sync::Arc;

use chatkit_protocol::{Order, ThreadId, ThreadItem};
use chatkit_server::Visibility;
use tokio::task::JoinSet;

use super::{SharedStore, samples::*};

/// Many tasks fill one thread with 10,000 items: nothing is lost, each task's items stand in the
/// order in which it saved them, and the pages in both directions are the same list.
pub async fn ten_thousand_items_are_kept_in_order(store: SharedStore) {
    const WRITERS: usize = 50;
    const EACH: usize = 200;
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for id in numbered(&format!("{writer:02} "), EACH) {
                store.save_item(&alice(), &"t".into(), &message("t", &id)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;

    let up = page_through_items(
        &*store,
        &alice(),
        "t",
        Visibility::Visible,
        request(500, Order::Asc, None),
    )
    .await;
    assert_eq!(up.len(), WRITERS * EACH);
    for writer in 0..WRITERS {
        let prefix = format!("{writer:02} ");
        let of_writer: Vec<_> =
            item_ids(&up).into_iter().filter(|id| id.starts_with(&prefix)).collect();
        assert_eq!(of_writer, numbered(&prefix, EACH));
    }
    let down = page_through_items(
        &*store,
        &alice(),
        "t",
        Visibility::All,
        request(499, Order::Desc, None),
    )
    .await;
    assert_eq!(down, in_order(&up, Order::Desc));

    let near_the_end = request(20, Order::Asc, Some(up[9_989].id()));
    let last = store
        .load_thread_items(&alice(), &"t".into(), &near_the_end, Visibility::Visible)
        .await
        .unwrap();
    assert_eq!(last.data, up[9_990..]);
    assert!(!last.has_more);
    let small_pages = request(7, Order::Desc, Some(up[350].id()));
    let oldest = page_through_items(&*store, &alice(), "t", Visibility::Visible, small_pages).await;
    assert_eq!(oldest, in_order(&up[..350], Order::Desc));
}

/// Many tasks, each with threads of its own and one that all share: nothing is lost or mixed up.
pub async fn many_writers_lose_nothing_in_many_threads(store: SharedStore) {
    const WRITERS: usize = 24;
    store.save_thread(&alice(), &thread("shared")).await.unwrap();
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let own = format!("own {writer}");
            let first = user_message(&own, "first", &[]);
            store.add_user_message(&alice(), Some(&thread(&own)), &first).await.unwrap();
            for n in 0..20 {
                let shared = message("shared", &format!("{writer} {n}"));
                store.save_item(&alice(), &"shared".into(), &shared).await.unwrap();
                let item = message(&own, &n.to_string());
                store.save_item(&alice(), &own.as_str().into(), &item).await.unwrap();
                if n % 4 == 3 {
                    store.delete_item(&alice(), &own.as_str().into(), item.id()).await.unwrap();
                }
            }
        });
    }
    tasks.join_all().await;

    let mut threads = all_thread_ids(&*store, &alice()).await;
    threads.sort_unstable();
    let mut expected: Vec<_> = (0..WRITERS).map(|writer| format!("own {writer}")).collect();
    expected.push("shared".to_owned());
    expected.sort_unstable();
    assert_eq!(threads, expected);

    let shared = item_ids(&all_items(&*store, &alice(), "shared").await);
    assert_eq!(shared.len(), WRITERS * 20);
    let kept: Vec<_> = (0..20).filter(|n| n % 4 != 3).map(|n| n.to_string()).collect();
    for writer in 0..WRITERS {
        let prefix = format!("{writer} ");
        let of_writer: Vec<_> = shared.iter().filter_map(|id| id.strip_prefix(&prefix)).collect();
        let all: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(of_writer, all);

        let own = format!("own {writer}");
        let items = all_items(&*store, &alice(), &own).await;
        assert!(matches!(items[0], ThreadItem::UserMessage(_)));
        assert_eq!(item_ids(&items[1..]), kept);
    }
}

/// What a call wrote is there for every call that starts after it returned, while others write too.
pub async fn a_reader_sees_what_was_acknowledged(store: SharedStore) {
    let mut tasks = JoinSet::new();
    for writer in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let own = format!("{writer}");
            store.save_thread(&alice(), &thread(&own)).await.unwrap();
            let own = ThreadId::from(own);
            for n in 0..25 {
                let item = message(&own, &n.to_string());
                store.save_item(&alice(), &own, &item).await.unwrap();
                let newest = request(1, Order::Desc, None);
                let page = store
                    .load_thread_items(&alice(), &own, &newest, Visibility::Visible)
                    .await
                    .unwrap();
                assert_eq!(page.data, std::slice::from_ref(&item));
                assert_eq!(store.load_item(&alice(), &own, item.id()).await.unwrap(), item);
            }
            store.delete_thread(&alice(), &own).await.unwrap();
            assert!(store.load_thread(&alice(), &own).await.is_err());
        });
    }
    tasks.join_all().await;
    assert_eq!(all_thread_ids(&*store, &alice()).await, Vec::<String>::new());
}
