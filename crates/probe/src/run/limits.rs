//! For how long a stream is watched.

use std::time::Duration;

use tokio::sync::watch;

/// For how long a stream is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long no event may come. Heartbeats are no events.
    pub silence: Duration,
    /// How long the whole may take.
    pub total: Duration,
}

/// Tells all exchanges to stop, once and for all. What was seen up to then is kept.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// One that is not set.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Stops everything.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is set.
    pub(crate) async fn wait(&self) {
        // The sender is here: it cannot have gone.
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
