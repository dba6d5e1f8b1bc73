//! Records and short calls that the rules share.

use std::fmt;

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, Attachment, AttachmentKind, ClientToolCallItem,
    ClientToolCallStatus, HiddenContextItem, InferenceOptions, JsonObject, Order, Page, ThreadId,
    ThreadItem, ThreadMetadata, Timestamp, UserMessageContent, UserMessageItem,
};
use chatkit_server::{Owner, PageRequest, RecordKind, Store, StoreError, StoreResult, Visibility};
use serde_json::json;

use super::SharedStore;

pub(super) const BOTH: [Order; 2] = [Order::Asc, Order::Desc];

pub(super) fn alice() -> Owner {
    Owner::new("alice")
}

pub(super) fn bob() -> Owner {
    Owner::new("bob")
}

/// The same moment for all records: order must not come from time.
pub(super) fn noon() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

pub(super) fn thread(id: &str) -> ThreadMetadata {
    ThreadMetadata::new(id.into(), noon())
}

pub(super) fn message(thread_id: &str, id: &str) -> ThreadItem {
    said(thread_id, id, id)
}

pub(super) fn said(thread_id: &str, id: &str, text: &str) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: id.into(),
        thread_id: thread_id.into(),
        created_at: noon(),
        content: vec![AssistantMessageContent::text(text)],
    })
}

pub(super) fn hidden(thread_id: &str, id: &str) -> ThreadItem {
    ThreadItem::HiddenContext(HiddenContextItem {
        id: id.into(),
        thread_id: thread_id.into(),
        created_at: noon(),
        content: json!({"note": id}),
    })
}

pub(super) fn tool_call(thread_id: &str, id: &str, output: Option<&str>) -> ThreadItem {
    ThreadItem::ClientToolCall(ClientToolCallItem {
        id: id.into(),
        thread_id: thread_id.into(),
        created_at: noon(),
        status: match output {
            None => ClientToolCallStatus::Pending,
            Some(_) => ClientToolCallStatus::Completed,
        },
        call_id: format!("call_{id}"),
        name: "tool".to_owned(),
        arguments: JsonObject::new(),
        output: output.map(Into::into),
    })
}

pub(super) fn user_message(
    thread_id: &str,
    id: &str,
    attachments: &[Attachment],
) -> UserMessageItem {
    UserMessageItem {
        id: id.into(),
        thread_id: thread_id.into(),
        created_at: noon(),
        content: vec![UserMessageContent::text(id)],
        attachments: attachments.to_vec(),
        quoted_text: None,
        inference_options: InferenceOptions::default(),
    }
}

pub(super) fn attachment(id: &str, thread_id: Option<&str>) -> Attachment {
    Attachment {
        kind: AttachmentKind::File,
        id: id.into(),
        name: format!("{id}.txt"),
        mime_type: "text/plain".to_owned(),
        upload_descriptor: None,
        thread_id: thread_id.map(ThreadId::from),
        metadata: None,
    }
}

/// A store with a thread of the owner's that holds these items.
pub(super) async fn fill(store: &SharedStore, owner: &Owner, id: &str, items: &[ThreadItem]) {
    store.save_thread(owner, &thread(id)).await.unwrap();
    for item in items {
        store.save_item(owner, &id.into(), item).await.unwrap();
    }
}

pub(super) fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:05}")).collect()
}

pub(super) fn messages(thread_id: &str, ids: &[String]) -> Vec<ThreadItem> {
    ids.iter().map(|id| message(thread_id, id)).collect()
}

pub(super) fn item_ids(items: &[ThreadItem]) -> Vec<String> {
    items.iter().map(|item| item.id().to_string()).collect()
}

pub(super) fn thread_ids(threads: &[ThreadMetadata]) -> Vec<String> {
    threads.iter().map(|thread| thread.id.to_string()).collect()
}

/// The list in the order in which pages go through it.
pub(super) fn in_order<T: Clone>(oldest_first: &[T], order: Order) -> Vec<T> {
    let mut list = oldest_first.to_vec();
    if order == Order::Desc {
        list.reverse();
    }
    list
}

pub(super) fn request(limit: usize, order: Order, after: Option<&str>) -> PageRequest {
    PageRequest { limit, order, after: after.map(str::to_owned) }
}

/// All items of a thread, oldest first, in one page.
pub(super) async fn all_items(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &str,
) -> Vec<ThreadItem> {
    let everything = PageRequest::first(1_000_000, Order::Asc);
    let page =
        store.load_thread_items(owner, &thread_id.into(), &everything, Visibility::All).await;
    page.unwrap().data
}

/// The ids of all threads of an owner, oldest first, in one page.
pub(super) async fn all_thread_ids(store: &dyn Store, owner: &Owner) -> Vec<String> {
    let everything = PageRequest::first(1_000_000, Order::Asc);
    thread_ids(&store.load_threads(owner, &everything).await.unwrap().data)
}

/// Reads a list of items to its end, page by page, as the stock client does: on from the last
/// record. Checks on the way that each page but the last is full.
pub(super) async fn page_through_items(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &str,
    visibility: Visibility,
    first: PageRequest,
) -> Vec<ThreadItem> {
    let mut items = Vec::new();
    let mut request = first;
    loop {
        let page =
            store.load_thread_items(owner, &thread_id.into(), &request, visibility).await.unwrap();
        assert_is_a_page(&page, request.limit, |item| item.id());
        request.after = page.data.last().map(|item| item.id().to_string());
        items.extend(page.data);
        if !page.has_more {
            return items;
        }
    }
}

/// Reads a list of threads to its end, page by page.
pub(super) async fn page_through_threads(
    store: &dyn Store,
    owner: &Owner,
    first: PageRequest,
) -> Vec<ThreadMetadata> {
    let mut threads = Vec::new();
    let mut request = first;
    loop {
        let page = store.load_threads(owner, &request).await.unwrap();
        assert_is_a_page(&page, request.limit, |thread| &thread.id);
        request.after = page.data.last().map(|thread| thread.id.to_string());
        threads.extend(page.data);
        if !page.has_more {
            return threads;
        }
    }
}

/// A page is as long as asked for, unless it is the last, and names its last record as the cursor
/// if it names one.
pub(super) fn assert_is_a_page<T>(page: &Page<T>, limit: usize, id: impl Fn(&T) -> &str) {
    if page.has_more {
        assert_eq!(page.data.len(), limit, "a page that has more is full");
    } else {
        assert!(page.data.len() <= limit, "a page is no longer than asked for");
    }
    if let Some(after) = &page.after {
        assert_eq!(Some(after.as_str()), page.data.last().map(id), "the cursor is the last record");
    }
}

/// The call failed because a record of this kind does not exist.
#[track_caller]
pub(super) fn assert_not_found<T: fmt::Debug>(result: StoreResult<T>, expected: RecordKind) {
    match result {
        Err(StoreError::NotFound { kind, .. }) => assert_eq!(kind, expected),
        other => panic!("expected that the {expected} is not found, got {other:?}"),
    }
}

/// The call failed because somebody was faster or an id is taken.
#[track_caller]
pub(super) fn assert_conflict<T: fmt::Debug>(result: StoreResult<T>) {
    match result {
        Err(StoreError::Conflict(_)) => {}
        other => panic!("expected a conflict, got {other:?}"),
    }
}
