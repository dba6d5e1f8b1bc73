//! Tools that run in the page.

use std::fmt;

use async_trait::async_trait;
use chatkit_server::{RequestContext, protocol::JsonObject};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{AgentContext, context::ClientToolCall};
use crate::{
    model::ToolSpec,
    tool::{Tool, ToolCall, ToolError, ToolOutput, spec, typed::TypedSchema},
};

/// A tool that the page runs (`onClientTool` in ChatKit.js). The run ends with its call; when the
/// page has answered, the assistant responds again, and the model finds call and output in the
/// thread.
///
/// ```
/// use chatkit_agents::{Agent, AgentContext, ClientTool};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct PickTheme {
///     /// What to ask the user.
///     question: String,
/// }
///
/// let agent: Agent<AgentContext<()>> = Agent::new("Assistant")
///     .tool(ClientTool::new::<PickTheme>("pick_theme", "Lets the user pick a theme."));
/// ```
pub struct ClientTool {
    spec: ToolSpec,
    schema: TypedSchema,
    check: Check,
}

type Check = fn(&TypedSchema, &str) -> Result<Value, String>;

impl ClientTool {
    /// A tool of the page's by its name there, with arguments of this type. What does not fit the
    /// type never reaches the page: the model is told and may try again.
    pub fn new<Args: DeserializeOwned + JsonSchema>(
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let schema = TypedSchema::of::<Args>("input");
        let spec = spec(name.into(), description.into(), &schema, true);
        let check: Check = |schema, text| Ok(schema.read::<Args>(text)?.1);
        Self { spec, schema, check }
    }
}

#[async_trait]
impl<C: RequestContext> Tool<AgentContext<C>> for ClientTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall<AgentContext<C>>) -> Result<ToolOutput, ToolError> {
        let arguments =
            (self.check)(&self.schema, &call.call.arguments).map_err(ToolError::arguments)?;
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            Value::Null => JsonObject::new(),
            other => JsonObject::from_iter([("input".to_owned(), other)]),
        };
        call.context.set_client_tool_call(ClientToolCall {
            name: self.spec.name().to_owned(),
            arguments,
            call_id: Some(call.call.call_id),
        });
        Ok(ToolOutput::default().ending_run())
    }
}

impl fmt::Debug for ClientTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTool").field("spec", &self.spec).finish_non_exhaustive()
    }
}
