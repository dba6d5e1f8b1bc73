//! Models behind the Responses API of OpenAI and its like.

mod event;
mod item;
mod items;
mod request;
mod stream;
mod target;
mod usage;

pub(crate) use stream::Converter;

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use serde_json::Value;

use super::{
    Model, ModelError, ModelEvent, ModelRequest, ModelStream, ProviderInfo, ProviderOptions,
    http::{Events, Transport},
};

/// A model behind the Responses API of OpenAI and its like.
///
/// ```
/// use chatkit_agents::model::{Model, ProviderOptions, ResponsesModel};
///
/// let options = ProviderOptions::new().api_key(std::env::var("OPENAI_API_KEY").unwrap_or_default());
/// let model = ResponsesModel::new("gpt-5-mini", options);
/// assert_eq!(model.name(), "gpt-5-mini");
/// ```
#[derive(Debug, Clone)]
pub struct ResponsesModel {
    name: String,
    transport: Transport,
}

impl ResponsesModel {
    /// The model of this name. Options that cannot work are the error of each request:
    /// [`ModelError::Config`].
    pub fn new(name: impl Into<String>, options: ProviderOptions) -> Self {
        Self { name: name.into(), transport: Transport::new(options) }
    }
}

impl Model for ResponsesModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &ProviderInfo {
        self.transport.info()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        let body = request::body(&self.name, &request);
        let is_stored = body.get("store") != Some(&Value::Bool(false));
        Box::pin(Answer {
            events: self.transport.events("responses", body),
            transport: self.transport.clone(),
            converter: Converter::new(is_stored),
            ready: VecDeque::new(),
            failure: None,
            has_ended: false,
        })
    }
}

/// An answer as it comes.
struct Answer {
    events: Events,
    transport: Transport,
    converter: Converter,
    ready: VecDeque<ModelEvent>,
    failure: Option<ModelError>,
    has_ended: bool,
}

impl Stream for Answer {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if let Some(error) = this.failure.take() {
                this.has_ended = true;
                return Poll::Ready(Some(Err(this.transport.clean(error))));
            }
            if this.has_ended {
                return Poll::Ready(None);
            }
            if this.converter.has_ended() {
                ready!(this.events.poll_drained(cx));
                this.has_ended = true;
                return Poll::Ready(None);
            }
            let result = match ready!(Pin::new(&mut this.events).poll_next(cx)) {
                Some(Ok(event)) => {
                    let name = event.event.as_deref();
                    this.converter.event(name, &event.data, &mut this.ready)
                }
                Some(Err(error)) => Err(error),
                None => this.converter.finish(),
            };
            if let Err(error) = result {
                this.failure = Some(error);
            }
        }
    }
}
