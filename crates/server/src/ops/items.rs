//! Pages of a thread's items, those in the making included.

use std::collections::{HashMap, HashSet};

use chatkit_protocol::{ItemId, Order, Page, ThreadItem};

use crate::{
    ChatKitServer, PageRequest, Store, StoreError, StoreResult, ThreadKey, Visibility,
    chatkit::Shared, visible,
};

/// How often a page is loaded anew because items were done in the meantime.
const ATTEMPTS: usize = 4;

/// A page of what a client may see: the stored items, and after them those that the running turn
/// has added and not done, as they stand.
pub(super) async fn page_of_items<S: ChatKitServer>(
    shared: &Shared<S>,
    thread: &ThreadKey,
    request: &PageRequest,
) -> StoreResult<Page<ThreadItem>> {
    let mut pending = shared.coordinator.pending_items(thread).await;
    let mut page = combined(&*shared.store, thread, request, &pending).await?;
    for _ in 1..ATTEMPTS {
        if pending.is_empty() {
            break;
        }
        // An item that was done after it was asked for, and before the page was loaded, must not
        // be missed or be shown as it was.
        let now = shared.coordinator.pending_items(thread).await;
        if now.iter().map(ThreadItem::id).eq(pending.iter().map(ThreadItem::id)) {
            break;
        }
        pending = now;
        page = combined(&*shared.store, thread, request, &pending).await?;
    }
    Ok(page)
}

/// A page of the stored items with the pending ones behind. One that is stored already, as when it
/// was added again, stays in its place.
async fn combined(
    store: &dyn Store,
    ThreadKey { owner, thread_id }: &ThreadKey,
    request: &PageRequest,
    pending: &[ThreadItem],
) -> StoreResult<Page<ThreadItem>> {
    let mut stored_too = HashSet::new();
    for item in pending {
        match store.load_item(owner, thread_id, item.id()).await {
            Ok(_) => drop(stored_too.insert(item.id())),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let new: Vec<_> = pending.iter().filter(|item| !stored_too.contains(item.id())).collect();
    let plan = Plan::of(request, &new);
    let mut page = match plan.stored {
        Some(stored) => {
            store.load_thread_items(owner, thread_id, &stored, Visibility::Visible).await?
        }
        None => Page::default(),
    };
    let changed: HashMap<&ItemId, &ThreadItem> =
        pending.iter().map(|item| (item.id(), item)).collect();
    for item in &mut page.data {
        match changed.get(item.id()) {
            Some(changed) => item.clone_from(changed),
            None => visible::item(item),
        }
    }
    // One that was stored just now is on the page already.
    let on_page: HashSet<&ItemId> = page.data.iter().map(ThreadItem::id).collect();
    let new: Vec<_> = plan.new.into_iter().filter(|item| !on_page.contains(item.id())).collect();
    Ok(join(request, page, &new))
}

/// Where the items of a page come from.
struct Plan<'a> {
    /// What to ask the store for, if anything.
    stored: Option<PageRequest>,
    /// The new items that may be on the page, in its order.
    new: Vec<&'a ThreadItem>,
}

impl<'a> Plan<'a> {
    fn of(request: &PageRequest, new: &[&'a ThreadItem]) -> Self {
        let after = request.after.as_deref();
        let at = new.iter().position(|item| Some(item.id().as_str()) == after);
        match request.order {
            Order::Asc => match at {
                Some(at) => Self { stored: None, new: new[at + 1..].to_vec() },
                None => Self { stored: Some(request.clone()), new: new.to_vec() },
            },
            Order::Desc => {
                let before = match (at, after) {
                    (Some(at), _) => &new[..at],
                    (None, None) => new,
                    (None, Some(_)) => &[],
                };
                let new: Vec<_> = before.iter().rev().take(request.limit).copied().collect();
                let mut stored = request.clone();
                stored.after = request.after.clone().filter(|_| at.is_none());
                // One at least, to know whether there are more.
                stored.limit = (request.limit - new.len()).max(1);
                Self { stored: Some(stored), new }
            }
        }
    }
}

/// Puts the new items where they belong, within the limit.
fn join(
    request: &PageRequest,
    mut stored: Page<ThreadItem>,
    new: &[&ThreadItem],
) -> Page<ThreadItem> {
    let limit = request.limit;
    match request.order {
        Order::Asc if stored.has_more => stored,
        Order::Asc => {
            let room = limit.saturating_sub(stored.data.len());
            stored.data.extend(new.iter().take(room).map(|item| (*item).clone()));
            let has_more = new.len() > room;
            page(stored.data, has_more)
        }
        Order::Desc => {
            let mut data: Vec<_> = new.iter().map(|item| (*item).clone()).collect();
            let room = limit.saturating_sub(data.len());
            let has_more = stored.has_more || stored.data.len() > room;
            data.extend(stored.data.into_iter().take(room));
            page(data, has_more)
        }
    }
}

fn page(data: Vec<ThreadItem>, has_more: bool) -> Page<ThreadItem> {
    let after = data.last().filter(|_| has_more).map(|item| item.id().to_string());
    Page { data, has_more, after }
}
