//! Where the streams of a thread write down what they gave.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use hdrhistogram::CreationError;

use crate::stats::Stats;

/// What many streams gave, in one place: distributions of their own would be most of the memory
/// of ten thousand streams. What is noted while a board is closed is lost.
#[derive(Debug)]
pub(crate) struct Board {
    stats: Mutex<Stats>,
    open: Arc<AtomicBool>,
}

/// Several boards, so that threads do not wait for each other.
#[derive(Debug)]
pub(crate) struct Boards {
    all: Vec<Arc<Board>>,
    open: Arc<AtomicBool>,
}

impl Board {
    /// Writes something down.
    pub(crate) fn note(&self, write: impl FnOnce(&mut Stats)) {
        if self.open.load(Ordering::Relaxed) {
            write(&mut self.stats());
        }
    }

    fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Boards {
    /// Open boards, one for each thread.
    pub(crate) fn new(threads: u32) -> Result<Self, CreationError> {
        let open = Arc::new(AtomicBool::new(true));
        let board =
            |_| Ok(Arc::new(Board { stats: Mutex::new(Stats::new()?), open: Arc::clone(&open) }));
        Ok(Self { all: (0..threads.max(1)).map(board).collect::<Result<_, _>>()?, open })
    }

    /// The board of the n-th task.
    pub(crate) fn board(&self, number: usize) -> Option<Arc<Board>> {
        self.all.get(number.checked_rem(self.all.len())?).cloned()
    }

    pub(crate) fn open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// All that was written down, which is then forgotten.
    pub(crate) fn take(&self) -> Result<Stats, CreationError> {
        let mut whole = Stats::new()?;
        for board in &self.all {
            let fresh = Stats::new()?;
            whole.merge(std::mem::replace(&mut *board.stats(), fresh));
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_add_up_and_are_empty_again() {
        let boards = Boards::new(3).unwrap();
        for number in 0..7 {
            boards.board(number).unwrap().note(|stats| stats.failures += 1);
        }
        assert_eq!(boards.take().unwrap().failures, 7);
        assert_eq!(boards.take().unwrap().failures, 0);
    }

    #[test]
    fn nothing_is_written_on_a_closed_board() {
        let boards = Boards::new(1).unwrap();
        let board = boards.board(5).unwrap();
        boards.open(false);
        board.note(|stats| stats.failures += 1);
        boards.open(true);
        board.note(|stats| stats.failures += 1);
        assert_eq!(boards.take().unwrap().failures, 1);
    }
}
