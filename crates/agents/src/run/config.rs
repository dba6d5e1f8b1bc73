//! How a run is made.

use std::{fmt, sync::Arc, time::Duration};

use super::RunHooks;
use crate::model::{Model, ModelSettings};

/// How a run is made. What is not said has a default.
///
/// ```
/// use chatkit_agents::RunConfig;
///
/// let config: RunConfig<()> = RunConfig::new().max_turns(3);
/// ```
pub struct RunConfig<C> {
    pub(super) max_turns: usize,
    pub(super) previous_response_id: Option<String>,
    pub(super) model: Option<Arc<dyn Model>>,
    pub(super) settings: ModelSettings,
    pub(super) tool_timeout: Option<Duration>,
    pub(super) max_parallel_tools: usize,
    pub(super) hooks: Option<Arc<dyn RunHooks<C>>>,
    pub(super) conversation_id: Option<Arc<str>>,
    pub(super) log_content: bool,
}

impl<C> RunConfig<C> {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            max_turns: 10,
            previous_response_id: None,
            model: None,
            settings: ModelSettings::default(),
            tool_timeout: Some(Duration::from_secs(120)),
            max_parallel_tools: 16,
            hooks: None,
            conversation_id: None,
            log_content: false,
        }
    }

    /// How often models may be asked; 10 by default, as in the Agents SDK. A run that needs more
    /// ends with [`RunError::MaxTurns`](crate::RunError::MaxTurns).
    #[must_use]
    pub fn max_turns(mut self, turns: usize) -> Self {
        self.max_turns = turns;
        self
    }

    /// The provider's id of the answer that the run goes on from. The input is then only what is
    /// new, and so is what further requests of the run send.
    #[must_use]
    pub fn previous_response_id(mut self, id: impl Into<String>) -> Self {
        self.previous_response_id = Some(id.into());
        self
    }

    /// The model of all agents, instead of their own: those of [tools](crate::AgentTool) too.
    #[must_use]
    pub fn model(mut self, model: impl Model) -> Self {
        self.model = Some(Arc::new(model));
        self
    }

    /// Settings that win over those of the agents.
    #[must_use]
    pub fn settings(mut self, settings: ModelSettings) -> Self {
        self.settings = settings;
        self
    }

    /// How long a call of a tool may take that has no time limit of its own; 120 seconds by default,
    /// `None` for as long as it likes. The model is told when the time is up.
    #[must_use]
    pub fn tool_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.tool_timeout = timeout.into();
        self
    }

    /// How many tools run at once; 16 by default, at least 1.
    #[must_use]
    pub fn max_parallel_tools(mut self, tools: usize) -> Self {
        self.max_parallel_tools = tools.max(1);
        self
    }

    /// The conversation that the run belongs to, for its traces: the id of a thread.
    #[must_use]
    pub fn conversation_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.conversation_id = Some(id.into());
        self
    }

    /// Whether logs and traces may hold what is said: what the model is told and answers, and what
    /// tools are called with and return. Not by default.
    #[must_use]
    pub fn log_content(mut self, log_content: bool) -> Self {
        self.log_content = log_content;
        self
    }

    /// How the run of an agent is made that is a tool in a run made like this: the same, but for what
    /// belongs to this run alone.
    pub(crate) fn of_tool(self) -> Self {
        let Self { max_turns, .. } = Self::new();
        Self { max_turns, previous_response_id: None, hooks: None, ..self }
    }

    /// Who is told of what happens in the run.
    #[must_use]
    pub fn hooks(mut self, hooks: impl RunHooks<C>) -> Self
    where
        C: Sync,
    {
        self.hooks = Some(Arc::new(hooks));
        self
    }
}

impl<C> Default for RunConfig<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> Clone for RunConfig<C> {
    fn clone(&self) -> Self {
        Self {
            max_turns: self.max_turns,
            previous_response_id: self.previous_response_id.clone(),
            model: self.model.clone(),
            settings: self.settings.clone(),
            tool_timeout: self.tool_timeout,
            max_parallel_tools: self.max_parallel_tools,
            hooks: self.hooks.clone(),
            conversation_id: self.conversation_id.clone(),
            log_content: self.log_content,
        }
    }
}

impl<C> fmt::Debug for RunConfig<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunConfig")
            .field("max_turns", &self.max_turns)
            .field("previous_response_id", &self.previous_response_id)
            .field("model", &self.model.as_ref().map(|model| model.name().to_owned()))
            .field("settings", &self.settings)
            .field("tool_timeout", &self.tool_timeout)
            .field("max_parallel_tools", &self.max_parallel_tools)
            .finish_non_exhaustive()
    }
}
