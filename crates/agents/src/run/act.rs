//! Doing what an answer asks for.

use super::{
    RunError, RunEvent,
    collect::Answer,
    engine::{Final, Next, Run},
    plan::{Job, Planned, What, joined, plan},
    toolbox::Toolbox,
    tools::{Returned, Told, run_jobs, within},
};
use crate::{
    agent::{Agent, Handoff, ToolUseBehavior},
    model::{FunctionCall, OutputKind},
};

impl<C: Clone + Send + Sync + 'static> Run<C> {
    /// Does what the answer asks for: runs its tools, then hands over if it wants that.
    pub(super) async fn act(
        &mut self,
        answer: &Answer,
        toolbox: &Toolbox<C>,
    ) -> Result<Next<C>, RunError> {
        let plan = plan(&answer.items, toolbox);
        let hosted = answer.items.iter().any(|item| matches!(item.kind, OutputKind::Hosted(_)));
        if hosted || !plan.is_empty() {
            self.used_tools.insert(self.agent.name().to_owned());
        }
        if plan.is_empty() {
            return Ok(Next::Final(Final { text: answer.text(), ended_by: None }));
        }
        if answer.incomplete.is_some() {
            // The last call may be cut short, and asking again may end in the same way for ever.
            for Planned { call, custom, .. } in &plan {
                let told = "The answer was cut short before this was called.";
                self.conversation.add_output(call, *custom, told.to_owned());
            }
            return Ok(Next::Final(Final { text: answer.text(), ended_by: None }));
        }
        let (jobs, calls) = separate(plan);
        let (agent, span) = (self.agent.name(), self.span.span());
        let returned =
            run_jobs(jobs, &self.context, agent, &self.config, &self.events, span).await?;
        for returned in &returned {
            self.usage.add(&returned.usage);
        }
        let hands_over = calls.iter().any(|call| matches!(call.waits_for, WaitsFor::Handoff(_)));
        let end = end(&returned, &self.agent.parts().tool_use_behavior, hands_over);
        let handed_over = self.answer_calls(calls, returned, end.is_some()).await?;
        match (end, handed_over) {
            (Some(end), _) => Ok(Next::Final(end)),
            (None, Some((handoff, agent))) => {
                self.leave_for(&handoff, &agent).await;
                Ok(Next::HandOver(agent))
            }
            (None, None) => Ok(Next::Again),
        }
    }

    /// Puts the calls' outputs into the conversation, in the order of the calls. The first handoff
    /// happens, unless the run has ended.
    async fn answer_calls(
        &mut self,
        calls: Vec<OpenCall<C>>,
        returned: Vec<Returned>,
        has_ended: bool,
    ) -> Result<Option<(Handoff<C>, Agent<C>)>, RunError> {
        let mut returned = returned.into_iter();
        let mut handoffs = 0;
        let mut handed_over = None;
        for OpenCall { call, custom, waits_for } in calls {
            let output = match waits_for {
                WaitsFor::Tool => returned.next().map(|returned| returned.text).unwrap_or_default(),
                WaitsFor::Several(count) => {
                    let outputs = returned.by_ref().take(count).collect::<Vec<_>>();
                    joined(outputs.iter().map(|returned| returned.text.as_str()))
                }
                WaitsFor::Handoff(_) if has_ended => {
                    "The turn ended before the handoff.".to_owned()
                }
                WaitsFor::Handoff(handoff) => {
                    handoffs += 1;
                    if handoffs > 1 {
                        "Multiple handoffs detected, ignoring this one.".to_owned()
                    } else {
                        match self.hand_over(&handoff, &call).await? {
                            Ok(agent) => {
                                let output = transfer_message(agent.name());
                                handed_over = Some((handoff, agent));
                                output
                            }
                            Err(told) => told.text,
                        }
                    }
                }
            };
            self.conversation.add_output(&call, custom, output);
        }
        Ok(handed_over)
    }

    /// The agent that a handoff is to or, if the handoff failed, what the model is told.
    async fn hand_over(
        &self,
        handoff: &Handoff<C>,
        call: &FunctionCall,
    ) -> Result<Result<Agent<C>, Told>, RunError> {
        let handover = async {
            handoff.happen(self.context.clone(), &call.arguments).await?;
            Ok(handoff.agent())
        };
        within(self.config.tool_timeout, &call.name, handover).await
    }

    async fn leave_for(&mut self, handoff: &Handoff<C>, agent: &Agent<C>) {
        if let Some(filter) = handoff.filter() {
            self.conversation.filter(filter.as_ref());
        }
        let (from, to) = (self.agent.name(), agent.name());
        let event = RunEvent::HandedOff { from: from.to_owned(), to: to.to_owned() };
        self.events.send(event).await;
        if let Some(hooks) = &self.config.hooks {
            hooks.on_handoff(&self.context, from, to).await;
        }
    }
}

/// A call that has no output yet.
struct OpenCall<C> {
    call: FunctionCall,
    custom: bool,
    waits_for: WaitsFor<C>,
}

enum WaitsFor<C> {
    Tool,
    Several(usize),
    Handoff(Handoff<C>),
}

/// The tools to run, and the calls that wait for them, both in order.
fn separate<C>(plan: Vec<Planned<C>>) -> (Vec<Job<C>>, Vec<OpenCall<C>>) {
    let mut jobs = Vec::new();
    let mut calls = Vec::with_capacity(plan.len());
    for Planned { call, custom, what } in plan {
        let waits_for = match what {
            What::Tool(job) => {
                jobs.push(job);
                WaitsFor::Tool
            }
            What::Several(several) => {
                let count = several.len();
                jobs.extend(several);
                WaitsFor::Several(count)
            }
            What::Handoff(handoff) => WaitsFor::Handoff(handoff),
        };
        calls.push(OpenCall { call, custom, waits_for });
    }
    (jobs, calls)
}

/// The output with which the run ends, if one does. A tool that failed ends nothing: the model may
/// try again. Nor does the agent's behavior when it hands over.
fn end(returned: &[Returned], behavior: &ToolUseBehavior, hands_over: bool) -> Option<Final> {
    let ends = |returned: &&Returned| match behavior {
        ToolUseBehavior::RunAgain => false,
        ToolUseBehavior::StopOnFirstTool => !hands_over,
        ToolUseBehavior::StopAtTools(names) => !hands_over && names.contains(&returned.call.name),
    };
    let mut succeeded = returned.iter().filter(|returned| !returned.failed);
    let by_tool = returned.iter().find(|returned| returned.ends_run);
    let last = by_tool.or_else(|| succeeded.find(ends))?;
    Some(Final { text: last.text.clone(), ended_by: Some(last.call.clone()) })
}

/// The output of a handoff's call, as the Agents SDK has it.
fn transfer_message(agent: &str) -> String {
    format!(r#"{{"assistant": {}}}"#, serde_json::Value::from(agent))
}
