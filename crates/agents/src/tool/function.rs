//! Tools made of closures.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Condition, IntoToolResult, Tool, ToolCall, ToolError, ToolOutput, typed::TypedSchema};
use crate::model::ToolSpec;

/// A tool made of a closure whose arguments have a type.
///
/// The model sees the arguments' JSON Schema; what it writes is read into the type, and it is told
/// which field is wrong if it does not fit. Fields with a default may be left out, or be `null`.
/// Arguments that are no object, such as a `String`, are wrapped as the field `input`; `()` means no
/// arguments.
///
/// The closure returns what implements [`IntoToolResult`]: mostly a `Result` of something that can
/// be written as JSON.
///
/// ```
/// use chatkit_agents::{Agent, ToolError, function_tool};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Place {
///     /// A city, for example `Rome`.
///     city: String,
/// }
///
/// let weather = function_tool("weather", "The weather of today.", |_call, place: Place| async move {
///     Ok::<_, ToolError>(format!("It is sunny in {}.", place.city))
/// });
/// let agent: Agent<()> = Agent::new("Assistant").tool(weather);
/// ```
pub fn function_tool<C, Args, F, Fut, R, M>(
    name: impl Into<String>,
    description: impl Into<String>,
    function: F,
) -> FunctionTool<C>
where
    C: Send + 'static,
    Args: DeserializeOwned + JsonSchema + 'static,
    F: Fn(ToolCall<C>, Args) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoToolResult<M> + 'static,
{
    let schema = Arc::new(TypedSchema::of::<Args>("input"));
    let reader = Arc::clone(&schema);
    let run = move |call: ToolCall<C>| -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        match reader.read::<Args>(&call.call.arguments) {
            Ok((args, _)) => {
                let future = function(call, args);
                Box::pin(async move { future.await.into_tool_result() })
            }
            Err(misfit) => Box::pin(async move { Err(ToolError::arguments(misfit)) }),
        }
    };
    let spec = spec(name.into(), description.into(), &schema, true);
    FunctionTool { spec, schema, run: Arc::new(run), timeout: None, enabled: None }
}

type Run<C> =
    Arc<dyn Fn(ToolCall<C>) -> BoxFuture<'static, Result<ToolOutput, ToolError>> + Send + Sync>;

/// A tool made with [`function_tool`].
pub struct FunctionTool<C> {
    spec: ToolSpec,
    schema: Arc<TypedSchema>,
    run: Run<C>,
    timeout: Option<Duration>,
    enabled: Option<Condition<C>>,
}

impl<C> FunctionTool<C> {
    /// How long a call may take, instead of the run's [default](crate::RunConfig::tool_timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether the provider holds the model to the schema; by default it does. A schema that strict
    /// mode cannot express, for example one with a map, is never strict.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        if let ToolSpec::Function { name, description, .. } = self.spec {
            self.spec = spec(name, description, &self.schema, strict);
        }
        self
    }

    /// When the model may call it. Asked before each request.
    #[must_use]
    pub fn enabled_if(mut self, enabled: impl Fn(&C) -> bool + Send + Sync + 'static) -> Self {
        self.enabled = Some(Arc::new(enabled));
        self
    }
}

#[async_trait]
impl<C: Send + 'static> Tool<C> for FunctionTool<C> {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall<C>) -> Result<ToolOutput, ToolError> {
        (self.run)(call).await
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    fn is_enabled(&self, context: &C) -> bool {
        self.enabled.as_ref().is_none_or(|enabled| enabled(context))
    }
}

impl<C> Clone for FunctionTool<C> {
    fn clone(&self) -> Self {
        Self {
            spec: self.spec.clone(),
            schema: Arc::clone(&self.schema),
            run: Arc::clone(&self.run),
            timeout: self.timeout,
            enabled: self.enabled.clone(),
        }
    }
}

impl<C> fmt::Debug for FunctionTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionTool")
            .field("spec", &self.spec)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The tool as a model sees it.
pub(crate) fn spec(
    name: String,
    description: String,
    schema: &TypedSchema,
    strict: bool,
) -> ToolSpec {
    let (parameters, strict) = schema.for_model(strict);
    ToolSpec::Function { name, description, parameters, strict }
}
