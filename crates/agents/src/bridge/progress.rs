//! A sign of life until the answer begins.

use chatkit_server::{
    RespondError,
    protocol::{Icon, ThreadStreamEvent},
};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};

/// Shows a progress update before a response, and clears it when the first item of the response
/// appears, or at its end: what a user sees between the question and the model's first word.
pub fn thinking(
    text: impl Into<String>,
    events: impl Stream<Item = Result<ThreadStreamEvent, RespondError>> + Send,
) -> impl Stream<Item = Result<ThreadStreamEvent, RespondError>> + Send {
    let shown = ThreadStreamEvent::progress(Icon::CLOCK, text);
    let mut waiting = true;
    let events = events.map(Some).chain(stream::iter([None])).flat_map(move |event| {
        let (clears, goes) = match &event {
            // The application shows a progress of its own: it takes the place of this one.
            Some(Ok(ThreadStreamEvent::ProgressUpdate { .. })) => (false, true),
            Some(Ok(
                ThreadStreamEvent::ThreadItemAdded { item }
                | ThreadStreamEvent::ThreadItemDone { item },
            )) => (!item.is_hidden(), !item.is_hidden()),
            Some(Ok(_)) => (false, false),
            Some(Err(_)) | None => (true, true),
        };
        let clear = (waiting && clears).then(|| Ok(ThreadStreamEvent::progress(Icon::CHECK, "")));
        waiting &= !goes;
        stream::iter(clear.into_iter().chain(event))
    });
    stream::iter([Ok(shown)]).chain(events)
}
