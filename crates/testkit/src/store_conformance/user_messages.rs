//! A user message is added in one step with what belongs to it.

use chatkit_protocol::ThreadItem;
use chatkit_server::RecordKind;

use super::{SharedStore, samples::*};

/// Without the thread that it names, the first message makes it.
pub async fn the_first_message_makes_the_thread(store: SharedStore) {
    let mut new = thread("t");
    new.title = Some("title".to_owned());
    let question = user_message("t", "question", &[]);
    store.add_user_message(&alice(), Some(&new), &question).await.unwrap();
    assert_eq!(store.load_thread(&alice(), &"t".into()).await.unwrap(), new);
    assert_eq!(all_items(&*store, &alice(), "t").await, [ThreadItem::UserMessage(question)]);
    assert_eq!(all_thread_ids(&*store, &alice()).await, ["t"]);
}

/// A message to a thread that exists is its last item.
pub async fn a_further_message_goes_to_the_end(store: SharedStore) {
    fill(&store, &alice(), "t", &[message("t", "z")]).await;
    let question = user_message("t", "a", &[]);
    store.add_user_message(&alice(), None, &question).await.unwrap();
    assert_eq!(
        all_items(&*store, &alice(), "t").await,
        [message("t", "z"), ThreadItem::UserMessage(question)]
    );
}

/// The records of a message's attachments become what the message says of them.
pub async fn attachments_belong_to_the_thread_afterwards(store: SharedStore) {
    for id in ["a", "b"] {
        store.save_attachment(&alice(), &attachment(id, None)).await.unwrap();
    }
    let attached = ["a", "b"].map(|id| attachment(id, Some("t")));
    let question = user_message("t", "question", &attached);
    store.add_user_message(&alice(), Some(&thread("t")), &question).await.unwrap();
    for record in attached {
        assert_eq!(store.load_attachment(&alice(), &record.id).await.unwrap(), record);
    }
    assert_eq!(
        store.load_item(&alice(), &"t".into(), &"question".into()).await.unwrap(),
        ThreadItem::UserMessage(question)
    );
}

/// An attachment of this thread may be sent again, twice in one message too.
pub async fn the_same_attachment_again_is_fine(store: SharedStore) {
    store.save_attachment(&alice(), &attachment("file", None)).await.unwrap();
    let file = attachment("file", Some("t"));
    let first = user_message("t", "1", &[file.clone(), file.clone()]);
    store.add_user_message(&alice(), Some(&thread("t")), &first).await.unwrap();
    let second = user_message("t", "2", std::slice::from_ref(&file));
    store.add_user_message(&alice(), None, &second).await.unwrap();
    assert_eq!(item_ids(&all_items(&*store, &alice(), "t").await), ["1", "2"]);
    assert_eq!(store.load_attachment(&alice(), &"file".into()).await.unwrap(), file);
}

/// With an attachment that does not exist there is no thread, no message and no attachment bound.
pub async fn an_unknown_attachment_leaves_nothing_behind(store: SharedStore) {
    let loose = attachment("loose", None);
    store.save_attachment(&alice(), &loose).await.unwrap();
    store.save_attachment(&bob(), &attachment("of bob", None)).await.unwrap();
    fill(&store, &alice(), "old", &[]).await;
    for unknown in ["unknown", "of bob"] {
        let sent = |thread_id| {
            let ids = ["loose", unknown];
            user_message(thread_id, "question", &ids.map(|id| attachment(id, Some(thread_id))))
        };
        let result = store.add_user_message(&alice(), Some(&thread("new")), &sent("new")).await;
        assert_not_found(result, RecordKind::Attachment);
        let result = store.add_user_message(&alice(), None, &sent("old")).await;
        assert_not_found(result, RecordKind::Attachment);
    }
    assert_eq!(all_thread_ids(&*store, &alice()).await, ["old"]);
    assert_eq!(all_items(&*store, &alice(), "old").await, []);
    assert_eq!(store.load_attachment(&alice(), &"loose".into()).await.unwrap(), loose);
    assert_eq!(
        store.load_attachment(&bob(), &"of bob".into()).await.unwrap(),
        attachment("of bob", None)
    );
}

/// With an attachment of another thread there is no thread, no message and no attachment bound.
pub async fn a_taken_attachment_leaves_nothing_behind(store: SharedStore) {
    let loose = attachment("loose", None);
    let taken = attachment("taken", Some("first"));
    store.save_thread(&alice(), &thread("first")).await.unwrap();
    store.save_attachment(&alice(), &loose).await.unwrap();
    store.save_attachment(&alice(), &taken).await.unwrap();
    fill(&store, &alice(), "old", &[]).await;
    let sent = |thread_id| {
        let ids = ["loose", "taken"];
        user_message(thread_id, "question", &ids.map(|id| attachment(id, Some(thread_id))))
    };
    let result = store.add_user_message(&alice(), Some(&thread("new")), &sent("new")).await;
    assert_conflict(result);
    assert_conflict(store.add_user_message(&alice(), None, &sent("old")).await);

    assert_eq!(all_thread_ids(&*store, &alice()).await, ["first", "old"]);
    assert_eq!(all_items(&*store, &alice(), "old").await, []);
    assert_eq!(store.load_attachment(&alice(), &"loose".into()).await.unwrap(), loose);
    assert_eq!(store.load_attachment(&alice(), &"taken".into()).await.unwrap(), taken);
}

/// With a thread that does not exist no attachment is bound.
pub async fn an_unknown_thread_leaves_nothing_behind(store: SharedStore) {
    let loose = attachment("loose", None);
    store.save_attachment(&alice(), &loose).await.unwrap();
    let sent = user_message("none", "question", &[attachment("loose", Some("none"))]);
    let result = store.add_user_message(&alice(), None, &sent).await;
    assert_not_found(result, RecordKind::Thread);
    assert_eq!(all_thread_ids(&*store, &alice()).await, Vec::<String>::new());
    assert_eq!(store.load_attachment(&alice(), &"loose".into()).await.unwrap(), loose);
}

/// With the thread of another owner, new or not, nothing happens to it, and no attachment is bound.
pub async fn a_foreign_thread_leaves_nothing_behind(store: SharedStore) {
    fill(&store, &bob(), "of bob", &[message("of bob", "a")]).await;
    let loose = attachment("loose", None);
    store.save_attachment(&alice(), &loose).await.unwrap();
    let sent = user_message("of bob", "question", &[attachment("loose", Some("of bob"))]);
    let mut claimed = thread("of bob");
    claimed.title = Some("claimed".to_owned());
    for new_thread in [None, Some(&claimed)] {
        let result = store.add_user_message(&alice(), new_thread, &sent).await;
        assert_not_found(result, RecordKind::Thread);
    }
    assert_eq!(store.load_thread(&bob(), &"of bob".into()).await.unwrap(), thread("of bob"));
    assert_eq!(all_items(&*store, &bob(), "of bob").await, [message("of bob", "a")]);
    assert_eq!(all_thread_ids(&*store, &alice()).await, Vec::<String>::new());
    assert_eq!(store.load_attachment(&alice(), &"loose".into()).await.unwrap(), loose);
}
