//! The exchanges that follow the stream.

use crate::Recording;

/// One exchange after the stream, and what it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowUp {
    /// What it was made for.
    pub kind: FollowUpKind,
    /// What was seen of it. A body that is no event stream is in [`Recording::text`].
    pub recording: Recording,
}

/// What an exchange after the stream is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FollowUpKind {
    /// `threads.get_by_id` of the thread that the stream was about.
    GetThread,
    /// `items.list` of that thread, ascending, as the stock client asks after a reload.
    ListItems,
    /// A streaming op that cannot be done: a message for a thread that does not exist.
    WrongStream,
    /// A JSON op that cannot be done: a thread that does not exist.
    WrongJson,
    /// What a browser asks before it sends the stock client's headers from another origin. There
    /// is no body; [`Recording::request`] is null.
    Preflight,
}
