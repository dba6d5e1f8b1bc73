//! Ids are any strings, and only equal ones are the same.

use std::collections::HashSet;

use chatkit_server::{IdKind, Owner};

use super::{SharedStore, samples::*};

/// Ids that a store which builds queries, matches patterns, folds case, trims, normalises or
/// compares numbers would confuse with each other.
const ODD: [&str; 40] = [
    "",
    " ",
    "  ",
    "a",
    "A",
    "a ",
    " a",
    "a\0",
    "a\0b",
    "\0",
    "'",
    "''",
    "\"",
    "`",
    "a'b",
    "'; DROP TABLE items; --",
    "%",
    "_",
    "*",
    "?",
    "a%",
    "?1",
    ":id",
    "$1",
    "\\",
    "\\'",
    "1",
    "01",
    "1.0",
    "1e0",
    "NULL",
    "null",
    "true",
    "x'00'",
    "\u{e9}",
    "e\u{301}",
    "\u{1f600}",
    "\u{ffff}",
    "a/b?c#d&e=f",
    "line\nbreak",
];

/// Each odd id names its own owner, thread, item and attachment.
pub async fn odd_ids_are_kept_apart(store: SharedStore) {
    assert_eq!(ODD.iter().collect::<HashSet<_>>().len(), ODD.len());
    for id in ODD {
        let owner = Owner::new(id);
        store.save_thread(&owner, &thread(id)).await.unwrap();
        store.save_attachment(&owner, &attachment(id, None)).await.unwrap();
    }
    let own_items = |thread_id| ODD.map(|id| said(thread_id, id, &format!("{thread_id} {id}")));
    for id in ODD {
        for item in own_items(id) {
            store.save_item(&Owner::new(id), &id.into(), &item).await.unwrap();
        }
    }
    for id in ODD {
        let owner = Owner::new(id);
        assert_eq!(all_thread_ids(&*store, &owner).await, [id]);
        assert_eq!(store.load_thread(&owner, &id.into()).await.unwrap(), thread(id));
        assert_eq!(all_items(&*store, &owner, id).await, own_items(id));
        let record = store.load_attachment(&owner, &id.into()).await.unwrap();
        assert_eq!(record, attachment(id, None));
    }
    for (id, next) in ODD.iter().zip(&ODD[1..]) {
        let owner = Owner::new(*id);
        for order in BOTH {
            let after = request(100, order, Some(next));
            let read =
                page_through_items(&*store, &owner, id, chatkit_server::Visibility::Visible, after)
                    .await;
            let items = in_order(&own_items(id), order);
            let at = items.iter().position(|item| item.id() == next).unwrap();
            assert_eq!(read, items[at + 1..]);
        }
    }
    for (n, id) in ODD.into_iter().enumerate() {
        let owner = Owner::new(id);
        store.delete_item(&owner, &id.into(), &id.into()).await.unwrap();
        let mut expected = own_items(id).to_vec();
        expected.remove(n);
        assert_eq!(all_items(&*store, &owner, id).await, expected);
        store.delete_attachment(&owner, &id.into()).await.unwrap();
        store.delete_thread(&owner, &id.into()).await.unwrap();
        if let Some(next) = ODD.get(n + 1) {
            let owner = Owner::new(*next);
            assert_eq!(all_items(&*store, &owner, next).await.len(), ODD.len());
            store.load_attachment(&owner, &(*next).into()).await.unwrap();
        }
    }
}

/// Item ids are unique within their thread only.
pub async fn an_item_id_may_occur_in_several_threads(store: SharedStore) {
    for id in ["a", "b"] {
        fill(&store, &alice(), id, &[said(id, "same", id)]).await;
    }
    store.save_item(&alice(), &"a".into(), &said("a", "same", "changed")).await.unwrap();
    assert_eq!(all_items(&*store, &alice(), "a").await, [said("a", "same", "changed")]);
    assert_eq!(all_items(&*store, &alice(), "b").await, [said("b", "same", "b")]);
    store.delete_item(&alice(), &"a".into(), &"same".into()).await.unwrap();
    assert_eq!(all_items(&*store, &alice(), "b").await, [said("b", "same", "b")]);
}

/// The ids that the store mints do not repeat.
pub async fn minted_ids_are_unique(store: SharedStore) {
    let threads: HashSet<_> = (0..1_000).map(|_| store.generate_thread_id()).collect();
    assert_eq!(threads.len(), 1_000);
    let kinds = [IdKind::Message, IdKind::ToolCall, IdKind::Task, IdKind::Workflow];
    let of_kind = |kind| {
        let store = &store;
        threads.iter().map(move |thread| store.generate_item_id(kind, thread))
    };
    let items: HashSet<_> = kinds.into_iter().flat_map(of_kind).collect();
    assert_eq!(items.len(), 4_000);
}
