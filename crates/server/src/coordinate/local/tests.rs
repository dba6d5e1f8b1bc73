use std::time::Duration;

use chatkit_protocol::ThreadId;
use futures_util::poll;
use tokio::time::timeout;

use super::*;
use crate::Owner;

fn key() -> ThreadKey {
    ThreadKey { owner: Owner::default(), thread_id: ThreadId::from("thr_1") }
}

fn runs<const N: usize>() -> [RunHandle; N] {
    std::array::from_fn(|_| RunHandle::new(false))
}

fn is_empty(coordinator: &LocalCoordinator) -> bool {
    coordinator.state().threads.is_empty()
}

#[tokio::test]
async fn the_newest_supersedes_and_nothing_is_left_behind() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [first, second, third] = runs();

    let held = coordinator.enter(&thread, &first, Entry::Interrupt).await.unwrap();
    let mut waits = coordinator.enter(&thread, &second, Entry::Interrupt);
    assert!(poll!(&mut waits).is_pending());
    assert_eq!(first.cancel_reason(), Some(CancelReason::Superseded));
    let mut newest = coordinator.enter(&thread, &third, Entry::Interrupt);
    assert!(poll!(&mut newest).is_pending());
    assert_eq!(second.cancel_reason(), Some(CancelReason::Superseded));

    drop(held);
    assert!(poll!(&mut newest).is_pending(), "the second comes before the third");
    drop(waits.await);
    let held = newest.await;
    assert_eq!(third.cancel_reason(), None);
    drop(held);
    assert!(is_empty(&coordinator));
}

#[tokio::test]
async fn who_gives_up_waiting_leaves_the_line() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [first, second, third] = runs();
    let held = coordinator.enter(&thread, &first, Entry::Interrupt).await.unwrap();
    let mut gives_up = coordinator.enter(&thread, &second, Entry::Interrupt);
    assert!(poll!(&mut gives_up).is_pending());
    let mut waits = coordinator.enter(&thread, &third, Entry::Interrupt);
    assert!(poll!(&mut waits).is_pending());
    drop(gives_up);
    drop(held);
    drop(waits.await.unwrap());
    assert!(is_empty(&coordinator));
}

#[tokio::test(start_paused = true)]
async fn who_follows_lets_the_others_finish_but_not_for_ever() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [first, second, third] = runs();
    let patience = Duration::from_secs(5);

    let held = coordinator.enter(&thread, &first, Entry::Interrupt).await.unwrap();
    let mut follows = coordinator.enter(&thread, &second, Entry::Follow(patience));
    assert!(poll!(&mut follows).is_pending());
    drop(held);
    let held = follows.await.unwrap();
    assert_eq!(first.cancel_reason(), None);

    let mut follows = coordinator.enter(&thread, &third, Entry::Follow(patience));
    assert!(timeout(patience * 2, &mut follows).await.is_err());
    assert_eq!(second.cancel_reason(), Some(CancelReason::Superseded));
    drop(held);
    drop(follows.await);
    assert!(is_empty(&coordinator));
}

#[tokio::test]
async fn some_do_not_wait_and_some_wait_in_a_short_queue() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [first, second, third, rejected, gone] = runs();
    let held = coordinator.enter(&thread, &first, Entry::Reject).await.unwrap();
    let refused = coordinator.enter(&thread, &rejected, Entry::Reject).await;
    assert_eq!(refused.err(), Some(Busy::Running));
    let enqueue = Entry::Enqueue { limit: 1 };
    let mut left = coordinator.enter(&thread, &gone, enqueue);
    assert!(poll!(&mut left).is_pending());
    let mut waits = coordinator.enter(&thread, &second, enqueue);
    assert!(poll!(&mut waits).is_pending(), "a client that left does not count");
    let _reader = second.attach(None);
    let refused = coordinator.enter(&thread, &third, enqueue).await;
    assert_eq!(refused.err(), Some(Busy::QueueFull));
    assert_eq!(first.cancel_reason(), None);
    drop(held);
    drop(left.await);
    drop(waits.await);
    assert!(is_empty(&coordinator));
}

#[tokio::test]
async fn what_was_taken_back_is_told_to_the_next() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [first, second, third] = runs();
    let mut held = coordinator.enter(&thread, &first, Entry::Interrupt).await.unwrap();
    let mut waits = coordinator.enter(&thread, &second, Entry::Rollback);
    assert!(poll!(&mut waits).is_pending());
    assert!(first.cancellation().rolls_back());
    held.pass_on(vec!["msg_1".into()]);
    drop(held);
    let next = waits.await.unwrap();
    assert_eq!(next.removed(), ["msg_1"]);
    drop(next);
    let after = coordinator.enter(&thread, &third, Entry::Interrupt).await.unwrap();
    assert!(after.removed().is_empty());
}

#[tokio::test]
async fn a_stop_is_answered_at_the_end_and_means_the_turn_that_is_to_come() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [first, second, deletion] = runs();
    assert_eq!(coordinator.stop(&thread).await, StopOutcome::NotRunning);

    let held = coordinator.enter(&thread, &first, Entry::Interrupt).await.unwrap();
    let mut waits = coordinator.enter(&thread, &second, Entry::Interrupt);
    assert!(poll!(&mut waits).is_pending());
    let mut stopping = coordinator.stop(&thread);
    assert!(poll!(&mut stopping).is_pending());
    assert_eq!(second.cancel_reason(), Some(CancelReason::Stop));
    drop(held);
    let held = waits.await.unwrap();
    assert!(poll!(&mut stopping).is_pending());
    drop(held);
    assert_eq!(stopping.await, StopOutcome::Stopped);

    let _held = coordinator.enter(&thread, &deletion, Entry::Exclusive).await.unwrap();
    assert_eq!(coordinator.stop(&thread).await, StopOutcome::NotRunning);
    assert!(coordinator.attach(&thread, None).await.is_none());
    assert_eq!(deletion.cancel_reason(), None);
}

#[tokio::test]
async fn a_turn_that_may_not_be_cancelled_is_not_stopped() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [run] = runs();
    let _held = coordinator.enter(&thread, &run, Entry::Interrupt).await.unwrap();
    run.mind_absence(false, Duration::ZERO);
    assert_eq!(coordinator.stop(&thread).await, StopOutcome::NotAllowed);
    assert_eq!(run.cancel_reason(), None);
}

#[tokio::test]
async fn another_owner_does_not_disturb() {
    let coordinator = LocalCoordinator::default();
    let of = |owner: &str| ThreadKey { owner: Owner::new(owner), ..key() };
    let [mine, theirs] = runs();
    let _held = coordinator.enter(&of("a"), &mine, Entry::Interrupt).await.unwrap();
    assert!(coordinator.attach(&of("b"), None).await.is_none());
    assert_eq!(coordinator.stop(&of("b")).await, StopOutcome::NotRunning);
    let _other = coordinator.enter(&of("b"), &theirs, Entry::Interrupt).await.unwrap();
    assert_eq!(mine.cancel_reason(), None);
}

#[tokio::test]
async fn after_shutdown_every_run_is_cancelled() {
    let coordinator = LocalCoordinator::default();
    let thread = key();
    let [running, late] = runs();
    let held = coordinator.enter(&thread, &running, Entry::Interrupt).await.unwrap();
    coordinator.shut_down();
    assert_eq!(running.cancel_reason(), Some(CancelReason::Shutdown));
    drop(held);
    let _held = coordinator.enter(&thread, &late, Entry::Interrupt).await.unwrap();
    assert_eq!(late.cancel_reason(), Some(CancelReason::Shutdown));
}
