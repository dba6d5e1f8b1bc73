//! The way to a provider: one request, and the events of its answer as they come.

mod options;
mod secret;

pub use options::ProviderOptions;
pub use secret::Secret;

pub(crate) use super::sse::SseEvent;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use serde_json::Value;

use super::ModelError;

/// The way to a provider.
#[derive(Clone, Debug)]
pub(crate) struct Transport {}

impl Transport {
    /// A way with these options. What is wrong with them is the error of each request.
    pub(crate) fn new(_options: &ProviderOptions) -> Self {
        Self {}
    }

    /// Asks the provider: a POST of this body to this path below the base URL, for example
    /// `responses`. Nothing happens before the first poll; dropping the stream closes the
    /// connection. It ends when the body ends, whether or not the answer is complete.
    pub(crate) fn events(&self, _path: &str, _body: Value) -> Events {
        Events {}
    }

    /// An error without the key, if the provider's text has it: for what clients read in events.
    pub(crate) fn clean(&self, error: ModelError) -> ModelError {
        error
    }
}

/// The events of an answer.
#[derive(Debug)]
pub(crate) struct Events {}

impl Events {
    /// Reads what is left of a body whose answer is complete, for a moment at most, so that the
    /// connection can be used again.
    pub(crate) fn poll_drained(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Stream for Events {
    type Item = Result<SseEvent, ModelError>;

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}
