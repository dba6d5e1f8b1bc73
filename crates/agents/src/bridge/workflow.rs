//! The workflow that is open in a turn: pure state, and the events that its changes are.

use chatkit_server::protocol::{
    DurationSummary, ItemId, Task, ThreadItem, ThreadItemUpdate, ThreadStreamEvent, Timestamp,
    Workflow, WorkflowItem, WorkflowKind, WorkflowSummary,
};

/// At most one workflow is open at a time; whatever is shown after it ends it.
#[derive(Debug, Default)]
pub(crate) struct Workflows {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    item: WorkflowItem,
    /// Whether clients know of it: an empty workflow of the application's is told of with its first
    /// task.
    announced: bool,
}

/// There is no such task in the open workflow, or no workflow is open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no task {index} in the open workflow: it has {tasks}")]
pub struct NoSuchTask {
    index: usize,
    tasks: usize,
}

impl Workflows {
    pub(crate) fn id(&self) -> Option<&ItemId> {
        self.open.as_ref().map(|open| &open.item.id)
    }

    pub(crate) fn kind(&self) -> Option<WorkflowKind> {
        self.open.as_ref().map(|open| open.item.workflow.kind)
    }

    pub(crate) fn tasks(&self) -> &[Task] {
        self.open.as_ref().map_or(&[], |open| &open.item.workflow.tasks)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Goes on with a workflow of the thread, which clients know.
    pub(crate) fn resume(&mut self, item: WorkflowItem) {
        self.open = Some(Open { item, announced: true });
    }

    /// Takes note of a workflow that the application announced itself.
    pub(crate) fn adopt(&mut self, item: &WorkflowItem) {
        if self.id() != Some(&item.id) {
            self.resume(item.clone());
        }
    }

    /// Begins a workflow; one that is open must be ended before.
    pub(crate) fn start(&mut self, item: WorkflowItem) -> Option<ThreadStreamEvent> {
        let announced =
            item.workflow.kind == WorkflowKind::Reasoning || !item.workflow.tasks.is_empty();
        let event = announced.then(|| ThreadStreamEvent::added(ThreadItem::Workflow(item.clone())));
        self.open = Some(Open { item, announced });
        event
    }

    /// Appends a task to the open workflow. Gives its place and the event, or nothing without a
    /// workflow.
    pub(crate) fn add_task(&mut self, task: Task) -> Option<(usize, ThreadStreamEvent)> {
        let open = self.open.as_mut()?;
        let task_index = open.item.workflow.tasks.len();
        open.item.workflow.tasks.push(task.clone());
        let event = if open.announced {
            let update = ThreadItemUpdate::WorkflowTaskAdded { task_index, task: Box::new(task) };
            ThreadStreamEvent::updated(open.item.id.clone(), update)
        } else {
            open.announced = true;
            ThreadStreamEvent::added(ThreadItem::Workflow(open.item.clone()))
        };
        Some((task_index, event))
    }

    /// Replaces a task.
    pub(crate) fn update_task(
        &mut self,
        index: usize,
        task: Task,
    ) -> Result<ThreadStreamEvent, NoSuchTask> {
        self.change_task(index, |stored| *stored = task)?;
        self.task_updated(index).ok_or_else(|| self.no_such_task(index))
    }

    /// Changes a task without telling.
    pub(crate) fn change_task(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Task),
    ) -> Result<(), NoSuchTask> {
        let missing = self.no_such_task(index);
        let open = self.open.as_mut().ok_or_else(|| missing.clone())?;
        change(open.item.workflow.tasks.get_mut(index).ok_or(missing)?);
        Ok(())
    }

    /// The event that tells of a task as it is now.
    pub(crate) fn task_updated(&self, task_index: usize) -> Option<ThreadStreamEvent> {
        let open = self.open.as_ref()?;
        let task = Box::new(open.item.workflow.tasks.get(task_index)?.clone());
        let update = ThreadItemUpdate::WorkflowTaskUpdated { task_index, task };
        Some(ThreadStreamEvent::updated(open.item.id.clone(), update))
    }

    /// Ends the open workflow. Without a summary, the time that it took stands for one.
    pub(crate) fn end(
        &mut self,
        summary: Option<WorkflowSummary>,
        expanded: bool,
        now: Timestamp,
    ) -> Option<ThreadStreamEvent> {
        let Open { item, .. } = self.open.take()?;
        Some(ended(item, summary, expanded, now))
    }

    /// Ends the open workflow because something else is shown. One that nobody has seen is gone.
    pub(crate) fn make_way(&mut self, now: Timestamp) -> Option<ThreadStreamEvent> {
        if self.open.as_ref().is_some_and(|open| !open.announced) {
            self.open = None;
        }
        self.end(None, false, now)
    }

    /// Ends the open workflow because the turn failed. One without tasks shows nothing, and is gone.
    pub(crate) fn give_up(&mut self, now: Timestamp) -> Option<ThreadStreamEvent> {
        if !self.tasks().is_empty() {
            return self.make_way(now);
        }
        let Open { item, announced } = self.open.take()?;
        announced.then_some(ThreadStreamEvent::ThreadItemRemoved { item_id: item.id })
    }

    /// Stores the open workflow as it is, for the next turn to go on with.
    pub(crate) fn suspend(&mut self) -> Option<ThreadStreamEvent> {
        let Open { item, announced } = self.open.take()?;
        announced.then(|| ThreadStreamEvent::done(ThreadItem::Workflow(item)))
    }

    pub(crate) fn forget(&mut self) {
        self.open = None;
    }

    fn no_such_task(&self, index: usize) -> NoSuchTask {
        NoSuchTask { index, tasks: self.tasks().len() }
    }
}

/// A workflow has ended. Without a summary, the time that it took stands for one.
pub(super) fn ended(
    mut item: WorkflowItem,
    summary: Option<WorkflowSummary>,
    expanded: bool,
    now: Timestamp,
) -> ThreadStreamEvent {
    let workflow: &mut Workflow = &mut item.workflow;
    if summary.is_some() {
        workflow.summary = summary;
    }
    let took = || {
        let micros = now.as_microsecond().saturating_sub(item.created_at.as_microsecond());
        WorkflowSummary::Duration(DurationSummary { duration: micros.max(0) / 1_000_000 })
    };
    workflow.summary.get_or_insert_with(took);
    workflow.expanded = expanded;
    ThreadStreamEvent::done(ThreadItem::Workflow(item))
}
