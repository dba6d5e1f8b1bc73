//! What is kept of turns under way, for the start after a crash.
//!
//! Every rule holds a store that [keeps no checkpoints](chatkit_server::Store::keeps_checkpoints) to
//! the opposite: the calls are no errors, change nothing, and nothing is ever loaded.

use std::sync::Arc;

use chatkit_protocol::{HiddenContextItem, ThreadItem};
use chatkit_server::{Checkpoint, Owner, RecordKind, ThreadPatch};
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    SharedStore,
    exactness::{every_kind, unusual_texts},
    samples::*,
};

/// These are the store's checkpoints, in this order; or none at all, if it keeps none.
async fn assert_kept(store: &SharedStore, expected: &[(Owner, Checkpoint)]) {
    let expected = if store.keeps_checkpoints() { expected } else { &[] };
    assert_eq!(store.load_checkpoints(1_000).await.unwrap(), expected);
}

/// A checkpoint with a message of each id.
fn checkpoint(thread_id: &str, ids: &[&str]) -> Checkpoint {
    let items = ids.iter().map(|id| message(thread_id, id)).collect();
    Checkpoint::new(thread_id.into(), items)
}

/// Items of all kinds come back as they were, in their order, with unusual text and long, and so
/// does a checkpoint without any.
pub async fn a_checkpoint_comes_back_exactly(store: SharedStore) {
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    let long = said("t", "long", &"a\u{e9}\u{20ac}\u{1f600}\0\"".repeat(100_000));
    let mut versions = vec![vec![], vec![long], every_kind("text")];
    versions.extend(unusual_texts().iter().map(|text| {
        let mut items = every_kind(text);
        items.reverse();
        items
    }));
    for items in versions {
        let saved = Checkpoint::new("t".into(), items);
        store.save_checkpoint(&alice(), &saved).await.unwrap();
        assert_kept(&store, &[(alice(), saved)]).await;
    }
}

/// Values that nest very deep come back or are refused; a refused checkpoint leaves the one before,
/// and none makes others unreadable.
pub async fn an_accepted_checkpoint_can_be_read(store: SharedStore) {
    for id in ["other", "t"] {
        store.save_thread(&alice(), &thread(id)).await.unwrap();
    }
    let other = checkpoint("other", &["a"]);
    let mut expected = checkpoint("t", &["a"]);
    store.save_checkpoint(&alice(), &other).await.unwrap();
    store.save_checkpoint(&alice(), &expected).await.unwrap();
    for levels in [20, 60, 100, 110, 120, 125, 130, 200, 400] {
        let deep = ThreadItem::HiddenContext(HiddenContextItem {
            id: format!("{levels}").into(),
            thread_id: "t".into(),
            created_at: noon(),
            content: (0..levels).fold(json!(null), |inner, _| json!([inner])),
        });
        let items = vec![message("t", "before"), deep, message("t", "after")];
        let tried = Checkpoint::new("t".into(), items);
        let saved = store.save_checkpoint(&alice(), &tried).await;
        assert!(saved.is_ok() || levels > 100, "{levels} levels are not too many: {saved:?}");
        if saved.is_ok() {
            expected = tried;
        }
        assert_kept(&store, &[(alice(), other.clone()), (alice(), expected.clone())]).await;
    }
}

/// A thread has one checkpoint, the last: nothing of those before it stays.
pub async fn a_checkpoint_replaces_the_one_before(store: SharedStore) {
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    let mut edited = checkpoint("t", &["b", "c"]);
    edited.pending_items[0] = said("t", "b", "edited");
    let none = checkpoint("t", &[]);
    let versions =
        [checkpoint("t", &["a", "b", "c"]), edited, none.clone(), checkpoint("t", &["d"]), none];
    for saved in versions {
        store.save_checkpoint(&alice(), &saved).await.unwrap();
        assert_kept(&store, &[(alice(), saved)]).await;
    }
}

/// A deleted checkpoint is gone, the others stay, and its thread may have another; deleting one that
/// is not there, of a thread that is not there too, is no error.
pub async fn a_deleted_checkpoint_is_gone(store: SharedStore) {
    let (kept, first) = (checkpoint("kept", &["a"]), checkpoint("t", &["a"]));
    for saved in [&kept, &first] {
        store.save_thread(&alice(), &thread(&saved.thread_id)).await.unwrap();
    }
    store.delete_checkpoint(&alice(), &"t".into()).await.unwrap();
    for saved in [&kept, &first] {
        store.save_checkpoint(&alice(), saved).await.unwrap();
    }
    for id in ["t", "t", "unknown", ""] {
        store.delete_checkpoint(&alice(), &id.into()).await.unwrap();
        assert_kept(&store, &[(alice(), kept.clone())]).await;
    }
    let next = checkpoint("t", &["b"]);
    store.save_checkpoint(&alice(), &next).await.unwrap();
    assert_kept(&store, &[(alice(), kept), (alice(), next)]).await;
}

