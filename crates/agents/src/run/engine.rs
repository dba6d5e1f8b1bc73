//! The loop of a run: ask, act, ask again.

use std::{collections::HashSet, sync::Arc};

use serde_json::Value;

use super::{
    RunConfig, RunError, RunEvent, RunOutcome,
    ask::ask,
    collect::Answer,
    conversation::Conversation,
    guards::{Guards, Trace},
    stream::Events,
    toolbox::Toolbox,
};
use crate::{
    agent::{Agent, GuardrailOutput},
    model::{FunctionCall, InputItem, Model, ModelRequest, ToolChoice, Usage},
    spans::{AgentSpan, ChatSpan},
    tool::Tool,
};

/// A run under way.
pub(super) struct Run<C> {
    pub(super) agent: Agent<C>,
    pub(super) context: C,
    pub(super) config: RunConfig<C>,
    pub(super) events: Events,
    pub(super) conversation: Conversation,
    pub(super) usage: Usage,
    pub(super) span: AgentSpan,
    /// What the agent's sources had when it started.
    sourced: Vec<Arc<dyn Tool<C>>>,
    /// The agents that have called tools.
    pub(super) used_tools: HashSet<String>,
}

/// What follows a turn.
pub(super) enum Next<C> {
    /// The model is asked again.
    Again,
    /// Another agent goes on.
    HandOver(Agent<C>),
    /// The run has its output.
    Final(Final),
}

pub(super) struct Final {
    pub(super) text: String,
    /// The call whose tool ended the run.
    pub(super) ended_by: Option<FunctionCall>,
}

