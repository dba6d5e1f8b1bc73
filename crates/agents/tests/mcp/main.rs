//! MCP servers as tools, against real servers: programs and HTTP on loopback.
#![cfg(feature = "mcp")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod agent;
mod answers;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod http;
mod process;
mod spans;
mod workshop;

use std::sync::Arc;

use chatkit_agents::{
    Tool, ToolCall, ToolError,
    mcp::McpServer,
    model::{FunctionCall, ToolSpec},
};

/// Calls a tool of a server with arguments as a model writes them.
async fn call(server: &McpServer, tool: &str, arguments: &str) -> Result<String, ToolError> {
    call_tool(&*find(server, tool).await, arguments).await
}

async fn find(server: &McpServer, name: &str) -> Arc<dyn Tool<()>> {
    let tools = server.tools::<()>().await;
    tools.into_iter().find(|tool| tool.spec().name() == name).expect(name)
}

async fn call_tool(tool: &dyn Tool<()>, arguments: &str) -> Result<String, ToolError> {
    let call = FunctionCall {
        call_id: "call_1".to_owned(),
        name: tool.spec().name().to_owned(),
        arguments: arguments.to_owned(),
    };
    tool.call(ToolCall::new((), call, "agent")).await.map(|output| output.text)
}

async fn names(server: &McpServer) -> Vec<String> {
    server.tools::<()>().await.iter().map(|tool| tool.spec().name().to_owned()).collect()
}

fn function(spec: &ToolSpec) -> (&str, &serde_json::Value, bool) {
    match spec {
        ToolSpec::Function { description, parameters, strict, .. } => {
            (description, parameters, *strict)
        }
        _ => panic!("not a function"),
    }
}
