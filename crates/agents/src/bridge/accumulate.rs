//! A model's text inside a widget.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use chatkit_server::protocol::WidgetComponent;
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::{RunError, RunEvent, model::ModelEvent};

/// The states of a `Text` or `Markdown` component that shows the text of a run while it grows: first
/// as it is, then with each piece of text, last with the whole text and `streaming` off.
///
/// Pieces of text that are there at once make one state. Put each state into a root and stream them
/// with [`AgentContext::stream_widget`](crate::AgentContext::stream_widget): only what is new is
/// sent.
pub fn accumulate_text(
    events: impl Stream<Item = Result<RunEvent, RunError>> + Send,
    base: WidgetComponent,
) -> impl Stream<Item = Result<WidgetComponent, RunError>> + Send {
    let first = base.clone();
    let growing = Growing { events: Box::pin(events), base, text: String::new(), end: None };
    let states = stream::unfold(Some(growing), |growing| async move {
        let mut growing = growing?;
        let grown = poll_fn(|cx| growing.poll_grown(cx)).await;
        match (grown, growing.end.take()) {
            (true, end) => {
                growing.end = end;
                Some((Ok(growing.component(true)), Some(growing)))
            }
            (false, Some(Some(error))) => Some((Err(error), None)),
            (false, _) => Some((Ok(growing.component(false)), None)),
        }
    });
    // An unfolded stream must not be polled after its end.
    stream::iter([Ok(first)]).chain(states.fuse())
}

struct Growing<S> {
    events: Pin<Box<S>>,
    base: WidgetComponent,
    text: String,
    /// The stream has ended, with an error or without.
    end: Option<Option<RunError>>,
}

impl<S: Stream<Item = Result<RunEvent, RunError>>> Growing<S> {
    /// Waits for text and takes all that is there. False when there is no more.
    fn poll_grown(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let before = self.text.len();
        while self.end.is_none() {
            match self.events.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(RunEvent::Model(ModelEvent::TextDelta { delta, .. })))) => {
                    self.text.push_str(&delta);
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => self.end = Some(Some(error)),
                Poll::Ready(None) => self.end = Some(None),
                Poll::Pending if self.text.len() > before => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(self.text.len() > before)
    }

    fn component(&self, streaming: bool) -> WidgetComponent {
        let mut object = self.base.as_object().clone();
        object.insert("value".to_owned(), Value::String(self.text.clone()));
        if !streaming {
            object.insert("streaming".to_owned(), Value::Bool(false));
        }
        // A component with another value is one still.
        WidgetComponent::new(Value::Object(object)).unwrap_or_else(|_| self.base.clone())
    }
}
