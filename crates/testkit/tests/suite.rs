//! The suite itself: it is complete, and it finds what is broken.

#[path = "suite/broken.rs"]
mod broken;
#[path = "suite/notes.rs"]
mod notes;

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use broken::{Broken, Fault};
use chatkit_testkit::store_conformance::{
    Fixture, SharedStore, atomic, bulk, check, checkpoints, deleting, exactness, ids, ordering,
    owners, paging, pending, user_messages, visibility,
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

chatkit_testkit::store_conformance!(|| async { Broken::new(None) });

/// The rule fails with the fault. Without the fault it passes, as the tests above show.
fn assert_found(fault: Fault, rule: impl AsyncFnOnce(SharedStore)) {
    let open = async || Fixture::from(Broken::new(Some(fault)));
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

#[test]
fn each_fault_of_checkpoints_is_found() {
    for fault in [Fault::CheckpointsLoadedThoughNoneAreKept, Fault::CheckpointsAdded] {
        assert_found(fault, checkpoints::a_checkpoint_comes_back_exactly);
        assert_found(fault, checkpoints::a_checkpoint_replaces_the_one_before);
    }
    assert_found(
        Fault::CheckpointsStayWithoutTheirThread,
        checkpoints::a_thread_takes_its_checkpoint_along,
    );
    assert_found(
        Fault::CheckpointsStayWithoutTheirThread,
        checkpoints::a_checkpoint_and_a_deletion_of_its_thread_leave_nothing,
    );
    assert_found(
        Fault::CheckpointsCheckedTooEarly,
        checkpoints::a_checkpoint_and_a_deletion_of_its_thread_leave_nothing,
    );
    assert_found(
        Fault::CheckpointsOfNoThreadKept,
        checkpoints::a_checkpoint_of_no_thread_is_dropped,
    );
    assert_found(
        Fault::CheckpointsOfAnotherReplaced,
        checkpoints::another_owners_checkpoint_is_left_alone,
    );
    assert_found(Fault::CheckpointsAreItems, checkpoints::a_checkpoint_shows_nowhere_else);
    assert_found(
        Fault::CheckpointsNewestThreadFirst,
        checkpoints::checkpoints_come_oldest_thread_first,
    );
    assert_found(Fault::CheckpointsWithoutLimit, checkpoints::checkpoints_come_oldest_thread_first);
}
