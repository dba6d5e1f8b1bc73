//! How much is kept of what servers send.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// What one stream may always take: some thousands of events.
const LEAST: usize = 16 * 1024 * 1024;

/// What may be kept of several answers together, in bytes.
#[derive(Debug)]
pub(super) struct Room {
    left: Arc<AtomicUsize>,
    most_of_one: usize,
}

/// What may be kept of one answer. Its clones count together.
#[derive(Debug, Clone)]
pub(super) struct Share {
    left: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// Why no more is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The answer alone is too large.
    OfOne,
    /// All answers together are.
    OfAll,
}

impl Room {
    /// Room for so many answers. Each may take its part, and what is usual in any case: only all of
    /// them together never take more.
    pub(super) fn new(bytes: usize, answers: usize) -> Self {
        let part = bytes / answers.max(1);
        let most_of_one = part.max(LEAST).min(bytes);
        Self { left: Arc::new(AtomicUsize::new(bytes)), most_of_one }
    }

    /// The share of one more answer.
    pub(super) fn share(&self) -> Share {
        let taken = Arc::default();
        Share { left: Arc::clone(&self.left), taken, most: self.most_of_one }
    }
}

impl Share {
    /// Takes room for so many bytes more.
    pub(super) fn take(&self, bytes: usize) -> Result<(), Full> {
        let taken = self.taken.fetch_add(bytes, Relaxed).saturating_add(bytes);
        if taken > self.most {
            return Err(Full::OfOne);
        }
        let left = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes));
        left.map(drop).map_err(|_| Full::OfAll)
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, LEAST, Room};

    #[test]
    fn one_that_takes_all_is_told_from_many_that_do() {
        let one = Room::new(100, 1).share();
        assert_eq!((one.take(60), one.clone().take(41)), (Ok(()), Err(Full::OfOne)));

        // Each has its part.
        let room = Room::new(8 * LEAST, 4);
        let (first, second) = (room.share(), room.share());
        assert_eq!(first.take(2 * LEAST), Ok(()));
        assert_eq!(first.take(1), Err(Full::OfOne));
        assert_eq!(second.take(2 * LEAST), Ok(()));

        // Where parts are small there is room for some large ones, but not for all.
        let room = Room::new(2 * LEAST, 1000);
        let shares = [room.share(), room.share(), room.share()];
        let taken = shares.each_ref().map(|share| share.take(LEAST));
        assert_eq!(taken, [Ok(()), Ok(()), Err(Full::OfAll)]);
        assert_eq!(shares[0].take(1), Err(Full::OfOne));
    }
}
