//! Thoughts and the provider's tools, as tasks of a workflow.

use chatkit_server::{
    RequestContext,
    protocol::{ItemId, StatusIndicator, Task, ThreadStreamEvent, WorkflowKind},
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
        if !self.context.workflows().is_open() {
            self.thoughts.forget();
            let item = self.context.workflow_item(empty_workflow(kind));
            events.extend(self.context.workflows().start(item));
        }
    }

    fn thought(&mut self, item: usize, part: usize, events: &mut Events) -> Option<&mut Thought> {
        if !matches!(self.open.get(&item), Some(Open::Reasoning(_))) {
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
        let mut workflows = self.context.workflows();
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
        thought.done = true;
        thought.text = String::new();
        let mut workflows = self.context.workflows();
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
        let mut workflows = self.context.workflows();
        for (part, thought) in thoughts.into_iter().enumerate() {
            let text = texts.next().filter(|text| !text.is_empty()).unwrap_or(thought.text);
            if !thought.done && !text.is_empty() {
                events.extend(self.thoughts.done(&mut workflows, item, part, text));
            }
        }
    }

    pub(super) fn add_task(&mut self, task: Task, events: &mut Events) -> Option<(ItemId, usize)> {
        self.ensure_workflow(WorkflowKind::Custom, events);
        let mut workflows = self.context.workflows();
        let id = workflows.id()?.clone();
        let (index, event) = workflows.add_task(task)?;
        events.push(event);
        Some((id, index))
    }

    /// Changes a task, if its workflow is still open.
    fn update_task(&self, at: Option<&(ItemId, usize)>, task: Task) -> Option<ThreadStreamEvent> {
        let (id, index) = at?;
        let mut workflows = self.context.workflows();
        if workflows.id() != Some(id) {
            return None;
        }
        workflows.update_task(*index, task).ok()
    }

    pub(super) fn code_delta(&mut self, item: usize, delta: &str) {
        if let Some(Open::Hosted(hosted)) = self.open.get_mut(&item) {
            hosted.code.push_str(delta);
        }
    }

    /// Code is shown when it is whole and begins to run: a task that grows would be sent again and
    /// again.
    pub(super) fn hosted_progress(
        &self,
        item: usize,
        status: HostedStatus,
    ) -> Option<ThreadStreamEvent> {
        let Some(Open::Hosted(hosted)) = self.open.get(&item) else { return None };
        if status != HostedStatus::Working || hosted.code.is_empty() {
            return None;
        }
        let task = hosted::code_interpreter(&hosted.code, StatusIndicator::Loading, false);
        self.update_task(hosted.task.as_ref(), task)
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
                events.extend(self.update_task(hosted.task.as_ref(), task));
            }
            _ => {
                self.add_task(task, events);
            }
        }
    }

    /// Ends the task of a call whose end did not come.
    pub(super) fn settle(&self, hosted: &Hosted) -> Option<ThreadStreamEvent> {
        let (id, index) = hosted.task.as_ref()?;
        let mut workflows = self.context.workflows();
        if workflows.id() != Some(id) {
            return None;
        }
        let complete = StatusIndicator::Complete;
        let change = workflows.change_task(*index, |task| match task {
            Task::Custom(task) => task.status_indicator = complete,
            Task::Search(task) => task.status_indicator = complete,
            Task::File(task) => task.status_indicator = complete,
            Task::Thought(_) | Task::Image(_) => {}
        });
        change.ok().and_then(|()| workflows.task_updated(*index))
    }
}
