//! Items that wait for the client.

use chatkit_protocol::{
    StructuredInputItem, StructuredInputStatus, StructuredInputSubmission, SubmissionStatus,
    ThreadItem,
};
use chatkit_server::RecordKind;

use super::{SharedStore, samples::*};

fn questions(status: StructuredInputStatus) -> StructuredInputItem {
    StructuredInputItem {
        id: "questions".into(),
        thread_id: "t".into(),
        created_at: noon(),
        status,
        inputs: Vec::new(),
    }
}

/// The first submission replaces the item in its place, a second one is a conflict and changes
/// nothing.
pub async fn a_pending_item_is_completed_once(store: SharedStore) {
    let asked = questions(StructuredInputStatus::Pending);
    let items = [
        message("t", "a"),
        tool_call("t", "call", None),
        ThreadItem::StructuredInput(asked.clone()),
        message("t", "b"),
    ];
    fill(&store, &alice(), "t", &items).await;

    let done = tool_call("t", "call", Some("first"));
    store.complete_item(&alice(), &"t".into(), &done).await.unwrap();
    let late = tool_call("t", "call", Some("second"));
    assert_conflict(store.complete_item(&alice(), &"t".into(), &late).await);

    let skipped = StructuredInputSubmission {
        status: SubmissionStatus::Skipped,
        ..StructuredInputSubmission::default()
    };
    let skipped = ThreadItem::StructuredInput(asked.answered(&skipped));
    store.complete_item(&alice(), &"t".into(), &skipped).await.unwrap();
    let late = ThreadItem::StructuredInput(questions(StructuredInputStatus::Answered));
    assert_conflict(store.complete_item(&alice(), &"t".into(), &late).await);

    let [first, .., last] = items;
    assert_eq!(all_items(&*store, &alice(), "t").await, [first, done, skipped, last]);
    assert_eq!(store.load_pending_items(&alice(), &"t".into()).await.unwrap(), []);
}

/// An item of another kind, or one that never waited, is a conflict.
pub async fn only_a_pending_item_can_be_completed(store: SharedStore) {
    let items = [message("t", "message"), tool_call("t", "done", Some("output"))];
    fill(&store, &alice(), "t", &items).await;
    for id in ["message", "done"] {
        let submitted = tool_call("t", id, Some("submitted"));
        assert_conflict(store.complete_item(&alice(), &"t".into(), &submitted).await);
    }
    assert_eq!(all_items(&*store, &alice(), "t").await, items);
}

/// An item that does not exist is not found, and is not made.
pub async fn an_unknown_item_cannot_be_completed(store: SharedStore) {
    fill(&store, &alice(), "t", &[]).await;
    fill(&store, &alice(), "other", &[tool_call("other", "call", None)]).await;
    let submitted = tool_call("t", "call", Some("submitted"));
    let result = store.complete_item(&alice(), &"t".into(), &submitted).await;
    assert_not_found(result, RecordKind::Item);
    assert_eq!(all_items(&*store, &alice(), "t").await, []);
    assert_eq!(
        store.load_pending_items(&alice(), &"other".into()).await.unwrap(),
        [tool_call("other", "call", None)]
    );
}

/// What waits is listed in the order of the thread; what was completed, replaced or deleted is not.
pub async fn pending_items_come_oldest_first(store: SharedStore) {
    let asked = ThreadItem::StructuredInput(questions(StructuredInputStatus::Pending));
    let items = [
        tool_call("t", "z", None),
        message("t", "message"),
        tool_call("t", "done", Some("output")),
        asked.clone(),
        tool_call("t", "a", None),
        tool_call("t", "replaced", None),
        tool_call("t", "deleted", None),
        hidden("t", "note"),
    ];
    fill(&store, &alice(), "t", &items).await;
    fill(&store, &alice(), "other", &[tool_call("other", "call", None)]).await;
    store.save_item(&alice(), &"t".into(), &message("t", "replaced")).await.unwrap();
    store.delete_item(&alice(), &"t".into(), &"deleted".into()).await.unwrap();
    store.save_item(&alice(), &"t".into(), &tool_call("t", "done", None)).await.unwrap();

    let expected =
        [tool_call("t", "z", None), tool_call("t", "done", None), asked, tool_call("t", "a", None)];
    assert_eq!(store.load_pending_items(&alice(), &"t".into()).await.unwrap(), expected);
}

/// What waits is found wherever it stands, however much stands around it.
pub async fn pending_items_are_found_in_a_long_thread(store: SharedStore) {
    let mut items = messages("t", &numbered("m", 350));
    for at in [0, 100, 101, 202, 354] {
        items.insert(at, tool_call("t", &format!("call {at}"), None));
    }
    fill(&store, &alice(), "t", &items).await;
    let expected: Vec<_> = items.into_iter().filter(ThreadItem::is_pending).collect();
    assert_eq!(expected.len(), 5);
    assert_eq!(store.load_pending_items(&alice(), &"t".into()).await.unwrap(), expected);
}
