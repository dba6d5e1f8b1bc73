//! Servers that speak streamable HTTP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use chatkit_agents::mcp::{McpEndpoint, McpOptions, McpServer};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService,
    streamable_http_server::session::local::LocalSessionManager,
};
use tokio::{runtime::Runtime, sync::mpsc};

use crate::{call, call_tool, find, names, workshop::Workshop};

/// A server on loopback with a runtime of its own, so that it can die with all its connections.
pub(crate) struct HttpServer {
    pub(crate) address: SocketAddr,
    reports: mpsc::UnboundedReceiver<String>,
    runtime: Option<Runtime>,
}

impl HttpServer {
    /// A server that keeps sessions and answers in streams that can be resumed.
    pub(crate) fn sessions() -> StreamableHttpServerConfig {
        StreamableHttpServerConfig::default()
    }

    /// A server that knows no sessions and answers with JSON.
    pub(crate) fn plain() -> StreamableHttpServerConfig {
        StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
    }

    pub(crate) fn start(config: StreamableHttpServerConfig) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), config)
    }

    fn start_at(address: SocketAddr, config: StreamableHttpServerConfig) -> Self {
        Self::layered_at(address, config, |app| app)
    }

    /// A server with something around it.
    pub(crate) fn layered(
        config: StreamableHttpServerConfig,
        layer: impl FnOnce(axum::Router) -> axum::Router,
    ) -> Self {
        Self::layered_at(([127, 0, 0, 1], 0).into(), config, layer)
    }

    fn layered_at(
        address: SocketAddr,
        config: StreamableHttpServerConfig,
        layer: impl FnOnce(axum::Router) -> axum::Router,
    ) -> Self {
        let (sender, reports) = mpsc::unbounded_channel();
        let workshop = Workshop::new(Arc::new(move |text| {
            let _ = sender.send(text.to_owned());
        }));
        let service = StreamableHttpService::new(
            move || Ok(workshop.clone()),
            Arc::new(LocalSessionManager::default()),
            config,
        );
        let app = axum::Router::new().route_service("/mcp", service);
        Self::serve(address, layer(app), reports)
    }

    /// Any other server.
    pub(crate) fn with(app: axum::Router) -> Self {
        Self::serve(([127, 0, 0, 1], 0).into(), app, mpsc::unbounded_channel().1)
    }

    fn serve(
        address: SocketAddr,
        app: axum::Router,
        reports: mpsc::UnboundedReceiver<String>,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let (bound, address_of) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            // A connection of some other test may have got the port meanwhile.
            let listener = loop {
                match tokio::net::TcpListener::bind(address).await {
                    Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    listener => break listener.unwrap(),
                }
            };
            bound.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        Self { address: address_of.recv().unwrap(), reports, runtime: Some(runtime) }
    }

    pub(crate) fn endpoint(&self) -> McpEndpoint {
        McpEndpoint::http(format!("http://{}/mcp", self.address))
    }

    async fn until(&mut self, report: &str) {
        while self.reports.recv().await.expect("the server has ended") != report {}
    }

    /// Ends it with everything that is open.
    pub(crate) async fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(10)))
                .await
                .unwrap();
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_or_too_slow_is_cancelled_at_the_server() {
    let mut http = HttpServer::start(HttpServer::sessions());
    let options = McpOptions::default().call_timeout(Duration::from_millis(300));
    let server = McpServer::connect_with(http.endpoint(), options).await.unwrap();
    let tool = find(&server, "wait").await;
    tokio::select! {
        () = http.until("waiting") => {}
        output = call_tool(&*tool, "{}") => panic!("{output:?}"),
    }
    http.until("cancelled").await;

    let error = call_tool(&*tool, "{}").await.unwrap_err().to_string();
    assert!(error.ends_with("did not answer the call within 0.3 s"), "{error}");
    http.until("cancelled").await;
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_used_again_when_it_is_back() {
    let mut http = HttpServer::start(HttpServer::plain());
    let server = McpServer::connect(http.endpoint()).await.unwrap();
    let tool = find(&server, "wait").await;
    let waiting = tokio::spawn(async move { call_tool(&*tool, "{}").await });
    http.until("waiting").await;
    http.kill().await;
    let error = waiting.await.unwrap().unwrap_err();
    let text = format!("the connection to the MCP server `{}` broke", server.name());
    assert!(error.to_string().starts_with(&text), "{error}");
    assert!(!error.is_fatal());

    let error = call(&server, "echo", "{}").await.unwrap_err().to_string();
    let text = format!("the MCP server `{}` is not reachable: ", server.name());
    assert!(error.starts_with(&text), "{error}");
    assert!(names(&server).await.contains(&"echo".to_owned()), "the tools stay known");

    let _back = HttpServer::start_at(http.address, HttpServer::plain());
    assert_eq!(call(&server, "echo", "{}").await.unwrap(), "nothing");
}

#[tokio::test]
async fn a_server_that_has_forgotten_its_sessions_is_connected_to_anew() {
    let mut http = HttpServer::start(HttpServer::sessions());
    let server = McpServer::connect(http.endpoint()).await.unwrap();
    http.kill().await;
    let mut back = HttpServer::start_at(http.address, HttpServer::sessions());
    assert_eq!(call(&server, "echo", "{}").await.unwrap(), "nothing");
    // It may have other tools now.
    names(&server).await;
    back.until("list").await;
}
