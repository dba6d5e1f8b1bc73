//! One timer for all that is due some time.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Rings at a time, or later if nobody waits for it. The timer behind is made when somebody waits
/// first, and moved only when it fires: an event costs nothing.
#[derive(Debug)]
pub(super) struct Alarm {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// An alarm that rings at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { at: Some(now), timer: None }
    }

    pub(super) fn set(&mut self, at: Option<Instant>) {
        self.at = at;
    }

    pub(super) fn has_passed(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    /// Ready when the alarm rings.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at || timer.is_elapsed() {
            timer.as_mut().reset(at);
        }
        // A timer that is early only has the alarm looked at once more.
        timer.as_mut().poll(cx)
    }
}
