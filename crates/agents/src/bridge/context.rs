//! What tools know of the turn, and how they show something while they run.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chatkit_server::{
    CancelToken, IdKind, Owner, RequestContext, Store, ThreadHandle, Turn,
    protocol::{
        Icon, ItemId, JsonObject, Task, ThreadItem, ThreadStreamEvent, Timestamp, WidgetItem,
        WidgetRoot, Workflow, WorkflowItem, WorkflowKind, WorkflowSummary,
    },
};
use chatkit_widgets::{WidgetStream, static_widget};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::workflow::{NoSuchTask, Workflows};
use crate::{ToolError, ToolOutput};

/// How many events may wait to be taken. Sending waits beyond that.
const WAITING: usize = 1024;

/// The context of an agent that answers in a ChatKit thread: the turn, and ways to show something
/// from inside a tool while it runs. Cheap to clone.
///
/// What is sent here reaches the client at once, in order with what the model says, as long as
/// [`stream_agent_response`](crate::stream_agent_response) is read. Before that, up to 1,024 events
/// wait for it.
pub struct AgentContext<C> {
    turn: Turn<C>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    channel: Mutex<Channel>,
    workflows: Mutex<Workflows>,
    client_tool_call: Mutex<Option<ClientToolCall>>,
}

#[derive(Debug)]
struct Channel {
    sender: mpsc::Sender<ThreadStreamEvent>,
    /// Until a response takes it.
    receiver: Option<mpsc::Receiver<ThreadStreamEvent>>,
}

/// A tool of the page's that is to be called when the run has ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientToolCall {
    pub(crate) name: String,
    pub(crate) arguments: JsonObject,
    pub(crate) call_id: Option<String>,
}

/// The turn is over: nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the turn is over")]
pub struct TurnOver;

impl<C> Clone for AgentContext<C> {
    fn clone(&self) -> Self {
        Self { turn: self.turn.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<C> fmt::Debug for AgentContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentContext").finish_non_exhaustive()
    }
}

impl<C: RequestContext> AgentContext<C> {
    /// The context of an agent that answers in this turn.
    pub fn new(turn: Turn<C>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let channel = Mutex::new(Channel { sender, receiver: Some(receiver) });
        Self {
            turn,
            shared: Arc::new(Shared {
                channel,
                workflows: Mutex::default(),
                client_tool_call: Mutex::default(),
            }),
        }
    }

    /// The turn.
    pub fn turn(&self) -> &Turn<C> {
        &self.turn
    }

    /// The thread, which may be changed.
    pub fn thread(&self) -> &ThreadHandle {
        self.turn.thread()
    }

    /// What is known about the request.
    pub fn request_context(&self) -> &C {
        self.turn.context()
    }

    /// Whose thread it is.
    pub fn owner(&self) -> &Owner {
        self.turn.owner()
    }

    /// The store behind.
    pub fn store(&self) -> &Arc<dyn Store> {
        self.turn.store()
    }

    /// What tells work elsewhere that the turn was cancelled. Tools themselves are dropped.
    pub fn cancel_token(&self) -> CancelToken {
        self.turn.cancel_token()
    }

    /// A new id for an item of the thread.
    pub fn generate_id(&self, kind: IdKind) -> ItemId {
        self.turn.new_item_id(kind)
    }

    /// Sends any event. An item that is shown after the open workflow ends it.
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn stream(&self, event: ThreadStreamEvent) -> Result<(), TurnOver> {
        let (ThreadStreamEvent::ThreadItemAdded { item }
        | ThreadStreamEvent::ThreadItemDone { item }) = &event
        else {
            return self.sender().send(event).await.map_err(|_| TurnOver);
        };
        let ends = ends_workflow(item);
        let added = matches!(event, ThreadStreamEvent::ThreadItemAdded { .. });
        let workflow = match &**item {
            ThreadItem::Workflow(workflow) if added => Some(workflow.clone()),
            _ => None,
        };
        let id = item.id().clone();
        self.change_workflow(2, |workflows| {
            let mut events = Vec::with_capacity(2);
            if ends && workflows.id() != Some(&id) {
                events.extend(workflows.make_way(Timestamp::now()));
            }
            match &workflow {
                Some(workflow) => workflows.adopt(workflow),
                // The application ended the workflow itself.
                None if workflows.id() == Some(&id) => workflows.forget(),
                None => {}
            }
            events.push(event);
            (events, ())
        })
        .await
    }

    /// Shows what is going on, until the next progress or until output starts. An empty text clears
    /// it.
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn progress(
        &self,
        icon: impl Into<Icon>,
        text: impl Into<String>,
    ) -> Result<(), TurnOver> {
        self.stream(ThreadStreamEvent::progress(Some(icon.into()), text)).await
    }

    /// Shows a finished widget.
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn add_widget(
        &self,
        widget: WidgetRoot,
        copy_text: Option<String>,
    ) -> Result<(), TurnOver> {
        self.stream(static_widget(self.widget_item(widget, copy_text))).await
    }

    /// Shows a widget that changes: its states, of which only the differences are sent. It is
    /// complete when the stream ends. A stream without any state shows nothing.
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn stream_widget(
        &self,
        states: impl Stream<Item = WidgetRoot> + Send,
        copy_text: Option<String>,
    ) -> Result<(), TurnOver> {
        let mut states = std::pin::pin!(states);
        let Some(first) = states.next().await else { return Ok(()) };
        let mut stream = WidgetStream::new(self.widget_item(first, copy_text));
        self.stream(stream.added()).await?;
        while let Some(state) = states.next().await {
            for event in stream.next(state) {
                self.stream(event).await?;
            }
        }
        self.stream(stream.finish()).await
    }

