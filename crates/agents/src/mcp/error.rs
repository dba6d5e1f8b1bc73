//! How an MCP server fails.

use std::{borrow::Cow, time::Duration};

/// Why an MCP server could not be used. No text holds the value of a header or of a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// The endpoint is set up in a way that cannot work.
    #[error("{0}")]
    Endpoint(String),
    /// The server could not be reached, or is not an MCP server.
    #[error("the MCP server `{server}` is not reachable: {reason}")]
    Unreachable {
        /// The server's name.
        server: String,
        /// Why.
        reason: String,
    },
    /// The server took too long.
    #[error("the MCP server `{server}` {what} within {} s", after.as_secs_f64())]
    Timeout {
        /// The server's name.
        server: String,
        /// What it did not do, for example `did not answer the call`.
        what: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke while an answer was waited for. Whether the server has done what it
    /// was asked for is not known.
    #[error("the connection to the MCP server `{server}` broke before it had answered: {reason}")]
    Lost {
        /// The server's name.
        server: String,
        /// Why.
        reason: String,
    },
    /// The server refused the request.
    #[error("the MCP server `{server}` refused the request: {message} ({code})")]
    Refused {
        /// The server's name.
        server: String,
        /// The code of JSON-RPC.
        code: i32,
        /// The server's text, cut to a sane length.
        message: String,
    },
    /// The answer is nothing that fits the request.
    #[error("the answer of the MCP server `{server}` was not understood")]
    Protocol {
        /// The server's name.
        server: String,
    },
}

impl McpError {
    /// The kind of it in one word, for traces; that of a refusal is its code.
    pub(crate) fn kind(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Endpoint(_) => "config",
            Self::Unreachable { .. } | Self::Lost { .. } => "transport",
            Self::Timeout { .. } => "timeout",
            Self::Refused { code, .. } => return code.to_string().into(),
            Self::Protocol { .. } => "protocol",
        })
    }

    /// What the log may say of it: without texts of the server, which may quote what it was asked.
    pub(crate) fn for_log(&self) -> String {
        match self {
            Self::Refused { server, code, .. } => {
                format!("the MCP server `{server}` refused the request ({code})")
            }
            _ => self.to_string(),
        }
    }
}
