//! A connection to a server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use rmcp::{
    ClientCacheConfig, ClientHandler, Peer, RoleClient, ServiceExt,
    model::{ClientCapabilities, ClientConfig, Implementation},
    service::{NotificationContext, RunningService},
};

use super::{
    McpEndpoint,
    child::{self, ServerProcess},
    endpoint::Kind,
    failure, http,
};

/// A connection. Dropped, it is closed, and a server that is a program ends.
pub(super) struct Link {
    // The order matters: the program's input is closed before its end is waited for.
    service: RunningService<RoleClient, Handler>,
    _process: Option<ServerProcess>,
    broken: AtomicBool,
}

impl Link {
    /// Connects. `changes` counts up whenever the server says that its tools have changed.
    ///
    /// # Errors
    ///
    /// Why the server is not reachable.
    pub(super) async fn open(
        endpoint: &McpEndpoint,
        server: &str,
        changes: Arc<AtomicU64>,
    ) -> Result<Self, String> {
        let handler = Handler { changes };
        let (service, process) = match &endpoint.kind {
            Kind::Http { url, headers } => {
                let transport = http::transport(url, headers)
                    .map_err(|_| "no HTTP client could be made".to_owned())?;
                let service = handler.serve(transport).await;
                (service.map_err(|error| failure::of_connecting(&error))?, None)
            }
            Kind::Command { program, args, env } => {
                let (mut process, stdout, stdin) = child::spawn(server, program, args, env)
                    .map_err(|error| format!("it cannot be started: {error}"))?;
                match handler.serve((stdout, stdin)).await {
                    Ok(service) => (service, Some(process)),
                    Err(error) if failure::is_closed(&error) => {
                        return Err(process.last_words().await);
                    }
                    Err(error) => return Err(failure::of_connecting(&error)),
                }
            }
        };
        // What is kept of answers, and for how long, is decided in one place, and not there.
        service.set_response_cache_config(ClientCacheConfig::disabled()).await;
        Ok(Self { service, _process: process, broken: AtomicBool::new(false) })
    }

    pub(super) fn peer(&self) -> &Peer<RoleClient> {
        self.service.peer()
    }

    /// Whether it may be of use.
    pub(super) fn is_open(&self) -> bool {
        !self.peer().is_transport_closed() && !self.broken.load(Ordering::Relaxed)
    }

    /// Notes that it is of no more use. Requests under way on it may still be answered.
    pub(super) fn give_up(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

/// Hears what the server says on its own.
pub(super) struct Handler {
    changes: Arc<AtomicU64>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let me = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), me)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }
}
