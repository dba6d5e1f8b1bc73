//! Handing over to another agent.

use std::{fmt, future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Agent;
use crate::{
    model::{InputItem, ToolSpec},
    tool::{Condition, IntoToolResult, ToolError, typed::TypedSchema},
};

/// An agent that another may hand over to. Its model sees it as a tool, `transfer_to_<name>`.
///
/// An [`Agent`] converts into one. Agents that hand over to each other use [`Handoff::lazy`]:
///
/// ```
/// use chatkit_agents::{Agent, Handoff};
///
/// fn triage() -> Agent<()> {
///     Agent::new("Triage").handoff(billing())
/// }
///
/// fn billing() -> Agent<()> {
///     Agent::new("Billing").handoff(Handoff::lazy("Triage", "Knows who can help.", triage))
/// }
/// ```
pub struct Handoff<C> {
    agent_name: String,
    agent: Arc<dyn Fn() -> Agent<C> + Send + Sync>,
    tool_name: String,
    tool_description: String,
    schema: Arc<TypedSchema>,
    on_handoff: Option<OnHandoff<C>>,
    filter: Option<Filter>,
    enabled: Option<Condition<C>>,
}

type OnHandoff<C> = Arc<dyn Fn(C, &str) -> BoxFuture<'static, Result<(), ToolError>> + Send + Sync>;
type Filter = Arc<dyn Fn(HandoffInput) -> HandoffInput + Send + Sync>;

/// What the next agent's model is given: the three parts in this order.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct HandoffInput {
    /// What the run was given, or what an earlier filter left.
    pub input: Vec<InputItem>,
    /// What came in the turns before.
    pub earlier_items: Vec<InputItem>,
    /// What came in this turn, with the call and the output of the handoff.
    pub new_items: Vec<InputItem>,
}

impl<C> Handoff<C> {
    /// A handoff to an agent.
    pub fn new(agent: Agent<C>) -> Self
    where
        C: 'static,
    {
        let description = agent.parts().handoff_description.clone().unwrap_or_default();
        let name = agent.name().to_owned();
        Self::lazy(name, description, move || agent.clone())
    }

    /// A handoff to the agent of this name, which is only made when the handoff happens.
    pub fn lazy(
        name: impl Into<String>,
        description: impl AsRef<str>,
        agent: impl Fn() -> Agent<C> + Send + Sync + 'static,
    ) -> Self {
        let agent_name = name.into();
        Self {
            tool_name: tool_name(&agent_name),
            tool_description: format!(
                "Handoff to the {agent_name} agent to handle the request. {}",
                description.as_ref()
            ),
            agent_name,
            agent: Arc::new(agent),
            schema: Arc::new(TypedSchema::of::<()>("input")),
            on_handoff: None,
            filter: None,
            enabled: None,
        }
    }

    /// Another name for the tool.
    #[must_use]
    pub fn tool_name(mut self, name: impl Into<String>) -> Self {
        self.tool_name = name.into();
        self
    }

    /// Another description of the tool.
    #[must_use]
    pub fn tool_description(mut self, description: impl Into<String>) -> Self {
        self.tool_description = description.into();
        self
    }

    /// What happens at the handoff, with input that the model writes for it; `()` is no input. An
    /// error is told to the model, which goes on, unless it is [fatal](ToolError::fatal).
    #[must_use]
    pub fn on_handoff<T, F, Fut, M>(mut self, on_handoff: F) -> Self
    where
        T: DeserializeOwned + JsonSchema + 'static,
        F: Fn(C, T) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoToolResult<M>,
    {
        let schema = Arc::new(TypedSchema::of::<T>("input"));
        self.schema = Arc::clone(&schema);
        self.on_handoff = Some(Arc::new(move |context, arguments| {
            let future = match schema.read::<T>(arguments) {
                Ok((input, _)) => Ok(on_handoff(context, input)),
                Err(misfit) => Err(ToolError::arguments(misfit)),
            };
            Box::pin(async move { future?.await.into_tool_result().map(drop) })
        }));
        self
    }

    /// Changes what the next agent's model is given; by default it is given everything. Not asked
    /// where the provider keeps the conversation, as in runs with a previous response.
    #[must_use]
    pub fn input_filter(
        mut self,
        filter: impl Fn(HandoffInput) -> HandoffInput + Send + Sync + 'static,
    ) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }

    /// When the model may hand over. Asked before each request.
    #[must_use]
    pub fn enabled_if(mut self, enabled: impl Fn(&C) -> bool + Send + Sync + 'static) -> Self {
        self.enabled = Some(Arc::new(enabled));
        self
    }

    /// What the model sees of it.
    pub(crate) fn spec(&self) -> ToolSpec {
        let (parameters, strict) = self.schema.for_model(true);
        ToolSpec::Function {
            name: self.tool_name.clone(),
            description: self.tool_description.clone(),
            parameters,
            strict,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.tool_name
    }

    pub(crate) fn agent(&self) -> Agent<C> {
        (self.agent)()
    }

    pub(crate) fn is_enabled(&self, context: &C) -> bool {
        self.enabled.as_ref().is_none_or(|enabled| enabled(context))
    }

    pub(crate) fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// What the application does at the handoff.
    pub(crate) async fn happen(&self, context: C, arguments: &str) -> Result<(), ToolError> {
        match &self.on_handoff {
            Some(on_handoff) => on_handoff(context, arguments).await,
            None => Ok(()),
        }
    }
}

impl<C: 'static> From<Agent<C>> for Handoff<C> {
    fn from(agent: Agent<C>) -> Self {
        Self::new(agent)
    }
}

impl<C: 'static> From<&Agent<C>> for Handoff<C> {
    fn from(agent: &Agent<C>) -> Self {
        Self::new(agent.clone())
    }
}

/// The name of the tool for an agent of this name, as the Agents SDK makes it.
fn tool_name(agent: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("transfer_to_{}", agent.chars().map(plain).collect::<String>())
}

impl<C> Clone for Handoff<C> {
    fn clone(&self) -> Self {
        Self {
            agent_name: self.agent_name.clone(),
            agent: Arc::clone(&self.agent),
            tool_name: self.tool_name.clone(),
            tool_description: self.tool_description.clone(),
            schema: Arc::clone(&self.schema),
            on_handoff: self.on_handoff.clone(),
            filter: self.filter.clone(),
            enabled: self.enabled.clone(),
        }
    }
}

impl<C> fmt::Debug for Handoff<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handoff")
            .field("agent", &self.agent_name)
            .field("tool", &self.tool_name)
            .finish_non_exhaustive()
    }
}