    /// Begins a workflow, and ends the one that is open. An empty one of the application's is shown
    /// with its first task.
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn start_workflow(&self, workflow: Workflow) -> Result<(), TurnOver> {
        let item = self.workflow_item(workflow);
        self.change_workflow(2, |workflows| {
            let before = workflows.make_way(Timestamp::now());
            let added = workflows.start(item);
            ([before, added].into_iter().flatten().collect(), ())
        })
        .await
    }

    /// Appends a task to the open workflow, or begins one with it. Gives the task's place, for
    /// [`update_workflow_task`](Self::update_workflow_task).
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn add_workflow_task(&self, task: Task) -> Result<usize, TurnOver> {
        let fresh = self.workflow_item(empty_workflow(WorkflowKind::Custom));
        self.change_workflow(1, |workflows| {
            if !workflows.is_open() {
                // Shown with its first task.
                workflows.start(fresh);
            }
            match workflows.add_task(task) {
                Some((index, event)) => (vec![event], index),
                None => (Vec::new(), 0),
            }
        })
        .await
    }

    /// Replaces a task of the open workflow.
    ///
    /// # Errors
    ///
    /// When there is no such task or the turn is over.
    pub async fn update_workflow_task(
        &self,
        task: Task,
        task_index: usize,
    ) -> Result<(), ToolError> {
        let updated = self
            .change_workflow(1, |workflows| match workflows.update_task(task_index, task) {
                Ok(event) => (vec![event], Ok(())),
                Err(missing) => (Vec::new(), Err::<(), NoSuchTask>(missing)),
            })
            .await?;
        Ok(updated?)
    }

    /// Ends the open workflow, if there is one. Without a summary, the time that it took stands for
    /// one.
    ///
    /// # Errors
    ///
    /// When the turn is over.
    pub async fn end_workflow(
        &self,
        summary: Option<WorkflowSummary>,
        expanded: bool,
    ) -> Result<(), TurnOver> {
        self.change_workflow(1, |workflows| {
            let done = workflows.end(summary, expanded, Timestamp::now());
            (done.into_iter().collect(), ())
        })
        .await
    }

    /// Has the page call a tool when the run has ended, which it should do next: a tool that returns
    /// this output ends it. There is one such call in a turn; the last one counts.
    ///
    /// A tool that only does this is a [`ClientTool`](crate::ClientTool).
    pub fn client_tool_call(&self, name: impl Into<String>, arguments: JsonObject) -> ToolOutput {
        self.set_client_tool_call(ClientToolCall { name: name.into(), arguments, call_id: None });
        ToolOutput::default().ending_run()
    }

    pub(crate) fn set_client_tool_call(&self, call: ClientToolCall) {
        *lock(&self.shared.client_tool_call) = Some(call);
    }

    pub(crate) fn take_client_tool_call(&self) -> Option<ClientToolCall> {
        lock(&self.shared.client_tool_call).take()
    }

    pub(crate) fn workflows(&self) -> MutexGuard<'_, Workflows> {
        lock(&self.shared.workflows)
    }

    pub(crate) fn workflow_item(&self, workflow: Workflow) -> WorkflowItem {
        WorkflowItem {
            id: self.generate_id(IdKind::Workflow),
            thread_id: self.turn.thread().id().clone(),
            created_at: Timestamp::now(),
            workflow,
        }
    }

    /// What tools send from now on. It ends when it is dropped.
    pub(crate) fn listen(&self) -> mpsc::Receiver<ThreadStreamEvent> {
        let mut channel = lock(&self.shared.channel);
        channel.receiver.take().unwrap_or_else(|| {
            let (sender, receiver) = mpsc::channel(WAITING);
            channel.sender = sender;
            receiver
        })
    }

    /// Changes the open workflow and sends the events of the change. State and events stay in step,
    /// since room for the events is there before the change.
    async fn change_workflow<T>(
        &self,
        most: usize,
        change: impl FnOnce(&mut Workflows) -> (Vec<ThreadStreamEvent>, T),
    ) -> Result<T, TurnOver> {
        let sender = self.sender();
        let permits = sender.reserve_many(most).await.map_err(|_| TurnOver)?;
        let mut workflows = self.workflows();
        let (events, result) = change(&mut workflows);
        for (permit, event) in permits.zip(events) {
            permit.send(event);
        }
        Ok(result)
    }

    fn sender(&self) -> mpsc::Sender<ThreadStreamEvent> {
        lock(&self.shared.channel).sender.clone()
    }

    fn widget_item(&self, widget: WidgetRoot, copy_text: Option<String>) -> WidgetItem {
        WidgetItem {
            id: self.generate_id(IdKind::Message),
            thread_id: self.turn.thread().id().clone(),
            created_at: Timestamp::now(),
            widget,
            copy_text,
        }
    }
}

/// Whether an item of the application's ends the workflow before it.
fn ends_workflow(item: &ThreadItem) -> bool {
    !item.is_hidden() && !matches!(item, ThreadItem::ClientToolCall(_))
}

pub(super) fn empty_workflow(kind: WorkflowKind) -> Workflow {
    Workflow { kind, tasks: Vec::new(), summary: None, expanded: false }
}

/// Nothing here can be left half changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
