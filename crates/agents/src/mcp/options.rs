//! How a server is used.

use std::time::Duration;

use crate::Propagator;

/// How an MCP server is used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct McpOptions {
    /// What the names of its tools begin with, followed by `_`, so that those of several servers
    /// do not clash. Default: nothing.
    pub prefix: Option<String>,
    /// How long connecting may take, the start of a program included. Default: 30 s, since some
    /// programs are downloaded first.
    pub connect_timeout: Duration,
    /// How long the list of tools may take. Default: 10 s.
    pub list_timeout: Duration,
    /// How long a call may take. Default: 60 s.
    pub call_timeout: Duration,
    /// What tells the server which trace a request belongs to, in its `_meta` and, if the server
    /// speaks HTTP, in its headers. Default: nothing.
    pub propagator: Option<Propagator>,
}

impl Default for McpOptions {
    fn default() -> Self {
        Self {
            prefix: None,
            connect_timeout: Duration::from_secs(30),
            list_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(60),
            propagator: None,
        }
    }
}

impl McpOptions {
    /// Lets the names of the tools begin with this.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Limits how long connecting may take.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Limits how long the list of tools may take.
    #[must_use]
    pub fn list_timeout(mut self, limit: Duration) -> Self {
        self.list_timeout = limit;
        self
    }

    /// Limits how long a call may take.
    #[must_use]
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = limit;
        self
    }

    /// Tells the server which trace a request belongs to.
    #[must_use]
    pub fn propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }
}
