//! The rules that every [`Store`] keeps.
//!
//! Each rule is an async function that takes an empty store and panics when the store breaks it.
//! The macro [`store_conformance!`](crate::store_conformance!) makes a test of each; other harnesses
//! can call them directly.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken rule panics, as an assertion in a test does"
)]

pub mod atomic;
pub mod attachments;
pub mod bulk;
pub mod checkpoints;
pub mod deleting;
pub mod exactness;
pub mod ids;
pub mod ordering;
pub mod owners;
pub mod paging;
pub mod pending;
mod samples;
pub mod threads;
pub mod user_messages;
pub mod visibility;

use std::{any::Any, fmt, sync::Arc, time::Duration};

use chatkit_server::Store;

/// A store as the rules take it, so that their tasks can share it.
pub type SharedStore = Arc<dyn Store>;

/// A rule that has not come to its end by then hangs.
const DEADLINE: Duration = Duration::from_secs(300);

/// A store under test, with what must live as long as it, for example its temporary folder.
pub struct Fixture {
    store: SharedStore,
    _kept: Box<dyn Any>,
}

impl Fixture {
    /// A store, and something to drop only after it.
    pub fn keeping(store: impl Store, kept: impl Any) -> Self {
        Self { store: Arc::new(store), _kept: Box::new(kept) }
    }
}

impl<S: Store> From<S> for Fixture {
    fn from(store: S) -> Self {
        Self::keeping(store, ())
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").finish_non_exhaustive()
    }
}

/// Checks a rule against a new store, on a runtime of several threads.
///
/// # Panics
///
/// When the store breaks the rule or hangs.
pub fn check<O, R>(open: O, rule: R)
where
    O: AsyncFnOnce() -> Fixture,
    R: AsyncFnOnce(SharedStore),
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let fixture = open().await;
        let rule = rule(Arc::clone(&fixture.store));
        tokio::time::timeout(DEADLINE, rule).await.expect("the rule comes to its end");
    });
}

/// Makes a test of each rule of the [conformance suite](mod@crate::store_conformance).
///
/// The argument is a closure that opens an empty store for one test; its result is a
/// [`Store`](chatkit_server::Store) or a [`Fixture`](crate::store_conformance::Fixture).
///
/// With `single_writer` as the second argument, the rules are left out that a store without
/// transactions of its own, on the trait's default methods, keeps only if nobody else writes to the
/// thread at the same time.
#[macro_export]
macro_rules! store_conformance {
    ($open:expr) => {
        $crate::store_conformance!($open, single_writer);
        $crate::store_conformance! {
            @tests $open;
            atomic:
                two_writers_of_different_fields_both_win,
                exactly_one_of_many_submissions_wins,
                an_attachment_goes_to_exactly_one_of_two_threads,
                a_message_and_a_deletion_of_its_thread_leave_nothing_between,
        }
    };
    ($open:expr, single_writer) => {
        $crate::store_conformance! {
            @tests $open;
            ordering:
                items_keep_the_order_of_saving,
                items_ignore_created_at,
                threads_keep_the_order_of_saving,
                threads_ignore_created_at,
                an_item_saved_again_keeps_its_place,
                a_thread_saved_again_keeps_its_place,
                an_item_deleted_and_added_again_goes_to_the_end,
                a_thread_deleted_and_added_again_goes_to_the_end;
            paging:
                item_pages_are_complete_with_every_limit,
                thread_pages_are_complete_with_every_limit,
                items_added_while_paging_up_come_at_the_end,
                items_added_while_paging_down_do_not_come,
                threads_added_while_paging_up_come_at_the_end,
                threads_added_while_paging_down_do_not_come,
                items_deleted_while_paging_make_no_gap,
                an_unknown_cursor_is_not_found,
                nothing_to_list_is_an_empty_page,
                extreme_limits_are_no_trouble;
            visibility:
                hidden_items_do_not_shorten_a_page,
                no_page_is_empty_and_has_more,
                a_page_may_follow_a_hidden_item,
                an_item_that_becomes_hidden_leaves_the_pages;
            deleting:
                a_thread_takes_its_items_and_attachments_along,
                a_thread_leaves_the_others_alone,
                an_item_can_be_deleted_twice,
                items_after_an_item_go_in_one_step,
                deleting_after_an_unknown_item_deletes_nothing,
                what_does_not_exist_is_not_found;
            threads:
                a_thread_is_replaced_as_a_whole,
                a_patch_changes_what_it_names,
                saving_a_thread_keeps_its_items;
            pending:
                a_pending_item_is_completed_once,
                only_a_pending_item_can_be_completed,
                an_unknown_item_cannot_be_completed,
                pending_items_come_oldest_first,
                pending_items_are_found_in_a_long_thread;
            user_messages:
                the_first_message_makes_the_thread,
                a_further_message_goes_to_the_end,
                attachments_belong_to_the_thread_afterwards,
                the_same_attachment_again_is_fine,
                an_unknown_attachment_leaves_nothing_behind,
                a_taken_attachment_leaves_nothing_behind,
                an_unknown_thread_leaves_nothing_behind,
                a_foreign_thread_leaves_nothing_behind;
            attachments:
                an_attachment_is_replaced_as_a_whole,
                an_attachment_can_be_deleted;
            owners:
                nothing_of_another_can_be_read,
                nothing_of_another_can_be_written,
                nothing_of_another_can_be_deleted,
                the_id_of_another_owners_thread_is_refused,
                the_id_of_another_owners_attachment_is_refused,
                another_owners_message_is_refused,
                lists_are_apart,
                a_deleted_thread_leaves_another_owners_attachments;
            exactness:
                every_kind_of_item_comes_back_exactly,
                unusual_text_comes_back_exactly,
                a_megabyte_comes_back_exactly,
                numbers_come_back_exactly,
                times_come_back_exactly,
                threads_come_back_exactly,
                attachments_come_back_exactly,
                what_was_accepted_can_be_read;
            ids:
                odd_ids_are_kept_apart,
                an_item_id_may_occur_in_several_threads,
                minted_ids_are_unique;
            checkpoints:
                a_checkpoint_comes_back_exactly,
                an_accepted_checkpoint_can_be_read,
                a_checkpoint_replaces_the_one_before,
                a_deleted_checkpoint_is_gone,
                a_checkpoint_of_no_thread_is_dropped,
                another_owners_checkpoint_is_left_alone,
                a_thread_takes_its_checkpoint_along,
                a_checkpoint_shows_nowhere_else,
                checkpoints_come_oldest_thread_first,
                many_turns_keep_their_checkpoints_apart,
                a_checkpoint_and_a_deletion_of_its_thread_leave_nothing;
            bulk:
                ten_thousand_items_are_kept_in_order,
                many_writers_lose_nothing_in_many_threads,
                a_reader_sees_what_was_acknowledged,
        }
    };
    (@tests $open:expr; $($module:ident: $($rule:ident),+ $(,)?);+) => {
        $($(
            #[test]
            fn $rule() {
                $crate::store_conformance::check(
                    async || $crate::store_conformance::Fixture::from(($open)().await),
                    $crate::store_conformance::$module::$rule,
                );
            }
        )+)+
    };
}
