//! What a transport knows about the client of a request.

/// What a client says about itself beside its request: over HTTP, headers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClientInfo {
    /// Whether it finds its way back to a turn (`threads.attach`) after its connection was lost, or
    /// its page was loaded anew: `chatkit-resumable: 1`. Then a turn goes on without it, for as
    /// long as it [lingers](crate::RunOptions::linger). The stock client does not say so: its Stop
    /// button does nothing but close the connection, which therefore cancels the turn.
    pub resumable: bool,
    /// The id of the last event that it has seen: `Last-Event-ID`, for `threads.attach` without
    /// `after`.
    pub last_event_id: Option<String>,
}
