//! The suite itself: it is complete, and it finds what is broken.

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use async_trait::async_trait;
use chatkit_protocol::{
    Attachment, AttachmentId, ItemId, Order, Page, ThreadId, ThreadItem, ThreadMetadata,
    UserMessageItem,
};
use chatkit_server::{
    MemoryStore, Owner, PageRequest, RecordKind, Store, StoreError, StoreResult, ThreadPatch,
    Visibility,
};
use chatkit_testkit::store_conformance::{
    Fixture, SharedStore, atomic, bulk, check, deleting, exactness, ids, ordering, owners, paging,
    pending, user_messages, visibility,
};

/// Every public rule is a test that the macro makes.
#[test]
fn the_macro_knows_every_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store_conformance");
    let list = fs::read_to_string(folder.join("mod.rs")).unwrap();
    let mut rules = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("pub async fn ") {
                rules.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    assert!(rules.len() > 60);
    for rule in rules {
        assert!(
            list.contains(&format!(" {rule},")) || list.contains(&format!(" {rule};")),
            "{rule}"
        );
    }
}

/// What a store may get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    ItemsSortedByTime,
    SavingMovesToTheEnd,
    HiddenItemsCutOutOfThePage,
    AlwaysMore,
    UnknownCursorIsTheFirstPage,
    OwnersNotChecked,
    AttachmentsStayWithoutTheirThread,
    HiddenItemsSurviveDeletingAfter,
    PatchReplacesTheThread,
    CompletedTwice,
    PendingItemsNewestFirst,
    OrphanThread,
    AttachmentsNotChecked,
    TextCutAtNul,
    IdsTrimmed,
    EveryHundredthItemLost,
}

/// A store in memory with one fault.
struct Broken {
    store: MemoryStore,
    fault: Fault,
}

impl Broken {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn owner(&self, owner: &Owner) -> Owner {
        if self.has(Fault::OwnersNotChecked) { Owner::default() } else { owner.clone() }
    }

    fn item_id(&self, id: &ItemId) -> ItemId {
        if self.has(Fault::IdsTrimmed) { id.trim().into() } else { id.clone() }
    }
}

#[async_trait]
impl Store for Broken {
    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        self.store.load_thread(&self.owner(owner), id).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        self.store.save_thread(&self.owner(owner), thread).await
    }

    async fn update_thread(
        &self,
        owner: &Owner,
        id: &ThreadId,
        patch: &ThreadPatch,
    ) -> StoreResult<ThreadMetadata> {
        if !self.has(Fault::PatchReplacesTheThread) {
            return self.store.update_thread(&self.owner(owner), id, patch).await;
        }
        let mut thread = self.load_thread(owner, id).await?;
        tokio::task::yield_now().await;
        patch.apply(&mut thread);
        self.save_thread(owner, &thread).await?;
        Ok(thread)
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        self.store.load_threads(&self.owner(owner), page).await
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        if !self.has(Fault::AttachmentsStayWithoutTheirThread) {
            return self.store.delete_thread(&self.owner(owner), id).await;
        }
        let file = AttachmentId::from("file");
        let kept = self.store.load_attachment(owner, &file).await;
        self.store.delete_thread(owner, id).await?;
        match kept {
            Ok(kept) => self.store.save_attachment(owner, &kept).await,
            Err(_) => Ok(()),
        }
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
        request: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let owner = &self.owner(owner);
        let cut_late = self.has(Fault::HiddenItemsCutOutOfThePage);
        let asked = if cut_late { Visibility::All } else { visibility };
        let mut page = self.store.load_thread_items(owner, id, request, asked).await;
        if self.has(Fault::UnknownCursorIsTheFirstPage)
            && matches!(page, Err(StoreError::NotFound { kind: RecordKind::Item, .. }))
        {
            let first = PageRequest::first(request.limit, request.order);
            page = self.store.load_thread_items(owner, id, &first, asked).await;
        }
        let mut page = page?;
        if cut_late && visibility == Visibility::Visible {
            page.data.retain(|item| !item.is_hidden());
        }
        if self.has(Fault::ItemsSortedByTime) {
            page.data.sort_by_key(ThreadItem::created_at);
        }
        if self.has(Fault::AlwaysMore) {
            page.has_more = !page.data.is_empty();
        }
        Ok(page)
    }

    async fn load_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.store.load_item(&self.owner(owner), thread_id, &self.item_id(id)).await
    }

    async fn save_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        let owner = &self.owner(owner);
        if self.has(Fault::SavingMovesToTheEnd) {
            self.store.delete_item(owner, thread_id, item.id()).await?;
        }
        if self.has(Fault::EveryHundredthItemLost) && item.id().ends_with("99") {
            return self.store.load_thread(owner, thread_id).await.map(drop);
        }
        let mut item = item.clone();
        if let ThreadItem::AssistantMessage(message) = &mut item {
            if self.has(Fault::TextCutAtNul) {
                for content in &mut message.content {
                    content.text.truncate(content.text.find('\0').unwrap_or(usize::MAX));
                }
            }
            message.id = self.item_id(&message.id);
        }
        self.store.save_item(owner, thread_id, &item).await
    }

    async fn delete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<()> {
        self.store.delete_item(&self.owner(owner), thread_id, &self.item_id(id)).await
    }

    async fn complete_item(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        item: &ThreadItem,
    ) -> StoreResult<()> {
        if !self.has(Fault::CompletedTwice) {
            return self.store.complete_item(&self.owner(owner), thread_id, item).await;
        }
        if !self.load_item(owner, thread_id, item.id()).await?.is_pending() {
            return Err(StoreError::not_pending(item.id()));
        }
        tokio::task::yield_now().await;
        self.save_item(owner, thread_id, item).await
    }

    async fn load_pending_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
    ) -> StoreResult<Vec<ThreadItem>> {
        let mut items = self.store.load_pending_items(&self.owner(owner), id).await?;
        if self.has(Fault::PendingItemsNewestFirst) {
            items.reverse();
        }
        Ok(items)
    }

    async fn delete_items_after(
        &self,
        owner: &Owner,
        thread_id: &ThreadId,
        id: &ItemId,
    ) -> StoreResult<usize> {
        if !self.has(Fault::HiddenItemsSurviveDeletingAfter) {
            return self.store.delete_items_after(&self.owner(owner), thread_id, id).await;
        }
        let after = PageRequest { limit: 10_000, order: Order::Asc, after: Some(id.to_string()) };
        let page =
            self.store.load_thread_items(owner, thread_id, &after, Visibility::Visible).await?;
        for item in &page.data {
            self.store.delete_item(owner, thread_id, item.id()).await?;
        }
        Ok(page.data.len())
    }

    async fn add_user_message(
        &self,
        owner: &Owner,
        new_thread: Option<&ThreadMetadata>,
        message: &UserMessageItem,
    ) -> StoreResult<()> {
        let owner = &self.owner(owner);
        if let Some(thread) = new_thread.filter(|_| self.has(Fault::OrphanThread)) {
            self.store.save_thread(owner, thread).await?;
        }
        if self.has(Fault::AttachmentsNotChecked) {
            for attachment in &message.attachments {
                self.store.save_attachment(owner, attachment).await?;
            }
        }
        self.store.add_user_message(owner, new_thread, message).await
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.store.save_attachment(&self.owner(owner), attachment).await
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.store.load_attachment(&self.owner(owner), id).await
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        self.store.delete_attachment(&self.owner(owner), id).await
    }
}

