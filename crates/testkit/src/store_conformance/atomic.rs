//! Rules for several writers of one thread at the same time. A store keeps them by overriding the
//! trait's defaults.

use std::sync::Arc;

use chatkit_server::{StoreError, ThreadPatch};
use serde_json::json;
use tokio::task::JoinSet;

use super::{SharedStore, samples::*};

/// Patches of different fields and keys do not undo each other.
pub async fn two_writers_of_different_fields_both_win(store: SharedStore) {
    store.save_thread(&alice(), &thread("t")).await.unwrap();
    let mut tasks = JoinSet::new();
    for writer in 0..20 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0..10 {
                let key = format!("{writer} {n}");
                let mut patch = ThreadPatch {
                    metadata: vec![(key.clone(), Some(json!(n)))],
                    ..ThreadPatch::default()
                };
                if writer == 0 {
                    patch.title = Some(Some(n.to_string()));
                }
                let patched = store.update_thread(&alice(), &"t".into(), &patch).await.unwrap();
                assert_eq!(patched.metadata.get(&key), Some(&json!(n)));
                if n % 2 == 1 {
                    let remove = ThreadPatch {
                        metadata: vec![(key.clone(), None)],
                        ..ThreadPatch::default()
                    };
                    let patched =
                        store.update_thread(&alice(), &"t".into(), &remove).await.unwrap();
                    assert_eq!(patched.metadata.get(&key), None);
                }
            }
        });
    }
    tasks.join_all().await;

    let mut expected = thread("t");
    expected.title = Some("9".to_owned());
    for writer in 0..20 {
        for n in (0..10).step_by(2) {
            expected.metadata.insert(format!("{writer} {n}"), json!(n));
        }
    }
    assert_eq!(store.load_thread(&alice(), &"t".into()).await.unwrap(), expected);
}

/// Of twenty submissions for one item one is accepted and the others are conflicts.
pub async fn exactly_one_of_many_submissions_wins(store: SharedStore) {
    for round in 0..10 {
        let id = format!("t{round}");
        fill(&store, &alice(), &id, &[tool_call(&id, "call", None)]).await;
        let mut tasks = JoinSet::new();
        for writer in 0..20 {
            let (store, id) = (Arc::clone(&store), id.clone());
            tasks.spawn(async move {
                let submitted = tool_call(&id, "call", Some(&writer.to_string()));
                match store.complete_item(&alice(), &id.as_str().into(), &submitted).await {
                    Ok(()) => Some(submitted),
                    Err(StoreError::Conflict(_)) => None,
                    Err(other) => panic!("expected a conflict, got {other:?}"),
                }
            });
        }
        let winners: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "exactly one submission wins");
        assert_eq!(all_items(&*store, &alice(), &id).await, winners);
    }
}

/// Of two first messages with the same attachment one is accepted; of the other nothing is left.
pub async fn an_attachment_goes_to_exactly_one_of_two_threads(store: SharedStore) {
    for round in 0..10 {
        let file = format!("file {round}");
        store.save_attachment(&alice(), &attachment(&file, None)).await.unwrap();
        let mut tasks = JoinSet::new();
        for writer in 0..8 {
            let (store, file) = (Arc::clone(&store), file.clone());
            tasks.spawn(async move {
                let id = format!("{round} {writer}");
                let sent = user_message(&id, "question", &[attachment(&file, Some(&id))]);
                match store.add_user_message(&alice(), Some(&thread(&id)), &sent).await {
                    Ok(()) => Some(id),
                    Err(StoreError::Conflict(_)) => None,
                    Err(other) => panic!("expected a conflict, got {other:?}"),
                }
            });
        }
        let winners: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "exactly one thread gets the attachment");
        let of_round: Vec<_> = all_thread_ids(&*store, &alice())
            .await
            .into_iter()
            .filter(|id| id.starts_with(&format!("{round} ")))
            .collect();
        assert_eq!(of_round, winners);
        let record = store.load_attachment(&alice(), &file.as_str().into()).await.unwrap();
        assert_eq!(record, attachment(&file, Some(&winners[0])));
    }
}

/// When a thread is deleted while messages come, each message is either there with its thread or
/// was refused.
pub async fn a_message_and_a_deletion_of_its_thread_leave_nothing_between(store: SharedStore) {
    for round in 0..20 {
        let id = format!("t{round}");
        let file = format!("file {round}");
        fill(&store, &alice(), &id, &[message(&id, "first")]).await;
        store.save_attachment(&alice(), &attachment(&file, None)).await.unwrap();
        let mut tasks = JoinSet::new();
        for writer in 0..4 {
            let (store, id, file) = (Arc::clone(&store), id.clone(), file.clone());
            tasks.spawn(async move {
                if writer == 0 {
                    return store.delete_thread(&alice(), &id.as_str().into()).await;
                }
                let files = [attachment(&file, Some(&id))];
                let sent = user_message(&id, &writer.to_string(), &files);
                store.add_user_message(&alice(), None, &sent).await
            });
        }
        for result in tasks.join_all().await {
            assert!(
                matches!(result, Ok(()) | Err(StoreError::NotFound { .. })),
                "expected the message or that its thread is gone, got {result:?}"
            );
        }
        assert_eq!(all_thread_ids(&*store, &alice()).await, Vec::<String>::new());
        match store.load_attachment(&alice(), &file.as_str().into()).await {
            Ok(record) => assert_eq!(record, attachment(&file, None), "the record was not bound"),
            gone => assert_not_found(gone, chatkit_server::RecordKind::Attachment),
        }
    }
}