/// A checkpoint of a thread that does not exist (any more) is dropped without an error, and does not
/// turn up when a thread gets that id.
pub async fn a_checkpoint_of_no_thread_is_dropped(store: SharedStore) {
    for id in ["never there", "deleted"] {
        if id == "deleted" {
            store.save_thread(&alice(), &thread(id)).await.unwrap();
            store.delete_thread(&alice(), &id.into()).await.unwrap();
        }
        store.save_checkpoint(&alice(), &checkpoint(id, &["a"])).await.unwrap();
        assert_kept(&store, &[]).await;
        assert_not_found(store.load_thread(&alice(), &id.into()).await, RecordKind::Thread);
        store.save_thread(&alice(), &thread(id)).await.unwrap();
        assert_kept(&store, &[]).await;
    }
}

/// Another owner's thread does not exist: neither saving nor deleting a checkpoint reaches it, and
/// neither is an error.
pub async fn another_owners_checkpoint_is_left_alone(store: SharedStore) {
    for id in ["with", "without"] {
        fill(&store, &bob(), id, &[message(id, "a")]).await;
    }
    let of_bob = checkpoint("with", &["b"]);
    store.save_checkpoint(&bob(), &of_bob).await.unwrap();
    for id in ["with", "without"] {
        store.save_checkpoint(&alice(), &checkpoint(id, &["taken"])).await.unwrap();
        assert_kept(&store, &[(bob(), of_bob.clone())]).await;
        store.delete_checkpoint(&alice(), &id.into()).await.unwrap();
        assert_kept(&store, &[(bob(), of_bob.clone())]).await;
        assert_eq!(item_ids(&all_items(&*store, &bob(), id).await), ["a"]);
    }
    assert_eq!(all_thread_ids(&*store, &alice()).await, Vec::<String>::new());
}

/// A deleted thread takes its checkpoint along and no other; a thread that gets its id has none.
pub async fn a_thread_takes_its_checkpoint_along(store: SharedStore) {
    let (before, after) = (checkpoint("before", &["a"]), checkpoint("after", &["a"]));
    for saved in [&before, &checkpoint("t", &["a", "b"]), &after] {
        fill(&store, &alice(), &saved.thread_id, &[message(&saved.thread_id, "item")]).await;
        store.save_checkpoint(&alice(), saved).await.unwrap();
    }
    let others = [(alice(), before), (alice(), after)];
    store.delete_thread(&alice(), &"t".into()).await.unwrap();
    assert_kept(&store, &others).await;
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    assert_kept(&store, &others).await;
}

/// The items of a checkpoint are not the thread's: no call finds or counts them, not even one with
/// the id of an item that is stored. And what happens to a thread and its items does not touch its
/// checkpoint.
pub async fn a_checkpoint_shows_nowhere_else(store: SharedStore) {
    let items = [message("t", "a"), hidden("t", "note"), tool_call("t", "call", None)];
    fill(&store, &alice(), "t", &items).await;
    let in_the_making =
        vec![said("t", "a", "edited"), hidden("t", "new note"), tool_call("t", "new call", None)];
    let noted = [(alice(), Checkpoint::new("t".into(), in_the_making.clone()))];
    store.save_checkpoint(&alice(), &noted[0].1).await.unwrap();

    assert_eq!(all_items(&*store, &alice(), "t").await, items);
    let pending = store.load_pending_items(&alice(), &"t".into()).await.unwrap();
    assert_eq!(pending, items[2..]);
    assert_eq!(store.load_thread(&alice(), &"t".into()).await.unwrap(), thread("t"));
    assert_eq!(store.load_item(&alice(), &"t".into(), &"a".into()).await.unwrap(), items[0]);
    for item in &in_the_making[1..] {
        let found = store.load_item(&alice(), &"t".into(), item.id()).await;
        assert_not_found(found, RecordKind::Item);
        let completed = store.complete_item(&alice(), &"t".into(), item).await;
        assert_not_found(completed, RecordKind::Item);
    }

    let titled = ThreadPatch { title: Some(Some("title".to_owned())), ..Default::default() };
    store.update_thread(&alice(), &"t".into(), &titled).await.unwrap();
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    store.save_item(&alice(), &"t".into(), &in_the_making[1]).await.unwrap();
    store.delete_item(&alice(), &"t".into(), &"new note".into()).await.unwrap();
    let question = user_message("t", "question", &[]);
    store.add_user_message(&alice(), None, &question).await.unwrap();
    assert_kept(&store, &noted).await;
    let deleted = store.delete_items_after(&alice(), &"t".into(), &"a".into()).await.unwrap();
    assert_eq!(deleted, 3);
    store.delete_item(&alice(), &"t".into(), &"a".into()).await.unwrap();
    assert_eq!(all_items(&*store, &alice(), "t").await, []);
    assert_kept(&store, &noted).await;
}

