//! What an agent may call in one turn.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;
use tracing::{Instrument as _, Span};

use crate::{
    agent::{Agent, Handoff},
    model::ToolSpec,
    tool::Tool,
};

/// The tools and handoffs of an agent that are enabled in this turn.
pub(super) struct Toolbox<C> {
    tools: Vec<Arc<dyn Tool<C>>>,
    handoffs: Vec<Handoff<C>>,
    specs: Vec<ToolSpec>,
}

impl<C: 'static> Toolbox<C> {
    /// What is enabled of the agent's own and of what its sources had when it started. Of two
    /// things with the same name, the first one counts.
    pub(super) fn of(agent: &Agent<C>, sourced: &[Arc<dyn Tool<C>>], context: &C) -> Self {
        let parts = agent.parts();
        let mut toolbox = Self { tools: Vec::new(), handoffs: Vec::new(), specs: Vec::new() };
        let mut names = HashSet::new();
        let mut is_new = |name: &str| {
            let is_new = names.insert(name.to_owned());
            if !is_new {
                tracing::warn!(agent = agent.name(), tool = name, "two tools have the same name");
            }
            is_new
        };
        for tool in parts.tools.iter().chain(sourced).filter(|tool| tool.is_enabled(context)) {
            if is_new(tool.spec().name()) {
                toolbox.specs.push(tool.spec().clone());
                toolbox.tools.push(Arc::clone(tool));
            }
        }
        toolbox.specs.extend(parts.hosted_tools.iter().cloned());
        for handoff in parts.handoffs.iter().filter(|handoff| handoff.is_enabled(context)) {
            if is_new(handoff.name()) {
                toolbox.specs.push(handoff.spec());
                toolbox.handoffs.push(handoff.clone());
            }
        }
        toolbox
    }

    /// What the agent's sources have. One that cannot tell is left out. They are asked within the
    /// agent's span.
    pub(super) async fn sourced(agent: &Agent<C>, span: &Span) -> Vec<Arc<dyn Tool<C>>> {
        let sources = &agent.parts().tool_sources;
        let asked = sources.iter().map(|source| source.tools().instrument(span.clone()));
        let listed = join_all(asked).await;
        let tools = sources.iter().zip(listed).flat_map(|(source, listed)| {
            listed.unwrap_or_else(|error| {
                let (agent, source) = (agent.name(), source.name());
                let error = error.for_log();
                tracing::warn!(agent, source, error, "an agent goes on without a source's tools");
                Vec::new()
            })
        });
        tools.collect()
    }

    /// What the model sees.
    pub(super) fn specs(&self) -> &[ToolSpec] {
        &self.specs
    }

    /// A tool by its name. Models put `functions.` before it now and then.
    pub(super) fn tool(&self, name: &str) -> Option<&Arc<dyn Tool<C>>> {
        let find = |name: &str| self.tools.iter().find(|tool| tool.spec().name() == name);
        find(name).or_else(|| find(without_namespace(name)))
    }

    /// A handoff by the name of its tool.
    pub(super) fn handoff(&self, name: &str) -> Option<&Handoff<C>> {
        let name = without_namespace(name);
        self.handoffs.iter().find(|handoff| handoff.name() == name)
    }

    /// What the model is told of a name that it made up.
    pub(super) fn unknown(&self, name: &str) -> String {
        let known = self.tools.iter().map(|tool| tool.spec().name());
        let known = known.chain(self.handoffs.iter().map(Handoff::name)).collect::<Vec<_>>();
        if known.is_empty() {
            format!("Tool '{name}' not found. There are no tools.")
        } else {
            format!("Tool '{name}' not found. The tools are: {}.", known.join(", "))
        }
    }
}

fn without_namespace(name: &str) -> &str {
    name.strip_prefix("functions.").unwrap_or(name)
}
