//! Hidden items are left out before a page is cut.

use chatkit_protocol::ThreadItem;
use chatkit_server::Visibility;

use super::{SharedStore, samples::*};

/// Where hidden items stand (`#`) among visible ones (`.`).
const PATTERNS: [&str; 8] = [
    "#.......", ".......#", "####....", "....####", ".#.#.#.#", "#.#.#.#.", ".######.", "##.##.##",
];

fn items_of(pattern: &str, thread_id: &str) -> Vec<ThreadItem> {
    let place = |(n, mark)| match mark {
        '#' => hidden(thread_id, &format!("hidden {n}")),
        _ => message(thread_id, &format!("visible {n}")),
    };
    pattern.chars().enumerate().map(place).collect()
}

fn visible(items: &[ThreadItem]) -> Vec<ThreadItem> {
    items.iter().filter(|item| !item.is_hidden()).cloned().collect()
}

/// Wherever hidden items stand, a page of visible ones is full unless it is the last.
pub async fn hidden_items_do_not_shorten_a_page(store: SharedStore) {
    for pattern in PATTERNS {
        let items = items_of(pattern, pattern);
        fill(&store, &alice(), pattern, &items).await;
        for order in BOTH {
            for limit in 1..=9 {
                let first = request(limit, order, None);
                let read = page_through_items(
                    &*store,
                    &alice(),
                    pattern,
                    Visibility::Visible,
                    first.clone(),
                )
                .await;
                assert_eq!(read, in_order(&visible(&items), order), "{pattern} {order:?} {limit}");
                let read =
                    page_through_items(&*store, &alice(), pattern, Visibility::All, first).await;
                assert_eq!(read, in_order(&items, order), "{pattern} {order:?} {limit}");
            }
        }
    }
}

/// When only hidden items follow, nothing follows: a client would ask for the rest for ever.
pub async fn no_page_is_empty_and_has_more(store: SharedStore) {
    let all_hidden: Vec<_> = (0..5).map(|n| hidden("hidden", &n.to_string())).collect();
    fill(&store, &alice(), "hidden", &all_hidden).await;
    let items = items_of("####.####", "one");
    fill(&store, &alice(), "one", &items).await;
    for order in BOTH {
        for limit in 1..=4 {
            let request = request(limit, order, None);
            let page = store
                .load_thread_items(&alice(), &"hidden".into(), &request, Visibility::Visible)
                .await
                .unwrap();
            assert_eq!(page, chatkit_protocol::Page::default());
            let page = store
                .load_thread_items(&alice(), &"one".into(), &request, Visibility::Visible)
                .await
                .unwrap();
            assert_eq!(page.data, visible(&items));
            assert!(!page.has_more);
        }
    }
}

/// A cursor may name a hidden item: what a server saw last need not be what a client may see.
pub async fn a_page_may_follow_a_hidden_item(store: SharedStore) {
    let items = items_of(".#.##.#", "t");
    fill(&store, &alice(), "t", &items).await;
    for order in BOTH {
        let items = in_order(&items, order);
        for (n, item) in items.iter().enumerate() {
            let after = request(2, order, Some(item.id()));
            let read = page_through_items(&*store, &alice(), "t", Visibility::Visible, after).await;
            assert_eq!(read, visible(&items[n + 1..]), "{order:?} after {}", item.id());
        }
    }
}

/// Whether an item is hidden is decided by what was saved last.
pub async fn an_item_that_becomes_hidden_leaves_the_pages(store: SharedStore) {
    fill(&store, &alice(), "t", &["a", "b", "c"].map(|id| message("t", id))).await;
    let visible_ids = async || {
        let first = request(5, chatkit_protocol::Order::Asc, None);
        let read = page_through_items(&*store, &alice(), "t", Visibility::Visible, first).await;
        item_ids(&read)
    };
    store.save_item(&alice(), &"t".into(), &hidden("t", "b")).await.unwrap();
    assert_eq!(visible_ids().await, ["a", "c"]);
    store.save_item(&alice(), &"t".into(), &message("t", "b")).await.unwrap();
    assert_eq!(visible_ids().await, ["a", "b", "c"]);
}
