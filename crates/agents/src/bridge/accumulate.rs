//! A model's text inside a widget.

use std::pin::pin;

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
    let (text, failed) = (String::new(), None);
    let states = State { events: Box::pin(events.fuse()), base: base.clone(), text, failed };
    stream::iter([Ok(base)]).chain(stream::unfold(Some(states), |state| async move {
        let mut state = state?;
        match state.next().await {
            Ok(true) => {
                let component = state.component(true);
                Some((Ok(component), Some(state)))
            }
            Ok(false) => Some((Ok(state.component(false)), None)),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct State<S> {
    events: std::pin::Pin<Box<S>>,
    base: WidgetComponent,
    text: String,
    /// A failure that text came before.
    failed: Option<RunError>,
}

impl<S: Stream<Item = Result<RunEvent, RunError>>> State<S> {
    /// Waits for text and takes all that is there; false at the end of the run.
    async fn next(&mut self) -> Result<bool, RunError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let before = self.text.len();
        while let Some(event) = self.events.next().await {
            self.take(event?);
            if self.text.len() > before {
                break;
            }
        }
        if self.text.len() == before {
            return Ok(false);
        }
        while let Some(Some(event)) = ready(&mut self.events).await {
            match event {
                Ok(event) => self.take(event),
                Err(error) => self.failed = Some(error),
            }
        }
        Ok(true)
    }

    fn take(&mut self, event: RunEvent) {
        if let RunEvent::Model(ModelEvent::TextDelta { delta, .. }) = event {
            self.text.push_str(&delta);
        }
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

/// What a stream has ready: nothing when it would have to be waited for.
async fn ready<S: Stream + Unpin>(stream: &mut S) -> Option<Option<S::Item>> {
    let mut next = pin!(stream.next());
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match next.as_mut().poll(cx) {
            std::task::Poll::Ready(item) => Some(item),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
