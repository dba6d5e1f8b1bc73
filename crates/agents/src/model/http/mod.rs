//! The way to a provider: one request, and the events of its answer as they come.

mod events;
mod opening;
mod options;
mod provider;
mod refusal;
mod retry;
mod scrub;
mod secret;

pub use options::ProviderOptions;
pub use secret::Secret;

pub(crate) use self::{events::Events, refusal::Refusal};

pub(crate) use chatkit_sse::Event as SseEvent;

use std::{fmt, sync::Arc};

use serde_json::Value;

use self::{provider::Provider, scrub::Scrubber};
use super::{ModelError, ProviderInfo};

/// The way to a provider. Its clones share their connections.
#[derive(Clone)]
pub(crate) struct Transport {
    provider: Result<Arc<Provider>, ModelError>,
    info: Arc<ProviderInfo>,
}

impl Transport {
    /// A way with these options. What is wrong with them is the error of each request.
    pub(crate) fn new(options: ProviderOptions) -> Self {
        let info = Arc::new(ProviderInfo::of_url(&options.base_url));
        Self { provider: Provider::new(options).map(Arc::new), info }
    }

    /// Who is asked.
    pub(crate) fn info(&self) -> &ProviderInfo {
        &self.info
    }

    /// Asks the provider: a POST of this body to this path below the base URL, for example
    /// `responses`. Nothing happens before the first poll; dropping the stream closes the
    /// connection. It ends when the body ends, whether or not the answer is complete, and after an
    /// error.
    ///
    /// A request that fails before its first event is sent again as the options say.
    pub(crate) fn events(&self, path: &str, body: Value) -> Events {
        match &self.provider {
            Ok(provider) => Events::new(Arc::clone(provider), path, body),
            Err(error) => Events::failed(error.clone()),
        }
    }

    /// An error that was read in an event, with its texts made fit to be shown: without keys, and
    /// cut to a sane length.
    pub(crate) fn clean(&self, error: ModelError) -> ModelError {
        let unknown = Scrubber::default();
        let scrubber = self.provider.as_ref().map_or(&unknown, |provider| &provider.scrubber);
        match error {
            ModelError::Failed { message, code } => ModelError::Failed {
                message: scrubber.clean(&message),
                code: code.map(|code| scrubber.clean(&code)),
            },
            ModelError::Protocol(message) => ModelError::Protocol(scrubber.clean(&message)),
            error => error,
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transport").field(&self.provider).finish()
    }
}
