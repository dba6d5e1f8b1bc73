//! Pages of a thread, as clients ask for them.

use std::sync::Arc;

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, Page, ThreadId, ThreadItem, ThreadMetadata,
    Timestamp,
};
use chatkit_server::{ChatKit, Owner, Response, Store};
use serde_json::json;

use crate::{Outcome, replies::Counting};

/// More than a page holds.
const ITEMS: usize = 150;

/// Asks so many times for the newest page of a thread.
pub(crate) async fn pages(store: Arc<dyn Store>, size: usize, times: usize) -> Outcome {
    let owner = Owner::default();
    let thread_id = ThreadId::from("thr_1");
    let created_at: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    store.save_thread(&owner, &ThreadMetadata::new(thread_id.clone(), created_at)).await?;
    for number in 0..ITEMS {
        let item = ThreadItem::AssistantMessage(AssistantMessageItem {
            id: format!("msg_{number}").into(),
            thread_id: thread_id.clone(),
            created_at,
            content: vec![AssistantMessageContent::text("The weather in Oslo is fine. ".repeat(8))],
        });
        store.save_item(&owner, &thread_id, &item).await?;
    }
    let chatkit = ChatKit::builder(Counting, store).build();
    let request = json!({"type": "items.list",
        "params": {"thread_id": thread_id, "limit": size, "order": "desc"}});
    let request = request.to_string();
    let mut last = None;
    for _ in 0..times {
        let Response::Json { status: 200, body } = chatkit.process(request.as_bytes(), ()).await
        else {
            return Err("expected a page".into());
        };
        last = Some(body);
    }
    let page: Page<ThreadItem> = serde_json::from_slice(&last.unwrap_or_default())?;
    if page.data.len() == size { Ok(()) } else { Err("the page has another size".into()) }
}