/// Checkpoints of all owners come in the order of their threads, no more than asked for, and those
/// that were deleted make room for the next.
pub async fn checkpoints_come_oldest_thread_first(store: SharedStore) {
    let mut expected = Vec::new();
    for n in 0..9 {
        let owner = if n % 2 == 0 { alice() } else { bob() };
        let id = format!("{}", 9 - n);
        store.save_thread(&owner, &thread(&id)).await.unwrap();
        // Every third thread has no turn under way.
        if n % 3 != 2 {
            expected.push((owner, checkpoint(&id, &[&id])));
        }
    }
    for n in [3, 0, 5, 1, 4, 2, 3, 0] {
        let (owner, saved) = &expected[n];
        store.save_checkpoint(owner, saved).await.unwrap();
    }
    if !store.keeps_checkpoints() {
        expected.clear();
    }
    for limit in [0, 1, 2, 5, 6, 7, 1_000, usize::MAX] {
        let loaded = store.load_checkpoints(limit).await.unwrap();
        assert_eq!(loaded, expected[..limit.min(expected.len())], "at most {limit}");
    }
    let mut closed = Vec::new();
    loop {
        let loaded = store.load_checkpoints(4).await.unwrap();
        let expected_now = expected.iter().skip(closed.len()).take(4);
        assert!(loaded.iter().eq(expected_now), "the next four");
        if loaded.is_empty() {
            break;
        }
        for (owner, found) in loaded {
            store.delete_checkpoint(&owner, &found.thread_id).await.unwrap();
            closed.push((owner, found));
        }
    }
    assert_eq!(closed, expected);
}

/// Many turns at the same time do not disturb each other, and what was acknowledged is loaded.
pub async fn many_turns_keep_their_checkpoints_apart(store: SharedStore) {
    const TURNS: usize = 24;
    let mut expected = Vec::new();
    for turn in 0..TURNS {
        let id = format!("t{turn}");
        store.save_thread(&alice(), &thread(&id)).await.unwrap();
        if turn % 3 == 0 {
            expected.push((alice(), checkpoint(&id, &[&format!("{turn} 19")])));
        }
    }
    let mut tasks = JoinSet::new();
    for turn in 0..TURNS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let id = format!("t{turn}");
            for n in 0..20 {
                let saved = checkpoint(&id, &[&format!("{turn} {n}")]);
                store.save_checkpoint(&alice(), &saved).await.unwrap();
                let all = store.load_checkpoints(TURNS).await.unwrap();
                let found = all.into_iter().find(|(_, found)| *found.thread_id == *id);
                let kept = store.keeps_checkpoints().then_some((alice(), saved));
                assert_eq!(found, kept);
            }
            match turn % 3 {
                0 => {}
                1 => store.delete_checkpoint(&alice(), &id.into()).await.unwrap(),
                _ => store.delete_thread(&alice(), &id.into()).await.unwrap(),
            }
        });
    }
    tasks.join_all().await;
    assert_kept(&store, &expected).await;
}

/// When a thread is deleted while its turn notes what it shows, no checkpoint stays behind.
pub async fn a_checkpoint_and_a_deletion_of_its_thread_leave_nothing(store: SharedStore) {
    for round in 0..20 {
        let id = format!("t{round}");
        store.save_thread(&alice(), &thread(&id)).await.unwrap();
        let mut tasks = JoinSet::new();
        for task in 0..4 {
            let (store, id) = (Arc::clone(&store), id.clone());
            tasks.spawn(async move {
                for n in 0..8 {
                    if task == 0 && n == 4 {
                        store.delete_thread(&alice(), &id.as_str().into()).await.unwrap();
                    }
                    let saved = checkpoint(&id, &[&format!("{task} {n}")]);
                    store.save_checkpoint(&alice(), &saved).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_kept(&store, &[]).await;
        store.save_thread(&alice(), &thread(&id)).await.unwrap();
        assert_kept(&store, &[]).await;
    }
}
