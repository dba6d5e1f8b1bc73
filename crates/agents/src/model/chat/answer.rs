//! The answer to a request: from the provider's events to the model's.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use serde_json::Value;

use super::chunk::failure;
use super::stream::Converter;
use crate::model::http::{Events, SseEvent, Transport};
use crate::model::{ModelError, ModelEvent};

/// The events of an answer.
pub(super) struct Answer {
    transport: Transport,
    events: Option<Events>,
    converter: Converter,
    ready: VecDeque<ModelEvent>,
    ended: bool,
}

impl Answer {
    pub(super) fn new(transport: Transport, events: Events, converter: Converter) -> Self {
        Self { transport, events: Some(events), converter, ready: VecDeque::new(), ended: false }
    }

    fn take(&mut self, event: &SseEvent) -> Result<Vec<ModelEvent>, ModelError> {
        if event.event.as_deref() == Some("error") {
            let error = serde_json::from_str(&event.data)
                .unwrap_or_else(|_| Value::String(event.data.clone()));
            return Err(failure(&error));
        }
        self.converter.chunk(&event.data)
    }

    /// What the end of the body makes of the answer. Where it broke off behind the model's own end,
    /// nothing is missing but the count of tokens.
    fn end(&mut self, broken: Option<ModelError>) -> Result<Vec<ModelEvent>, ModelError> {
        self.events = None;
        self.converter.finish().map_err(|error| broken.unwrap_or(error))
    }
}

impl Stream for Answer {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(event) = self.ready.pop_front() {
                if matches!(event, ModelEvent::Completed { .. }) {
                    // The connection is used again if the rest of the body is there soon.
                    if let Some(events) = &mut self.events
                        && events.poll_drained(cx).is_pending()
                    {
                        self.ready.push_front(event);
                        return Poll::Pending;
                    }
                    self.events = None;
                    self.ended = true;
                }
                return Poll::Ready(Some(Ok(event)));
            }
            let next = match &mut self.events {
                Some(events) => ready!(Pin::new(events).poll_next(cx)),
                None => None,
            };
            let taken = match next {
                Some(Ok(event)) => self.take(&event),
                Some(Err(error)) => self.end(Some(error)),
                None => self.end(None),
            };
            match taken {
                Ok(events) => self.ready.extend(events),
                Err(error) => {
                    self.events = None;
                    self.ended = true;
                    return Poll::Ready(Some(Err(self.transport.clean(error))));
                }
            }
        }
    }
}
