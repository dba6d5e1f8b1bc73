//! MCP servers: their tools as those of an agent.
//!
//! A server is a program, spoken to over its standard input and output, or something at a URL that
//! speaks streamable HTTP. Connecting lists its tools, of all pages; calls go out under time
//! limits, and a call that is dropped is cancelled at the server. A server that has died is
//! started, or connected to, anew by the next call, once; if that fails the model is told that the
//! server is not reachable. When the server says that its tools have changed, the next run has the
//! new ones.
//!
//! ```no_run
//! use chatkit_agents::{
//!     Agent,
//!     mcp::{McpEndpoint, McpError, McpOptions, McpServer},
//! };
//!
//! async fn assistant() -> Result<Agent<()>, McpError> {
//!     let program = ["-y", "@modelcontextprotocol/server-filesystem", "/data"];
//!     let files = McpServer::connect(McpEndpoint::command("npx", program)).await?;
//!
//!     let url = McpEndpoint::http("https://example.com/mcp").bearer_token("…");
//!     let search = McpServer::connect_with(url, McpOptions::default().prefix("search")).await?;
//!
//!     Ok(Agent::new("Assistant").tool_source(files).tool_source(search))
//! }
//! ```

mod child;
mod content;
mod endpoint;
mod error;
mod failure;
mod http;
mod http_client;
mod link;
mod names;
mod options;
mod schema;
mod server;
mod spans;
mod tool;
mod words;

pub use endpoint::McpEndpoint;
pub use error::McpError;
pub use options::McpOptions;
pub use server::McpServer;
pub(crate) use spans::{for_log, kind_of};
