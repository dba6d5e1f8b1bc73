//! What a crash leaves of a turn.

use chatkit_protocol::{ThreadId, ThreadItem};

/// A turn under way: the items that were added and are not done, as clients saw them last.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The thread.
    pub thread_id: ThreadId,
    /// The items in the making, in the order they were added. There may be none.
    pub pending_items: Vec<ThreadItem>,
}

impl Checkpoint {
    /// A checkpoint of a thread's turn.
    pub fn new(thread_id: ThreadId, pending_items: Vec<ThreadItem>) -> Self {
        Self { thread_id, pending_items }
    }
}
