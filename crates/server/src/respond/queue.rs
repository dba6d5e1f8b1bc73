//! What is emitted, on its way to the turn.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::sync::Notify;

/// How many values may wait.
const AHEAD: usize = 32;
/// Room for values that stays when there are none: a response that is silent keeps no more.
const KEPT: usize = 4;

/// A bounded queue of many senders and one receiver. It is polled by the task that mostly fills it
/// too: nobody is woken for what the receiver is about to look at, and an empty queue takes next to
/// no memory.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    room: Notify,
}

/// Nobody takes anything any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
    /// Senders that wait for room.
    blocked: usize,
    /// Whom to wake, while the receiver waits.
    receiver: Option<Waker>,
}

enum Refused<T> {
    Full(T),
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        let state = State { waiting: VecDeque::new(), closed: false, blocked: 0, receiver: None };
        Self { state: Mutex::new(state), room: Notify::new() }
    }

    /// Appends a value, when there is room.
    pub(super) async fn send(&self, value: T) -> Result<(), Closed> {
        match self.push(value) {
            Ok(()) => Ok(()),
            Err(Refused::Closed) => Err(Closed),
            // Rare, and nobody else should keep room for it.
            Err(Refused::Full(value)) => Box::pin(self.send_later(value)).await,
        }
    }

    async fn send_later(&self, mut value: T) -> Result<(), Closed> {
        let _blocked = Blocked::new(self);
        loop {
            let mut room = pin!(self.room.notified());
            room.as_mut().enable();
            value = match self.push(value) {
                Ok(()) => return Ok(()),
                Err(Refused::Closed) => return Err(Closed),
                Err(Refused::Full(value)) => value,
            };
            room.await;
        }
    }

    /// Takes the first value, if there is one. Whoever then looks again with
    /// [`poll_recv`](Self::poll_recv) need not be woken in between.
    pub(super) fn try_recv(&self) -> Option<T> {
        let mut state = self.state();
        state.receiver = None;
        self.pop(state)
    }

    /// Takes the first value; without one the task is woken for the next.
    pub(super) fn poll_recv(&self, cx: &Context<'_>) -> Poll<T> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.receiver = Some(cx.waker().clone());
            if state.waiting.capacity() > KEPT {
                state.waiting = VecDeque::new();
            }
            return Poll::Pending;
        }
        self.pop(state).map_or(Poll::Pending, Poll::Ready)
    }

    /// Refuses everything from now on. What waits can still be taken.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.room.notify_waiters();
    }

    /// Closes it and lets go of what waits: nobody takes it any more, and a sender may be kept for
    /// long.
    pub(super) fn abandon(&self) {
        self.close();
        let waiting = std::mem::take(&mut self.state().waiting);
        drop(waiting);
    }

    fn push(&self, value: T) -> Result<(), Refused<T>> {
        let mut state = self.state();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.waiting.len() >= AHEAD {
            return Err(Refused::Full(value));
        }
        state.waiting.push_back(value);
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Ok(())
    }

    fn pop(&self, mut state: MutexGuard<'_, State<T>>) -> Option<T> {
        let value = state.waiting.pop_front()?;
        let is_awaited = state.blocked > 0;
        drop(state);
        if is_awaited {
            self.room.notify_one();
        }
        Some(value)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sender that waits for room.
struct Blocked<'a, T>(&'a Queue<T>);

impl<'a, T> Blocked<'a, T> {
    fn new(queue: &'a Queue<T>) -> Self {
        queue.state().blocked += 1;
        Self(queue)
    }
}

impl<T> Drop for Blocked<'_, T> {
    fn drop(&mut self) {
        self.0.state().blocked -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use futures_util::{FutureExt as _, poll};
    use tokio::task::JoinSet;

    use super::*;

    async fn recv<T>(queue: &Queue<T>) -> T {
        poll_fn(|cx| queue.poll_recv(cx)).await
    }

    #[tokio::test]
    async fn values_come_in_order_and_senders_wait_for_room() {
        let queue = Queue::new();
        for number in 0..AHEAD {
            assert_eq!(queue.send(number).now_or_never(), Some(Ok(())));
        }
        let mut late = pin!(queue.send(AHEAD));
        assert!(poll!(&mut late).is_pending());
        assert_eq!(queue.try_recv(), Some(0));
        assert_eq!(poll!(&mut late), Poll::Ready(Ok(())));
        for number in 1..=AHEAD {
            assert_eq!(recv(&queue).await, number);
        }
        assert_eq!(queue.try_recv(), None);
    }

    /// One that gave up while it had been promised room passes the promise on.
    #[tokio::test]
    async fn a_sender_that_gives_up_blocks_nobody() {
        let queue = Queue::new();
        for number in 0..AHEAD {
            assert_eq!(queue.send(number).now_or_never(), Some(Ok(())));
        }
        let mut first = Box::pin(queue.send(100));
        let mut second = pin!(queue.send(200));
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut second).is_pending());
        assert_eq!(queue.try_recv(), Some(0));
        drop(first);
        assert_eq!(poll!(&mut second), Poll::Ready(Ok(())));
    }

    #[tokio::test]
    async fn a_closed_queue_gives_what_it_has_and_takes_nothing() {
        let queue = Queue::new();
        for number in 0..AHEAD {
            assert_eq!(queue.send(number).now_or_never(), Some(Ok(())));
        }
        let mut blocked = pin!(queue.send(AHEAD));
        assert!(poll!(&mut blocked).is_pending());
        queue.close();
        assert_eq!(poll!(&mut blocked), Poll::Ready(Err(Closed)));
        assert_eq!(queue.send(1).now_or_never(), Some(Err(Closed)));
        assert_eq!(recv(&queue).await, 0);
    }

    #[tokio::test]
    async fn an_abandoned_queue_holds_nothing() {
        let queue = Queue::new();
        let value = Arc::new(());
        assert_eq!(queue.send(Arc::clone(&value)).now_or_never(), Some(Ok(())));
        queue.abandon();
        assert_eq!(Arc::strong_count(&value), 1);
        assert_eq!(queue.send(value).now_or_never(), Some(Err(Closed)));
    }

    /// More senders than there is room for, on several threads.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nothing_is_lost_among_threads() {
        const SENDERS: usize = 100;
        const EACH: usize = 50;
        let queue = Arc::new(Queue::new());
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let queue = Arc::clone(&queue);
            senders.spawn(async move {
                for number in 0..EACH {
                    queue.send((sender, number)).await.unwrap();
                }
            });
        }
        let mut next = [0; SENDERS];
        for _ in 0..SENDERS * EACH {
            let (sender, number) = recv(&queue).await;
            assert_eq!(next[sender], number, "each sender's values are in order");
            next[sender] += 1;
        }
        assert_eq!(senders.join_all().await.len(), SENDERS);
        assert_eq!(queue.try_recv(), None);
    }

    #[tokio::test]
    async fn a_silent_queue_keeps_little_room() {
        let queue = Queue::new();
        for number in 0..AHEAD {
            assert_eq!(queue.send(number).now_or_never(), Some(Ok(())));
        }
        for _ in 0..AHEAD {
            recv(&queue).await;
        }
        assert_eq!(recv(&queue).now_or_never(), None);
        assert!(queue.state().waiting.capacity() <= KEPT);
    }
}
