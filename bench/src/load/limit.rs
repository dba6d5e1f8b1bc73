//! How long a load lasts.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// How many streams may still begin. Those that have begun are read to their end and counted, so
/// that no work of the server is left out, unless that takes too long.
#[derive(Debug)]
pub(super) struct Limit {
    left: AtomicU64,
    until: Option<Instant>,
    /// When streams are left that have not ended.
    pub(super) cut: Option<Instant>,
}

impl Limit {
    pub(super) fn streams(count: u64) -> Self {
        Self { left: AtomicU64::new(count), until: None, cut: None }
    }

    pub(super) fn until(until: Instant, cut: Option<Instant>) -> Self {
        Self { left: AtomicU64::new(u64::MAX), until: Some(until), cut }
    }

    /// Whether another stream may begin now.
    pub(super) fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    /// Whether another stream may begin at that time.
    pub(super) fn take_at(&self, time: Instant) -> bool {
        self.until.is_none_or(|until| time < until)
            && self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_limit_lets_so_many_begin() {
        let limit = Limit::streams(3);
        let begun = (0..10).filter(|_| limit.take()).count();
        assert_eq!(begun, 3);
    }

    #[test]
    fn nothing_begins_after_the_time() {
        let now = Instant::now();
        let limit = Limit::until(now, None);
        assert!(!limit.take());
        assert!(limit.take_at(now - Duration::from_nanos(1)) && !limit.take_at(now));
    }
}
