//! Steps: workflows of all kinds of tasks, reasoning, tasks on their own.

use chatkit_protocol::{
    CustomSummary, CustomTask, DurationSummary, FileSource, FileTask, Icon, ImageTask, SearchTask,
    StatusIndicator, Task, TaskItem, ThoughtTask, ThreadItem, ThreadItemUpdate, ThreadStreamEvent,
    UrlSource, Workflow, WorkflowItem, WorkflowKind, WorkflowSummary,
};
use chatkit_server::{IdKind, RespondError};

use super::stage::{Stage, pause};

pub(super) async fn steps(stage: Stage) -> Result<(), RespondError> {
    let mut workflow = Steps::begin(&stage, WorkflowKind::Custom).await?;
    for task in [plan, search, think, read, draw] {
        workflow.task(task(StatusIndicator::Loading)).await?;
        pause(800).await;
        workflow.update(task(StatusIndicator::Complete)).await?;
    }
    let summary = CustomSummary {
        title: "Planned a weekend in Oslo".to_owned(),
        icon: Some(Icon::CHECK_CIRCLE),
    };
    workflow.done(WorkflowSummary::Custom(summary)).await?;

    let mut workflow = Steps::begin(&stage, WorkflowKind::Custom).await?;
    workflow.task(check(StatusIndicator::Loading)).await?;
    pause(2000).await;
    workflow.update(check(StatusIndicator::Complete)).await?;
    workflow.done(WorkflowSummary::Duration(DurationSummary { duration: 2 })).await?;
    stage
        .say(
            "Those were two workflows. The first had tasks of all five kinds: custom, web search, \
             thought, file and image. Each was added while it was loading and updated when it was \
             complete. It ended with a summary in its own words, the second with the time it took.",
        )
        .await
}

pub(super) async fn reasoning(stage: Stage) -> Result<(), RespondError> {
    let mut workflow = Steps::begin(&stage, WorkflowKind::Reasoning).await?;
    for (title, content) in [
        (
            "Reading the question",
            "The user said `reasoning`. They want to see how thoughts look before a reply.",
        ),
        (
            "Weighing the options",
            "I could think of something deep. But this is a demo: **short and clear** is better.",
        ),
        ("Deciding", "Two sentences will do. One says what was seen, one says how it is made."),
    ] {
        let (title, content) = (Some(title.to_owned()), content.to_owned());
        let thought = |content, status_indicator| {
            Task::Thought(ThoughtTask { status_indicator, title: title.clone(), content })
        };
        workflow.task(thought(String::new(), StatusIndicator::Loading)).await?;
        pause(600).await;
        workflow.update(thought(content, StatusIndicator::Complete)).await?;
        pause(600).await;
    }
    workflow.done(WorkflowSummary::Duration(DurationSummary { duration: 4 })).await?;
    stage
        .say(
            "You saw a workflow of the kind `reasoning`: three thoughts, folded into “thought for \
             4 seconds” once they were done. A model’s own reasoning is shown in the same way.",
        )
        .await
}

pub(super) async fn single_tasks(stage: Stage) -> Result<(), RespondError> {
    for task in [plan(StatusIndicator::Complete), search(StatusIndicator::Complete)] {
        let item = TaskItem {
            id: stage.new_id(IdKind::Task),
            thread_id: stage.thread_id(),
            created_at: stage.now(),
            task,
        };
        stage.events.item(ThreadItem::Task(item)).await?;
        pause(600).await;
    }
    stage
        .say(
            "Those two tasks stand on their own. They are items of the thread like any other, \
             without a workflow around them.",
        )
        .await
}

/// A workflow in the making.
struct Steps<'a> {
    stage: &'a Stage,
    item: WorkflowItem,
}

impl<'a> Steps<'a> {
    async fn begin(stage: &'a Stage, kind: WorkflowKind) -> Result<Self, RespondError> {
        let workflow = Workflow { kind, tasks: Vec::new(), summary: None, expanded: true };
        let item = WorkflowItem {
            id: stage.new_id(IdKind::Workflow),
            thread_id: stage.thread_id(),
            created_at: stage.now(),
            workflow,
        };
        let added = ThreadStreamEvent::added(ThreadItem::Workflow(item.clone()));
        stage.events.send(added).await?;
        Ok(Self { stage, item })
    }

    async fn task(&mut self, task: Task) -> Result<(), RespondError> {
        let tasks = &mut self.item.workflow.tasks;
        let task_index = tasks.len();
        tasks.push(task.clone());
        let task = Box::new(task);
        self.send(ThreadItemUpdate::WorkflowTaskAdded { task_index, task }).await
    }

    /// Replaces the last task.
    async fn update(&mut self, task: Task) -> Result<(), RespondError> {
        let tasks = &mut self.item.workflow.tasks;
        let task_index = tasks.len().saturating_sub(1);
        tasks.pop();
        tasks.push(task.clone());
        let task = Box::new(task);
        self.send(ThreadItemUpdate::WorkflowTaskUpdated { task_index, task }).await
    }

    async fn done(mut self, summary: WorkflowSummary) -> Result<(), RespondError> {
        self.item.workflow.summary = Some(summary);
        self.item.workflow.expanded = false;
        self.stage.events.item(ThreadItem::Workflow(self.item)).await
    }

    async fn send(&self, update: ThreadItemUpdate) -> Result<(), RespondError> {
        self.stage.events.send(ThreadStreamEvent::updated(self.item.id.clone(), update)).await
    }
}

fn plan(status_indicator: StatusIndicator) -> Task {
    Task::Custom(CustomTask {
        status_indicator,
        title: Some("Made a plan".to_owned()),
        icon: Some(Icon::NOTEBOOK_PENCIL),
        content: Some("Two days, *one* museum, a walk by the fjord.".to_owned()),
    })
}

fn search(status_indicator: StatusIndicator) -> Task {
    let page = |title: &str, url: &str| UrlSource {
        title: title.to_owned(),
        url: url.to_owned(),
        ..UrlSource::default()
    };
    Task::Search(SearchTask {
        status_indicator,
        title: Some("Searched for".to_owned()),
        title_query: Some("museums in Oslo".to_owned()),
        queries: vec!["museums in Oslo".to_owned(), "opening hours".to_owned()],
        sources: vec![
            page("Munch museum", "https://www.munchmuseet.no/"),
            page("National museum", "https://www.nasjonalmuseet.no/"),
        ],
    })
}

fn think(status_indicator: StatusIndicator) -> Task {
    Task::Thought(ThoughtTask {
        status_indicator,
        title: Some("Thought about the weather".to_owned()),
        content: "Rain is likely. The museum goes first, the walk second.".to_owned(),
    })
}

fn read(status_indicator: StatusIndicator) -> Task {
    Task::File(FileTask {
        status_indicator,
        title: Some("Read the guide".to_owned()),
        sources: vec![FileSource {
            title: "Guide to Oslo".to_owned(),
            filename: "oslo.pdf".to_owned(),
            ..FileSource::default()
        }],
    })
}

fn draw(status_indicator: StatusIndicator) -> Task {
    Task::Image(ImageTask { status_indicator, title: Some("Drew a map".to_owned()) })
}

fn check(status_indicator: StatusIndicator) -> Task {
    Task::Custom(CustomTask {
        status_indicator,
        title: Some("Checked the plan once more".to_owned()),
        icon: Some(Icon::CHECK),
        content: None,
    })
}
