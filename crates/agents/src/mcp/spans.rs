//! Spans of requests of MCP servers, by the conventions of OpenTelemetry for MCP.

use std::borrow::Cow;

use tracing::{Span, field::Empty, info_span};

use super::{McpEndpoint, McpError, content::ToolFailed};
use crate::{ToolError, spans};

/// A request that is not a tool's call: `initialize`, `tools/list`. A child of what is current.
pub(super) fn request(endpoint: &McpEndpoint, method: &'static str) -> Span {
    let (transport, address, port) = whereabouts(endpoint);
    info_span!(
        "mcp",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = Empty,
        mcp.method.name = method,
        network.transport = transport,
        server.address = address,
        server.port = port,
        rpc.response.status_code = Empty,
        chatkit.mcp.server = %endpoint,
        "error.type" = Empty,
    )
}

/// The call of a tool. Within a run the span is that of the tool's work, as the conventions want it;
/// else there is one of its own, which ends as the call does.
pub(super) struct CallSpan {
    span: Span,
    is_own: bool,
}

impl CallSpan {
    /// A tool, by the name that models know it by, is about to be called.
    pub(super) fn begin(endpoint: &McpEndpoint, tool: &str) -> Self {
        let method = "tools/call";
        let (transport, address, port) = whereabouts(endpoint);
        let current = Span::current();
        if spans::is_execute_tool(&current) {
            current.record("mcp.method.name", method);
            current.record("network.transport", transport);
            current.record("server.address", address);
            current.record("server.port", port);
            current.record("chatkit.mcp.server", tracing::field::display(endpoint));
            return Self { span: current, is_own: false };
        }
        let span = info_span!(
            "mcp",
            otel.name = format_args!("{method} {tool}"),
            otel.kind = "client",
            otel.status_code = Empty,
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = tool,
            mcp.method.name = method,
            network.transport = transport,
            server.address = address,
            server.port = port,
            rpc.response.status_code = Empty,
            chatkit.mcp.server = %endpoint,
            "error.type" = Empty,
        );
        Self { span, is_own: true }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// The call has failed.
    pub(super) fn failed(&self, error: &ToolError) {
        if let Some(error) = error.downcast_ref() {
            refused(&self.span, error);
        }
        if self.is_own {
            spans::fail(&self.span, &error.kind());
        }
    }
}

/// A request has failed.
pub(super) fn failed(span: &Span, error: &McpError) {
    refused(span, error);
    spans::fail(span, &error.kind());
}

/// The code of a server's refusal.
fn refused(span: &Span, error: &McpError) {
    if let McpError::Refused { code, .. } = error {
        span.record("rpc.response.status_code", code.to_string());
    }
}

/// The kind of a tool's error in one word, for traces, if it is about an MCP server.
pub(crate) fn kind_of(error: &ToolError) -> Option<Cow<'static, str>> {
    if error.downcast_ref::<ToolFailed>().is_some() {
        return Some("tool_error".into());
    }
    error.downcast_ref::<McpError>().map(McpError::kind)
}

/// What the log may say of a tool's error, if it is about an MCP server.
pub(crate) fn for_log(error: &ToolError) -> Option<String> {
    if error.downcast_ref::<ToolFailed>().is_some() {
        return Some("the MCP server says that the tool has failed".to_owned());
    }
    error.downcast_ref().map(McpError::for_log)
}

fn whereabouts(endpoint: &McpEndpoint) -> (&'static str, Option<String>, Option<u16>) {
    match endpoint.address() {
        Some((host, port)) => ("tcp", Some(host), port),
        None => ("pipe", None, None),
    }
}
