//! A server's tool as one of an agent's.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tracing::Instrument as _;

use super::{McpServer, content, names::Names, schema, spans::CallSpan};
use crate::{Tool, ToolCall, ToolError, ToolOutput, model::ToolSpec};

/// A tool as the server listed it.
pub(super) struct Listed {
    /// The server's name for it.
    name: String,
    spec: ToolSpec,
}

/// What a server listed, as models see it. A name that comes twice counts once.
pub(super) fn listed(prefix: Option<&str>, tools: Vec<rmcp::model::Tool>) -> Vec<Arc<Listed>> {
    let mut names = Names::new(prefix);
    let mut seen = std::collections::HashSet::new();
    let tools = tools.into_iter().filter(|tool| seen.insert(tool.name.clone()));
    tools
        .map(|tool| {
            let parameters = schema::for_provider(&tool.input_schema);
            let spec = ToolSpec::Function {
                name: names.give(&tool.name),
                description: tool
                    .description
                    .or(tool.title.map(Into::into))
                    .unwrap_or_default()
                    .into_owned(),
                strict: schema::is_strict(&parameters),
                parameters,
            };
            Arc::new(Listed { name: tool.name.into_owned(), spec })
        })
        .collect()
}

/// A tool of a server. It keeps the server connected.
pub(super) struct McpTool {
    pub(super) server: McpServer,
    pub(super) listed: Arc<Listed>,
}

#[async_trait]
impl<C: Send + 'static> Tool<C> for McpTool {
    fn spec(&self) -> &ToolSpec {
        &self.listed.spec
    }

    async fn call(&self, call: ToolCall<C>) -> Result<ToolOutput, ToolError> {
        let Self { server, listed } = self;
        let span = CallSpan::begin(server.endpoint(), listed.spec.name());
        let called = async {
            let arguments = arguments(&call.call.arguments)?;
            content::into_output(server.call(&listed.name, arguments, span.span()).await?)
        };
        let called = called.instrument(span.span().clone()).await;
        called.inspect_err(|error| span.failed(error))
    }

    /// As long as the server's own limits together, which end a call with more telling errors.
    fn timeout(&self) -> Option<Duration> {
        let options = self.server.options();
        Some(options.connect_timeout.saturating_add(options.call_timeout))
    }
}

/// The arguments as an object; none at all as an empty one.
fn arguments(text: &str) -> Result<Map<String, Value>, ToolError> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(ToolError::arguments("they must be a JSON object")),
        Err(error) => Err(ToolError::arguments(error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_an_object_or_nothing() {
        assert!(arguments(" ").unwrap().is_empty());
        assert!(arguments("null").unwrap().is_empty());
        assert_eq!(Value::Object(arguments("{\"a\": 1}").unwrap()), json!({"a": 1}));
        assert_eq!(arguments("[1]").unwrap_err().to_string(), "they must be a JSON object");
        let broken = arguments("{\"a\": ").unwrap_err();
        assert!(broken.to_string().starts_with("EOF"));
        assert!(!broken.is_fatal());
    }

    #[test]
    fn a_name_that_is_listed_twice_counts_once() {
        let tool =
            |name: &str| serde_json::from_value(json!({"name": name, "inputSchema": {}})).unwrap();
        let tools = listed(Some("x"), vec![tool("a"), tool("b"), tool("a")]);
        let names: Vec<_> = tools.iter().map(|tool| tool.spec.name()).collect();
        assert_eq!(names, ["x_a", "x_b"]);
    }
}
