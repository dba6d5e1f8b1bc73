//! How a turn runs.

use std::time::Duration;

/// What becomes of a request for a thread whose turn is running.
///
/// That a stream does not allow cancel keeps its user from stopping it, and a lost connection from
/// cancelling it; a newer request still interrupts, unless the strategy is another. A client tool's
/// output always waits for the end of the turn that called the tool, which is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MultitaskStrategy {
    /// The running turn is cancelled, what the user saw of it is kept and noted, and the new turn
    /// starts when that is done.
    #[default]
    Interrupt,
    /// The request is refused with an `error` event; the running turn does not notice.
    Reject,
    /// The request waits for its turn, in the order of arrival, and the client is told so by a
    /// `progress_update`. At most [`queue_limit`](RunOptions::queue_limit) requests wait; more are
    /// refused.
    Enqueue,
    /// As interrupt, but the items that the running turn stored are removed, with the message that
    /// it answers if it answers one. Older items stay, as the turn may have changed them, and so do
    /// the thread's title and metadata. Only a new message rolls back; other requests interrupt. A
    /// turn that was cancelled already, as by a client that left, stays as it is.
    Rollback,
}

/// How a turn runs: its limits, and what others may do to it. A zero duration switches a limit
/// off.
///
/// ```
/// use std::time::Duration;
/// use chatkit_server::{MultitaskStrategy, RunOptions};
///
/// let mut options = RunOptions::default();
/// options.multitask_strategy = MultitaskStrategy::Enqueue;
/// options.gap_timeout = Duration::from_secs(30);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunOptions {
    /// What becomes of this request if a turn of its thread is running.
    pub multitask_strategy: MultitaskStrategy,
    /// How many requests of a thread may [wait](MultitaskStrategy::Enqueue).
    pub queue_limit: usize,
    /// How long the responder may take to its first event. Two minutes by default.
    pub first_event_timeout: Duration,
    /// How long the responder may be silent between events. Two minutes by default.
    pub gap_timeout: Duration,
    /// How long the whole response may take. An hour by default.
    pub turn_timeout: Duration,
    /// How long a turn goes on while nobody reads it, if the client can resume. A minute by
    /// default; here zero means not at all.
    pub linger: Duration,
    /// How long a cancelled responder is still polled if it [waits to be
    /// told](crate::Turn::cancelled). 50 ms by default. What it yields then is dropped.
    pub cancel_grace: Duration,
    /// How often the items in the making are written to a store that keeps checkpoints: what a
    /// crash may cost. 700 ms by default.
    pub checkpoint_interval: Duration,
    /// Whether the log may hold what is said: the text that the turn answers, and the texts of
    /// errors that may quote it. Not by default.
    pub log_content: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            multitask_strategy: MultitaskStrategy::Interrupt,
            queue_limit: 8,
            first_event_timeout: Duration::from_secs(120),
            gap_timeout: Duration::from_secs(120),
            turn_timeout: Duration::from_secs(60 * 60),
            linger: Duration::from_secs(60),
            cancel_grace: Duration::from_millis(50),
            checkpoint_interval: Duration::from_millis(700),
            log_content: false,
        }
    }
}