/// The rule fails with the fault.
fn assert_found(fault: Fault, rule: impl AsyncFnOnce(SharedStore)) {
    let open = async || Fixture::from(Broken { store: MemoryStore::new(), fault });
    let outcome = catch_unwind(AssertUnwindSafe(|| check(open, rule)));
    assert!(outcome.is_err(), "the rule passes with {fault:?}");
}

#[test]
fn each_fault_is_found() {
    assert_found(Fault::ItemsSortedByTime, ordering::items_ignore_created_at);
    assert_found(Fault::SavingMovesToTheEnd, ordering::an_item_saved_again_keeps_its_place);
    assert_found(Fault::HiddenItemsCutOutOfThePage, visibility::hidden_items_do_not_shorten_a_page);
    assert_found(Fault::HiddenItemsCutOutOfThePage, visibility::no_page_is_empty_and_has_more);
    assert_found(Fault::AlwaysMore, paging::item_pages_are_complete_with_every_limit);
    assert_found(Fault::UnknownCursorIsTheFirstPage, paging::an_unknown_cursor_is_not_found);
    assert_found(Fault::OwnersNotChecked, owners::nothing_of_another_can_be_read);
    assert_found(Fault::OwnersNotChecked, owners::nothing_of_another_can_be_written);
    assert_found(Fault::OwnersNotChecked, owners::nothing_of_another_can_be_deleted);
    assert_found(Fault::OwnersNotChecked, owners::the_id_of_another_owners_thread_is_refused);
    assert_found(Fault::OwnersNotChecked, owners::the_id_of_another_owners_attachment_is_refused);
    assert_found(Fault::OwnersNotChecked, owners::another_owners_message_is_refused);
    assert_found(Fault::OwnersNotChecked, owners::lists_are_apart);
    assert_found(
        Fault::AttachmentsStayWithoutTheirThread,
        deleting::a_thread_takes_its_items_and_attachments_along,
    );
    assert_found(
        Fault::HiddenItemsSurviveDeletingAfter,
        deleting::items_after_an_item_go_in_one_step,
    );
    assert_found(Fault::PatchReplacesTheThread, atomic::two_writers_of_different_fields_both_win);
    assert_found(Fault::CompletedTwice, atomic::exactly_one_of_many_submissions_wins);
    assert_found(Fault::PendingItemsNewestFirst, pending::pending_items_come_oldest_first);
    assert_found(Fault::OrphanThread, user_messages::an_unknown_attachment_leaves_nothing_behind);
    assert_found(Fault::OrphanThread, user_messages::a_taken_attachment_leaves_nothing_behind);
    assert_found(
        Fault::AttachmentsNotChecked,
        user_messages::a_taken_attachment_leaves_nothing_behind,
    );
    assert_found(
        Fault::AttachmentsNotChecked,
        user_messages::an_unknown_thread_leaves_nothing_behind,
    );
    assert_found(Fault::TextCutAtNul, exactness::unusual_text_comes_back_exactly);
    assert_found(Fault::IdsTrimmed, ids::odd_ids_are_kept_apart);
    assert_found(Fault::EveryHundredthItemLost, bulk::ten_thousand_items_are_kept_in_order);
}
