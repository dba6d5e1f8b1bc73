//! A server in use.

use std::{
    fmt,
    sync::{
        Arc, Mutex as StdMutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, PaginatedRequestParams, RequestMetaObject,
};
use serde_json::{Map, Value};
use tokio::{sync::Mutex, task::JoinSet, time::timeout};
use tracing::{Instrument as _, Span};

use super::{
    McpEndpoint, McpError, McpOptions,
    failure::{self, Failure},
    link::Link,
    spans,
    tool::{self, Listed, McpTool},
};
use crate::{Tool, ToolError, ToolSource};

/// Tools of a server that are used at most; the others are left out, with a warning.
const MOST_TOOLS: usize = 1000;
const MOST_PAGES: usize = 200;

/// An MCP server in use. Clones share the connection, which ends with the last of them and of
/// their tools.
#[derive(Clone)]
pub struct McpServer {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: McpEndpoint,
    name: String,
    options: McpOptions,
    /// How often the server's tools may have changed, as far as it is known here.
    changes: Arc<AtomicU64>,
    listed: RwLock<List>,
    /// Held while the tools are listed, so that those who want them too wait for that list.
    listing: Mutex<()>,
    link: StdMutex<Option<Arc<Link>>>,
    /// Held while the server is connected to; why that failed the last time.
    connecting: Mutex<Option<McpError>>,
    /// How often connecting was tried.
    attempts: AtomicU64,
}

#[derive(Default)]
struct List {
    tools: Arc<[Arc<Listed>]>,
    /// The count of changes that it stands for.
    changes: u64,
}

impl McpServer {
    /// Connects to a server and lists its tools.
    ///
    /// # Errors
    ///
    /// When the endpoint cannot work, and when the server is not reachable, is no MCP server or
    /// takes too long.
    pub async fn connect(endpoint: McpEndpoint) -> Result<Self, McpError> {
        Self::connect_with(endpoint, McpOptions::default()).await
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub async fn connect_with(
        endpoint: McpEndpoint,
        options: McpOptions,
    ) -> Result<Self, McpError> {
        endpoint.check()?;
        let server = Self {
            inner: Arc::new(Inner {
                name: endpoint.to_string(),
                endpoint,
                options,
                changes: Arc::default(),
                listed: RwLock::default(),
                listing: Mutex::default(),
                link: StdMutex::default(),
                connecting: Mutex::default(),
                attempts: AtomicU64::new(0),
            }),
        };
        let link = server.link().await?;
        server.list(&link).await?;
        Ok(server)
    }

    /// What it is called in messages: its URL without what may be secret, or its program.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub(super) fn endpoint(&self) -> &McpEndpoint {
        &self.inner.endpoint
    }

    pub(super) fn options(&self) -> &McpOptions {
        &self.inner.options
    }

    /// Its tools. They are listed anew only if the server has said that they have changed, or was
    /// connected to anew. If that fails, with a warning in the log, or there is no connection
    /// until the next call makes one, they are those from before.
    pub async fn tools<C: Send + 'static>(&self) -> Vec<Arc<dyn Tool<C>>> {
        self.refresh().await;
        let tools = self.listed().tools.clone();
        let tool = |listed: &Arc<Listed>| {
            Arc::new(McpTool { server: self.clone(), listed: listed.clone() }) as Arc<dyn Tool<C>>
        };
        tools.iter().map(tool).collect()
    }

    fn listed(&self) -> std::sync::RwLockReadGuard<'_, List> {
        self.inner.listed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_listed(&self) -> bool {
        self.listed().changes == self.inner.changes.load(Ordering::Relaxed)
    }

    async fn refresh(&self) {
        if self.is_listed() {
            return;
        }
        let _listing = self.inner.listing.lock().await;
        if self.is_listed() {
            return;
        }
        let Some(link) = self.open_link() else { return };
        if let Err(error) = self.list(&link).await {
            let error = error.for_log();
            tracing::warn!(
                error,
                "the tools of an MCP server have changed and could not be listed"
            );
        }
    }

    async fn list(&self, link: &Link) -> Result<(), McpError> {
        // Read first: a change while they are listed makes the list an old one.
        let changes = self.inner.changes.load(Ordering::Relaxed);
        let limit = self.inner.options.list_timeout;
        let span = spans::request(&self.inner.endpoint, "tools/list");
        let listing = timeout(limit, self.pages(link, &span)).instrument(span.clone());
        let listed =
            listing.await.unwrap_or_else(|_| Err(self.too_slow("did not list its tools", limit)));
        let tools = listed.inspect_err(|error| spans::failed(&span, error))?;
        let tools = tool::listed(self.inner.options.prefix.as_deref(), tools).into();
        *self.inner.listed.write().unwrap_or_else(PoisonError::into_inner) =
            List { tools, changes };
        Ok(())
    }

    async fn pages(&self, link: &Link, span: &Span) -> Result<Vec<rmcp::model::Tool>, McpError> {
        let mut tools = Vec::new();
        let meta = self.meta(span);
        let first = PaginatedRequestParams::default();
        let mut page = meta.is_some().then(|| with_meta(first, &meta));
        for _ in 0..MOST_PAGES {
            let listed = match link.peer().list_tools(page).await {
                Ok(listed) => listed,
                Err(error) => match failure::of_request(error) {
                    // A server that has none need not know the request.
                    Failure::Refused { code: METHOD_NOT_FOUND, .. } => return Ok(tools),
                    failure => return Err(self.failed(failure, link)),
                },
            };
            tools.extend(listed.tools);
            if tools.len() > MOST_TOOLS {
                break;
            }
            let Some(cursor) = listed.next_cursor else { return Ok(tools) };
            let next = PaginatedRequestParams::default().with_cursor(Some(cursor));
            page = Some(with_meta(next, &meta));
        }
        tracing::warn!(server = self.name(), "the MCP server has too many tools: not all are used");
        tools.truncate(MOST_TOOLS);
        Ok(tools)
    }

    /// Calls a tool by the server's name for it. A call that the server cannot have got is made
    /// once more over a new connection.
    pub(super) async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        span: &Span,
    ) -> Result<CallToolResult, McpError> {
        let mut call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        call.meta = self.meta(span);
        let link = self.link().await?;
        let failure = match self.call_over(&link, call.clone()).await? {
            Ok(result) => return Ok(result),
            Err(failure @ Failure::NotDelivered(_)) => failure,
            Err(failure) => return Err(self.failed(failure, &link)),
        };
        self.failed(failure, &link);
        let link = self.link().await?;
        self.call_over(&link, call).await?.map_err(|failure| self.failed(failure, &link))
    }

    /// A call that is given up, for its time is up or its future is dropped, is cancelled at the
    /// server.
    async fn call_over(
        &self,
        link: &Link,
        call: CallToolRequestParams,
    ) -> Result<Result<CallToolResult, Failure>, McpError> {
        let limit = self.inner.options.call_timeout;
        match timeout(limit, link.peer().call_tool(call)).await {
            Ok(result) => Ok(result.map_err(failure::of_request)),
            Err(_) => Err(self.too_slow("did not answer the call", limit)),
        }
    }

    /// The connection, made anew if there is none. Those who wait while it is made share what
    /// comes of it.
    async fn link(&self) -> Result<Arc<Link>, McpError> {
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        let inner = &*self.inner;
        let attempts = inner.attempts.load(Ordering::Relaxed);
        let mut failure = inner.connecting.lock().await;
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        if let Some(failure) = &*failure
            && inner.attempts.load(Ordering::Relaxed) != attempts
        {
            return Err(failure.clone());
        }
        if self.set_link(None).is_some() {
            tracing::info!(server = self.name(), "connecting anew to an MCP server");
        }
        let limit = inner.options.connect_timeout;
        let span = spans::request(&inner.endpoint, "initialize");
        let opened = match timeout(limit, self.open()).await {
            Ok(Ok(link)) => Ok(Arc::new(link)),
            Ok(Err(reason)) => Err(self.unreachable(reason)),
            Err(_) => Err(self.too_slow("did not answer", limit)),
        };
        let opened = opened.inspect_err(|error| spans::failed(&span, error));
        drop(span);
        inner.attempts.fetch_add(1, Ordering::Relaxed);
        *failure = opened.as_ref().err().cloned();
        let link = opened?;
        inner.changes.fetch_add(1, Ordering::Relaxed);
        self.set_link(Some(link.clone()));
        Ok(link)
    }

    /// Connects, in a task of its own: what works on a connection keeps the span open that is the
    /// current one now, and the connection outlives the run that has made it.
    async fn open(&self) -> Result<Link, String> {
        let inner = Arc::clone(&self.inner);
        let mut opening = JoinSet::new();
        opening.spawn(async move {
            Link::open(&inner.endpoint, &inner.name, inner.changes.clone()).await
        });
        // Dropped with this future, it ends.
        let opened = opening.join_next().await;
        opened.and_then(Result::ok).unwrap_or_else(|| Err("connecting broke off".to_owned()))
    }

    /// What tells the server which trace a request belongs to (SEP-414).
    fn meta(&self, span: &Span) -> Option<RequestMetaObject> {
        let headers = self.inner.options.propagator.as_ref()?.headers(span);
        let mut meta = RequestMetaObject::new();
        for (name, value) in &headers {
            if let Ok(value) = value.to_str() {
                meta.insert(name.as_str().to_owned(), value.into());
            }
        }
        (!headers.is_empty()).then_some(meta)
    }

    /// The connection, if there is one.
    fn open_link(&self) -> Option<Arc<Link>> {
        let link = self.inner.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.as_ref().filter(|link| link.is_open()).cloned()
    }

    fn set_link(&self, link: Option<Arc<Link>>) -> Option<Arc<Link>> {
        std::mem::replace(
            &mut *self.inner.link.lock().unwrap_or_else(PoisonError::into_inner),
            link,
        )
    }

    fn failed(&self, failure: Failure, link: &Link) -> McpError {
        let server = self.inner.name.clone();
        match failure {
            Failure::NotDelivered(reason) => {
                link.give_up();
                self.unreachable(reason)
            }
            Failure::Lost(reason) => {
                link.give_up();
                McpError::Lost { server, reason: self.inner.endpoint.redact(reason) }
            }
            Failure::Refused { code, message } => {
                McpError::Refused { server, code, message: self.inner.endpoint.redact(message) }
            }
            Failure::Protocol => McpError::Protocol { server },
        }
    }

    fn unreachable(&self, reason: String) -> McpError {
        let reason = self.inner.endpoint.redact(reason);
        McpError::Unreachable { server: self.inner.name.clone(), reason }
    }

    fn too_slow(&self, what: &'static str, after: std::time::Duration) -> McpError {
        McpError::Timeout { server: self.inner.name.clone(), what, after }
    }
}

fn with_meta(
    mut page: PaginatedRequestParams,
    meta: &Option<RequestMetaObject>,
) -> PaginatedRequestParams {
    page.meta.clone_from(meta);
    page
}

/// The code of JSON-RPC for a request that is not known.
const METHOD_NOT_FOUND: i32 = rmcp::model::ErrorCode::METHOD_NOT_FOUND.0;

#[async_trait]
impl<C: Send + 'static> ToolSource<C> for McpServer {
    fn name(&self) -> &str {
        self.name()
    }

    async fn tools(&self) -> Result<Vec<Arc<dyn Tool<C>>>, ToolError> {
        Ok(Self::tools(self).await)
    }
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer")
            .field("endpoint", &self.inner.endpoint)
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}
