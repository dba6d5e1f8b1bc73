//! A server put together.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

use tokio_util::task::TaskTracker;

use super::{ChatKit, Shared};
use crate::{
    AttachmentStore, ChatKitServer, Coordinator, LocalCoordinator, Observer, RunOptions, Store,
    run::BlockGuard,
};

/// Puts a [`ChatKit`] together.
///
/// ```
/// # use chatkit_server::{ChatKit, ChatKitServer, MemoryStore, RunOptions};
/// # use std::{sync::Arc, time::Duration};
/// # fn build<S: ChatKitServer>(assistant: S) -> ChatKit<S> {
/// let mut options = RunOptions::default();
/// options.turn_timeout = Duration::from_secs(300);
/// ChatKit::builder(assistant, Arc::new(MemoryStore::new())).run_options(options).build()
/// # }
/// ```
#[must_use]
pub struct ChatKitBuilder<S> {
    server: S,
    store: Arc<dyn Store>,
    attachments: Option<Arc<dyn AttachmentStore>>,
    coordinator: Option<Arc<dyn Coordinator>>,
    options: RunOptions,
    observer: Option<Arc<dyn Observer>>,
}

impl<S: ChatKitServer> ChatKitBuilder<S> {
    pub(super) fn new(server: S, store: Arc<dyn Store>) -> Self {
        let options = RunOptions::default();
        Self { server, store, attachments: None, coordinator: None, options, observer: None }
    }

    /// Where attachments are kept. Without it users may not attach files.
    pub fn attachments(mut self, attachments: Arc<dyn AttachmentStore>) -> Self {
        self.attachments = Some(attachments);
        self
    }

    /// Who gives threads to runs. By default a [`LocalCoordinator`].
    pub fn coordinator(mut self, coordinator: Arc<dyn Coordinator>) -> Self {
        self.coordinator = Some(coordinator);
        self
    }

    /// How turns run, unless [`ChatKitServer::run_options`] says otherwise for a request.
    pub fn run_options(mut self, options: RunOptions) -> Self {
        self.options = options;
        self
    }

    /// Who is told of runs, readers and ops. Nobody by default. Calls of the store are told by an
    /// [`ObservedStore`](crate::ObservedStore).
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The server.
    pub fn build(self) -> ChatKit<S> {
        let Self { server, store, attachments, coordinator, options, observer } = self;
        let coordinator = coordinator.unwrap_or_else(|| Arc::new(LocalCoordinator::default()));
        let (guard, runs) = (BlockGuard::default(), TaskTracker::new());
        let shut_down = AtomicBool::new(false);
        ChatKit {
            shared: Arc::new(Shared {
                server,
                store,
                attachments,
                coordinator,
                options,
                observer,
                guard,
                runs,
                shut_down,
                recovered: tokio::sync::Mutex::default(),
            }),
        }
    }
}

impl<S> fmt::Debug for ChatKitBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatKitBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}
