//! What an application writes: how its assistant answers.

mod cancelled;
mod emitter;
mod error;
mod queue;
mod stream;
mod thread_handle;
mod turn;

pub use cancelled::CancelledTurn;
pub use emitter::{Emitter, MessageWriter, WidgetWriter};
pub use error::RespondError;
pub use stream::EventStream;
pub(crate) use stream::Yielded;
pub use thread_handle::ThreadHandle;
pub use turn::Turn;
pub(crate) use turn::TurnParts;

use std::future::Future;

use chatkit_protocol::{
    Action, AudioInput, FeedbackKind, ItemId, RequestBody, StreamOptions, SyncCustomActionResponse,
    ThreadId, ThreadMetadata, TranscriptionResult, WidgetItem,
};

use crate::{OpError, RequestContext, RunOptions, StoreResult, StreamStats};

/// An assistant behind a chat. Only [`respond`](Self::respond) has to be written; the names and
/// defaults are those of the Python reference.
///
/// ```
/// use chatkit_server::{ChatKitServer, EventStream, Turn};
///
/// struct Echo;
///
/// impl ChatKitServer for Echo {
///     type Context = ();
///
///     fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
///         turn.stream(async move |turn, events| {
///             events.message(format!("You said: {}", turn.input_text())).await
///         })
///     }
/// }
/// ```
pub trait ChatKitServer: Send + Sync + 'static {
    /// What is known about each request, made by the HTTP layer.
    type Context: RequestContext;

    /// Answers a user message, or goes on after a client tool's output or a structured input, in
    /// which case there is no [input](Turn::input).
    ///
    /// The stream is polled by a task of its own and dropped when the turn is cancelled.
    fn respond(&self, turn: Turn<Self::Context>) -> EventStream<'_>;

    /// Handles an action of a widget (`sender`) or of the page. Without an implementation the
    /// stream ends with an error.
    fn action(
        &self,
        turn: Turn<Self::Context>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> EventStream<'_> {
        let _ = (turn, sender);
        EventStream::failed(RespondError::not_supported(format!("the action `{}`", action.kind)))
    }

    /// Handles an action with at most one changed item as the answer. Without an implementation
    /// the request is refused.
    fn sync_action(
        &self,
        turn: Turn<Self::Context>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> impl Future<Output = Result<SyncCustomActionResponse, OpError>> + Send {
        let _ = (turn, action, sender);
        async { Err(OpError::not_supported("threads.sync_custom_action")) }
    }

    /// Takes note of the user's judgement of some items. Without an implementation it is dropped.
    fn add_feedback(
        &self,
        thread_id: ThreadId,
        item_ids: Vec<ItemId>,
        kind: FeedbackKind,
        context: Self::Context,
    ) -> impl Future<Output = Result<(), OpError>> + Send {
        let _ = (thread_id, item_ids, kind, context);
        async { Ok(()) }
    }

    /// Turns a recording into text. Without an implementation the request is refused.
    fn transcribe(
        &self,
        audio: AudioInput,
        context: Self::Context,
    ) -> impl Future<Output = Result<TranscriptionResult, OpError>> + Send {
        let _ = (audio, context);
        async { Err(OpError::not_supported("input.transcribe")) }
    }

    /// How the stream about to start behaves; by default users may stop it.
    fn stream_options(&self, thread: &ThreadMetadata, context: &Self::Context) -> StreamOptions {
        let _ = (thread, context);
        StreamOptions::default()
    }

    /// How the turn of a request runs: its limits, and what it means for a turn that is running.
    /// By default as the server was [told](crate::ChatKitBuilder::run_options).
    fn run_options(
        &self,
        request: &RequestBody,
        context: &Self::Context,
        options: RunOptions,
    ) -> RunOptions {
        let _ = (request, context);
        options
    }

    /// Takes note of what a turn was like, once it is over. Called for every streamed response,
    /// those that were refused included.
    fn stream_ended(&self, stats: &StreamStats, context: &Self::Context) {
        let _ = (stats, context);
    }

    /// Cleans up after a turn that was cancelled, and is never cut short itself. By default
    /// [keeps what the user saw](CancelledTurn::keep_partial_items) and
    /// [leaves a note](CancelledTurn::add_note) for the model.
    fn handle_stream_cancelled(
        &self,
        cancelled: CancelledTurn<Self::Context>,
    ) -> impl Future<Output = StoreResult<()>> + Send {
        async move {
            cancelled.keep_partial_items().await?;
            cancelled.add_note().await
        }
    }
}
