//! The server that the tests use, made with the official SDK.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

/// Tells the test what happens in the server.
pub(crate) type Report = Arc<dyn Fn(&str) + Send + Sync>;

/// A server with a tool for each thing that may happen.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) report: Report,
    /// Whether the tool `late` is there.
    grown: Arc<AtomicBool>,
}

impl Workshop {
    pub(crate) fn new(report: Report) -> Self {
        Self { report, grown: Arc::default() }
    }
}

fn tool(name: &'static str, schema: Value) -> Tool {
    let Value::Object(schema) = schema else { panic!("a schema is an object") };
    Tool::new(name, format!("The tool {name}."), schema)
}

impl ServerHandler for Workshop {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(
            ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build(),
        )
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        (self.report)("list");
        let mut page = ListToolsResult::default();
        if request.and_then(|request| request.cursor).is_none() {
            page.next_cursor = Some("more".to_owned());
            page.tools = vec![
                tool(
                    "echo",
                    json!({
                        "$schema": "https://json-schema.org/draft/2020-12/schema",
                        "type": "object",
                        "properties": {"text": {"type": "string"}},
                        "required": ["text"],
                        "additionalProperties": false,
                    }),
                ),
                tool("fail", json!({"type": "object"})),
                tool(
                    "math.add",
                    json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
                ),
            ];
        } else {
            page.tools = ["wait", "grow", "refuse", "environment", "pid", "exit"]
                .into_iter()
                .map(|name| tool(name, json!({"type": "object"})))
                .collect();
            if self.grown.load(Ordering::SeqCst) {
                page.tools.push(tool("late", json!({"type": "object"})));
            }
        }
        Ok(page)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let text = |text: String| CallToolResult::success(vec![ContentBlock::text(text)]);
        Ok(match &*request.name {
            "echo" => text(arguments["text"].as_str().unwrap_or("nothing").to_owned()),
            "fail" => CallToolResult::error(vec![ContentBlock::text("the glue has dried")]),
            "math.add" => {
                let mut result = CallToolResult::structured(json!({"sum": arguments["a"]}));
                result.content.clear();
                result
            }
            "wait" => {
                (self.report)("waiting");
                context.ct.cancelled().await;
                (self.report)("cancelled");
                text("too late".to_owned())
            }
            "grow" => {
                self.grown.store(true, Ordering::SeqCst);
                let _ = context.peer.notify_tool_list_changed().await;
                text("grown".to_owned())
            }
            "environment" => {
                let name = arguments["name"].as_str().unwrap_or_default();
                text(std::env::var(name).unwrap_or_else(|_| "not set".to_owned()))
            }
            "pid" => text(std::process::id().to_string()),
            "exit" => std::process::exit(3),
            "late" => text("here".to_owned()),
            _ => return Err(ErrorData::invalid_params(Cow::from("not today"), None)),
        }
        .into())
    }
}
