//! Thoughts and the provider's tools, as tasks of a workflow.

use chatkit_server::{
    RequestContext,
    protocol::{ItemId, StatusIndicator, Task, WorkflowKind},
};

use super::{
    context::empty_workflow,
    hosted,
    items::{Events, Hosted, Items, Open, Thought},
};
use crate::model::{HostedCall, HostedStatus};

/// Thoughts of one item that are told apart.
const MOST_THOUGHTS: usize = 1024;

impl<C: RequestContext> Items<C> {
    pub(super) fn ensure_workflow(&mut self, kind: WorkflowKind, events: &mut Events) {
        let mut workflows = self.inbox.workflows(&self.context, events);
        if !workflows.is_open() {
            self.thoughts.forget();
            events.extend(workflows.start(self.context.workflow_item(empty_workflow(kind))));
        }
    }

    fn thought(&mut self, item: usize, part: usize, events: &mut Events) -> Option<&mut Thought> {
        if matches!(self.open.get(&item), None | Some(Open::Other)) {
            self.open.insert(item, Open::Reasoning(Vec::new()));
        }
        self.ensure_workflow(WorkflowKind::Reasoning, events);
        let Some(Open::Reasoning(thoughts)) = self.open.get_mut(&item) else { return None };
        if part >= MOST_THOUGHTS {
            return None;
        }
        if part >= thoughts.len() {
            thoughts.resize_with(part + 1, Thought::default);
        }
        thoughts.get_mut(part)
    }

    pub(super) fn thought_delta(
        &mut self,
        item: usize,
        part: usize,
        delta: &str,
        events: &mut Events,
    ) {
        let Some(thought) = self.thought(item, part, events) else { return };
        thought.text.push_str(delta);
        let mut workflows = self.inbox.workflows(&self.context, events);
        events.extend(self.thoughts.delta(&mut workflows, item, part, delta));
    }

    pub(super) fn thought_done(
        &mut self,
        item: usize,
        part: usize,
        text: String,
        events: &mut Events,
    ) {
        let Some(thought) = self.thought(item, part, events) else { return };
        let shown = std::mem::take(&mut thought.text);
        let text = if text.is_empty() { shown } else { text };
        thought.done = true;
        if text.is_empty() {
            return;
        }
        let mut workflows = self.inbox.workflows(&self.context, events);
        events.extend(self.thoughts.done(&mut workflows, item, part, text));
    }

    /// Shows the thoughts of an item whose end did not come, as the whole item has them or as far as
    /// they came.
    pub(super) fn close_thoughts(
        &mut self,
        item: usize,
        mut thoughts: Vec<Thought>,
        texts: Vec<String>,
        events: &mut Events,
    ) {
        let said = texts.len().min(MOST_THOUGHTS);
        if thoughts.len() < said {
            thoughts.resize_with(said, Thought::default);
        }
        let mut texts = texts.into_iter();
        let mut workflows = self.inbox.workflows(&self.context, events);
        for (part, thought) in thoughts.into_iter().enumerate() {
            let text = texts.next().filter(|text| !text.is_empty()).unwrap_or(thought.text);
            if !thought.done && !text.is_empty() {
                events.extend(self.thoughts.done(&mut workflows, item, part, text));
            }
        }
    }

    pub(super) fn add_task(&mut self, task: Task, events: &mut Events) -> Option<(ItemId, usize)> {
        self.ensure_workflow(WorkflowKind::Custom, events);
        let mut workflows = self.inbox.workflows(&self.context, events);
        let id = workflows.id()?.clone();
        let (index, event) = workflows.add_task(task)?;
        events.push(event);
        Some((id, index))
    }

    /// Changes a task, if its workflow is still open.
    fn update_task(&self, at: Option<&(ItemId, usize)>, task: Task, events: &mut Events) {
        let Some((id, index)) = at else { return };
        let mut workflows = self.inbox.workflows(&self.context, events);
        if workflows.id() == Some(id) {
            events.extend(workflows.update_task(*index, task));
        }
    }

    pub(super) fn code_delta(&mut self, item: usize, delta: &str) {
        if let Some(Open::Hosted(hosted)) = self.open.get_mut(&item)
            && hosted.code.len() <= hosted::MOST_CODE
        {
            hosted.code.push_str(delta);
        }
    }

    /// Code is shown when it is whole and begins to run: a task that grows would be sent again and
    /// again.
    pub(super) fn hosted_progress(&self, item: usize, status: HostedStatus, events: &mut Events) {
        let Some(Open::Hosted(hosted)) = self.open.get(&item) else { return };
        if status == HostedStatus::Working && !hosted.code.is_empty() {
            let task = hosted::code_interpreter(&hosted.code, StatusIndicator::Loading, false);
            self.update_task(hosted.task.as_ref(), task, events);
        }
    }

    pub(super) fn hosted_done(
        &mut self,
        open: Option<Open>,
        call: &HostedCall,
        events: &mut Events,
    ) {
        let Some(task) = hosted::task(call, StatusIndicator::Complete) else { return };
        match open {
            Some(Open::Hosted(hosted)) => {
                self.update_task(hosted.task.as_ref(), task, events);
            }
            _ => {
                self.add_task(task, events);
            }
        }
    }

    /// Ends the task of a call whose end did not come.
    pub(super) fn settle(&self, hosted: &Hosted, events: &mut Events) {
        let Some((id, index)) = &hosted.task else { return };
        let mut workflows = self.inbox.workflows(&self.context, events);
        if workflows.id() != Some(id) {
            return;
        }
        let complete = StatusIndicator::Complete;
        let change = workflows.change_task(*index, |task| match task {
            Task::Custom(task) => task.status_indicator = complete,
            Task::Search(task) => task.status_indicator = complete,
            Task::File(task) => task.status_indicator = complete,
            Task::Thought(_) | Task::Image(_) => {}
        });
        if change.is_ok() {
            events.extend(workflows.task_updated(*index));
        }
    }
}
