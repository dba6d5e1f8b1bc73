//! Models: what is asked of them and what they stream back.

pub(crate) mod chat;
mod error;
mod event;
mod http;
mod item;
mod json;
mod provider;
mod request;
pub(crate) mod responses;

pub use chat::{ChatCompletionsModel, MaxTokensField, SystemRole};
pub use error::ModelError;
pub use event::{Citation, HostedStatus, ModelEvent, Usage};
pub use http::{ProviderOptions, Secret};
pub use item::{
    CustomToolCall, FunctionCall, FunctionCallOutput, HostedCall, InputContent, InputItem,
    InputMessage, OutputItem, OutputKind, OutputPart, Role,
};
pub use provider::ProviderInfo;
pub use request::{
    ModelRequest, ModelSettings, OutputSchema, ReasoningSettings, ToolChoice, ToolSpec,
};
pub use responses::ResponsesModel;

use std::{pin::Pin, sync::Arc};

use futures_core::Stream;

/// What a model streams back. Dropping it cancels the request: the connection is closed.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<ModelEvent, ModelError>> + Send>>;

/// A model that answers in a stream.
///
/// The stream ends after [`ModelEvent::Completed`] or an error. A stream that ends before is taken
/// for [`ModelError::Closed`]. Items may come without their beginning, and texts without their
/// part: what uses a stream makes do with what there is.
pub trait Model: Send + Sync + 'static {
    /// The model's name, as the provider knows it.
    fn name(&self) -> &str;

    /// Who runs it, for traces. By default [unknown](ProviderInfo::unknown).
    fn provider(&self) -> &ProviderInfo {
        ProviderInfo::unknown()
    }

    /// Asks the model. Nothing happens before the stream is polled.
    ///
    /// It is called within the span of the request, `chat`, so that a client can tell the provider
    /// which trace the request belongs to. The stream is polled outside of it.
    fn stream(&self, request: ModelRequest) -> ModelStream;
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn provider(&self) -> &ProviderInfo {
        (**self).provider()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        (**self).stream(request)
    }
}
