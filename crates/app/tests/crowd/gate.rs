//! Where a crowd gathers.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Barrier,
    time::{Instant, timeout},
};

use crate::common::LONG;

/// Where all wait until everybody's stream has begun.
#[derive(Debug)]
pub(crate) struct Gate {
    barrier: Barrier,
    /// How long a reply pauses after its first word, for the others to begin.
    pub(crate) pause: Duration,
    opened: OnceLock<Instant>,
    at_once: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(clients: usize, pause: Duration) -> Self {
        let barrier = Barrier::new(clients);
        Self { barrier, pause, opened: OnceLock::new(), at_once: AtomicUsize::new(0) }
    }

    /// When everybody was there.
    pub(crate) fn opened(&self) -> Option<Instant> {
        self.opened.get().copied()
    }

    /// How many streams were under way when all had begun.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once.load(Ordering::Relaxed)
    }

    /// Passes without a stream.
    pub(crate) async fn pass(&self) {
        let passed = timeout(LONG, self.barrier.wait()).await.expect("everybody's stream begins");
        if passed.is_leader() {
            let _ = self.opened.set(Instant::now());
        }
    }

    /// Passes while reading a stream that takes so long from now on.
    pub(crate) async fn pass_streaming(&self, takes: Duration) {
        let begun = Instant::now();
        self.pass().await;
        if begun.elapsed() < takes {
            self.at_once.fetch_add(1, Ordering::Relaxed);
        }
    }
}