impl<C: Clone + Send + Sync + 'static> Run<C> {
    pub(super) fn new(
        agent: Agent<C>,
        input: Vec<InputItem>,
        context: C,
        config: RunConfig<C>,
        events: Events,
    ) -> Self {
        let conversation = Conversation::new(input, config.previous_response_id.clone());
        let (usage, sourced, used_tools) = (Usage::default(), Vec::new(), HashSet::new());
        let span = AgentSpan::none();
        Self { agent, context, config, events, conversation, usage, span, sourced, used_tools }
    }

    /// The whole run.
    pub(super) async fn run(mut self) -> Result<Box<RunOutcome>, RunError> {
        let ended = match self.turns().await {
            Ok(end) => self.finish(end).await,
            Err(error) => Err(error),
        };
        self.span.end(ended.as_ref().err());
        let (final_text, final_output, ended_by) = ended?;
        let (input, new_items, last_response_id) = self.conversation.into_parts();
        Ok(Box::new(RunOutcome {
            final_text,
            final_output,
            last_agent: self.agent.name().to_owned(),
            input,
            new_items,
            last_response_id,
            usage: self.usage,
            ended_by,
        }))
    }

    /// Asks and acts until there is an output.
    async fn turns(&mut self) -> Result<Final, RunError> {
        self.begin_agent().await;
        let mut guards = self.guard_input().await?;
        for turn in 0..self.config.max_turns {
            let toolbox = Toolbox::of(&self.agent, &self.sourced, &self.context);
            let answer = self.ask(turn, &toolbox, &mut guards).await?;
            // Nothing that cannot be undone happens before all guardrails have passed.
            guards.pass().await?;
            match self.act(&answer, &toolbox).await? {
                Next::Again => {}
                Next::HandOver(agent) => {
                    self.span.end(None);
                    self.agent = agent;
                    self.begin_agent().await;
                }
                Next::Final(end) => return Ok(end),
            }
        }
        Err(RunError::MaxTurns { max_turns: self.config.max_turns })
    }

    async fn begin_agent(&mut self) {
        let agent = self.agent.name();
        self.span = AgentSpan::begin(agent, self.config.conversation_id.as_deref());
        self.events.send(RunEvent::AgentStarted { agent: agent.to_owned() }).await;
        if let Some(hooks) = &self.config.hooks {
            hooks.on_agent_start(&self.context, agent).await;
        }
        self.sourced = Toolbox::sourced(&self.agent, self.span.span()).await;
    }

    /// Lets the input guardrails begin; those that come before the model have passed.
    async fn guard_input(&self) -> Result<Guards, RunError> {
        if self.agent.parts().input_guardrails.is_empty() {
            return Ok(Guards::default());
        }
        let input: Arc<[InputItem]> = self.conversation.given().into();
        let trace = self.guardrail_trace();
        Guards::of_input(&self.agent, &self.context, &input, false, &trace).pass().await?;
        Ok(Guards::of_input(&self.agent, &self.context, &input, true, &trace))
    }

    fn guardrail_trace(&self) -> Trace<'_> {
        Trace {
            parent: self.span.span(),
            conversation: self.config.conversation_id.as_deref(),
            log_content: self.config.log_content,
        }
    }

    async fn ask(
        &mut self,
        turn: usize,
        toolbox: &Toolbox<C>,
        guards: &mut Guards,
    ) -> Result<Answer, RunError> {
        let model = self.model()?;
        let request = self.request(toolbox).await?;
        let agent = self.agent.name();
        self.events.send(RunEvent::ModelAsked { turn }).await;
        if let Some(hooks) = &self.config.hooks {
            hooks.on_llm_start(&self.context, agent, &request).await;
        }
        let (conversation, log_content) =
            (self.config.conversation_id.as_deref(), self.config.log_content);
        self.span.asks(model.as_ref());
        let parent = self.span.span();
        let span = ChatSpan::begin(parent, model.as_ref(), &request, conversation, log_content);
        let answer = ask(model.as_ref(), request, turn, guards, &self.events, &span).await;
        let answer = answer.inspect_err(|error| span.ended_early(error))?;
        span.answered(&answer.described(), log_content);
        drop(span);
        self.span.add(&answer.usage);
        if let Some(hooks) = &self.config.hooks {
            hooks.on_llm_end(&self.context, agent, &answer.items, &answer.usage).await;
        }
        self.usage.add(&answer.usage);
        self.conversation.add_answer(&answer);
        Ok(answer)
    }

    fn model(&self) -> Result<Arc<dyn Model>, RunError> {
        let model = self.config.model.as_ref().or(self.agent.parts().model.as_ref());
        let no_model = || RunError::NoModel { agent: self.agent.name().to_owned() };
        model.cloned().ok_or_else(no_model)
    }

    async fn request(&self, toolbox: &Toolbox<C>) -> Result<ModelRequest, RunError> {
        let parts = self.agent.parts();
        let mut request = ModelRequest::new(self.conversation.next_input());
        request.instructions = parts.instructions.get(&self.context, &parts.name).await?;
        request.tools = toolbox.specs().to_vec();
        request.output = parts.output.as_ref().map(|output| output.schema().clone());
        request.settings = parts.settings.clone().overridden_by(&self.config.settings);
        request.previous_response_id = self.conversation.previous_response_id();
        let forced = matches!(
            request.settings.tool_choice,
            Some(ToolChoice::Required | ToolChoice::Named(_))
        );
        if forced && parts.reset_tool_choice && self.used_tools.contains(&parts.name) {
            request.settings.tool_choice = None;
        }
        Ok(request)
    }

    /// The run's output, once the guardrails have passed it: its text, its value, and the call whose
    /// tool made it.
    async fn finish(
        &self,
        end: Final,
    ) -> Result<(String, Option<Value>, Option<FunctionCall>), RunError> {
        let Final { text, ended_by } = end;
        let parts = self.agent.parts();
        let value = match &parts.output {
            None => None,
            // A tool may return what it likes.
            Some(_) if ended_by.is_some() => serde_json::from_str(&text).ok(),
            Some(output) => Some(output.read(&text)?),
        };
        if !parts.output_guardrails.is_empty() {
            let output = GuardrailOutput {
                agent: parts.name.as_str().into(),
                text: text.as_str().into(),
                value: value.clone().map(Arc::new),
            };
            let trace = self.guardrail_trace();
            Guards::of_output(&self.agent, &self.context, &output, &trace).pass().await?;
        }
        if let Some(hooks) = &self.config.hooks {
            hooks.on_agent_end(&self.context, &parts.name, &text).await;
        }
        Ok((text, value, ended_by))
    }
}
