//! From a run to the events of a turn.

use std::{collections::VecDeque, future::poll_fn, sync::Arc};

use chatkit_server::{
    IdKind, PageRequest, RequestContext, RespondError,
    protocol::{
        ClientToolCallItem, ClientToolCallStatus, ItemId, Order, ThreadItem, ThreadStreamEvent,
        Timestamp, WorkflowItem,
    },
};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};

use super::{
    AgentContext, DefaultResponseConverter, ResponseStreamConverter,
    inbox::Inbox,
    items::Items,
    merge::{Merged, Next},
    stored_images::StoredImages,
    workflow::{Workflows, ended},
};
use crate::{RunError, RunEvent, model::FunctionCall};

/// The events of a turn in which an agent answers: what the model says, thinks, draws and has its
/// provider do, and what tools [send](AgentContext::stream) meanwhile, in order.
///
/// - A message of the model's is an item with an id of its own; text, refusals and references are
///   streamed into its parts. References are counted per part, without those that cannot be shown.
/// - Thoughts and the activity of the provider's tools are tasks of a workflow, which ends when
///   something else is shown, or with the run. Before the call of a client tool it stays open, and
///   the turn with the tool's output goes on with it.
/// - Images, those in the making too, are kept in the turn's attachment store, if there is one, and
///   shown by their address.
/// - The call of a client tool is the last item, pending.
/// - When a guardrail ends the run, what was shown of it is removed. After any other failure it
///   stays.
///
/// The error tells users what they can know of it; [`RespondError::downcast_ref`] finds the
/// [`RunError`] behind it.
///
/// ```no_run
/// use chatkit_agents::{
///     Agent, AgentContext, DefaultConverter, Runner, load_input, stream_agent_response,
/// };
/// use chatkit_server::{ChatKitServer, EventStream, Turn};
///
/// struct Assistant {
///     agent: Agent<AgentContext<()>>,
/// }
///
/// impl ChatKitServer for Assistant {
///     type Context = ();
///
///     fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
///         turn.stream(async move |turn, events| {
///             let input = load_input(&turn, &DefaultConverter::for_turn(&turn)).await?;
///             let context = AgentContext::new(turn);
///             let run = Runner::run_streamed(&self.agent, input, context.clone());
///             events.forward(stream_agent_response(&context, run)).await
///         })
///     }
/// }
/// ```
pub fn stream_agent_response<C, R>(
    context: &AgentContext<C>,
    run: R,
) -> impl Stream<Item = Result<ThreadStreamEvent, RespondError>> + Send + use<C, R>
where
    C: RequestContext,
    R: Stream<Item = Result<RunEvent, RunError>> + Send + 'static,
{
    stream_agent_response_with(context, run, DefaultResponseConverter::default())
}

/// The same, with conversions of the application's own.
pub fn stream_agent_response_with<C, R, V>(
    context: &AgentContext<C>,
    run: R,
    converter: V,
) -> impl Stream<Item = Result<ThreadStreamEvent, RespondError>> + Send + use<C, R, V>
where
    C: RequestContext,
    R: Stream<Item = Result<RunEvent, RunError>> + Send + 'static,
    V: ResponseStreamConverter + 'static,
{
    let inbox = Inbox::new(context.listen());
    let converter = Arc::new(StoredImages::new(context, converter));
    let response = Response {
        merged: Merged::new(run, inbox.clone()),
        items: Items::new(context.clone(), inbox.clone(), converter),
        context: context.clone(),
        inbox,
        resumed: None,
        ready: VecDeque::new(),
        produced: Vec::new(),
        calls: Vec::new(),
        stage: Stage::Beginning,
    };
    // An unfolded stream must not be polled after its end.
    stream::unfold(Box::new(response), |mut response| async move {
        let event = response.next().await?;
        Some((event, response))
    })
    .fuse()
}

/// How many items may be looked at for a workflow that goes on.
const LOOK_BACK: usize = 32;

struct Response<C, R> {
    context: AgentContext<C>,
    inbox: Inbox,
    /// The workflow of the turn before that goes on, as it was then.
    resumed: Option<WorkflowItem>,
    merged: Merged<R>,
    items: Items<C>,
    /// Events to be yielded, in order.
    ready: VecDeque<ThreadStreamEvent>,
    /// Items of this run that were shown, with repetitions: a guardrail may take them back.
    produced: Vec<ItemId>,
    /// Calls of function tools in this run; last the one that ended it, if one did.
    calls: Vec<FunctionCall>,
    stage: Stage,
}

enum Stage {
    Beginning,
    Running,
    Failed(RespondError),
    Over,
}

impl<C: RequestContext, R: Stream<Item = Result<RunEvent, RunError>>> Response<C, R> {
    async fn next(&mut self) -> Option<Result<ThreadStreamEvent, RespondError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            match std::mem::replace(&mut self.stage, Stage::Running) {
                Stage::Beginning => {
                    if let Err(error) = self.resume_workflow().await {
                        self.stage = Stage::Failed(error);
                    }
                }
                Stage::Running => match poll_fn(|cx| self.merged.poll_next(cx)).await {
                    Next::Sent(event) => self.show(event),
                    Next::Ran(Ok(event)) => self.ran(event).await,
                    Next::Ran(Err(error)) => self.fail(error),
                    Next::Over => self.end(),
                },
                Stage::Failed(error) => {
                    self.stage = Stage::Over;
                    return Some(Err(error));
                }
                Stage::Over => {
                    self.stage = Stage::Over;
                    return None;
                }
            }
        }
    }

    /// A workflow that the turn before left open goes on: the thread ends with it, or with it and
    /// calls of client tools. It stays where it was when it goes on, so each call is one more.
    async fn resume_workflow(&mut self) -> Result<(), RespondError> {
        let turn = self.context.turn();
        // Behind a message nothing goes on.
        if turn.input().is_some() {
            return Ok(());
        }
        let newest = turn.load_items(&PageRequest::first(LOOK_BACK, Order::Desc)).await?.data;
        let is_call = |item: &ThreadItem| matches!(item, ThreadItem::ClientToolCall(_));
        let Some(ThreadItem::Workflow(workflow)) = newest.into_iter().find(|item| !is_call(item))
        else {
            return Ok(());
        };
        if !is_open(&workflow) {
            return Ok(());
        }
        let mut workflows = self.context.workflows();
        if workflows.is_open() {
            // The application has begun another one before the run.
            self.ready.push_back(ended(workflow, None, false, Timestamp::now()));
        } else {
            self.resumed = Some(workflow.clone());
            workflows.resume(workflow);
        }
        Ok(())
    }

    async fn ran(&mut self, event: RunEvent) {
        match event {
            RunEvent::Model(event) => {
                let events = self.items.take(event).await;
                self.show_all(events);
            }
            RunEvent::ModelAsked { .. } => self.close_items(),
            RunEvent::Finished(outcome) => {
                self.calls.extend(outcome.ended_by);
                self.close_items();
            }
            RunEvent::ToolCalled { call } => self.calls.push(call),
            _ => {}
        }
    }

    fn close_items(&mut self) {
        let events = self.items.close();
        self.show_all(events);
    }

    /// The run is over: the page is asked, and the open workflow waits for its answer. Without a
    /// question nobody would go on with it.
    fn end(&mut self) {
        self.stage = Stage::Over;
        let call = self.context.take_client_tool_call();
        self.change_workflow(|workflows| match call {
            Some(_) => workflows.suspend(),
            None => workflows.make_way(Timestamp::now()),
        });
        if let Some(call) = call {
            let named = self.calls.iter().rev().find(|made| made.name == call.name);
            let made = named.or(self.calls.last()).map(|made| made.call_id.clone());
            let fresh = || self.context.generate_id(IdKind::ToolCall).as_str().to_owned();
            let item = ClientToolCallItem {
                id: self.context.generate_id(IdKind::ToolCall),
                thread_id: self.context.thread().id().clone(),
                created_at: Timestamp::now(),
                status: ClientToolCallStatus::Pending,
                call_id: call.call_id.or(made).unwrap_or_else(fresh),
                name: call.name,
                arguments: call.arguments,
                output: None,
            };
            self.ready.push_back(ThreadStreamEvent::done(ThreadItem::ClientToolCall(item)));
        }
    }

    fn fail(&mut self, error: RunError) {
        self.context.take_client_tool_call();
        if error.is_tripwire() {
            self.change_workflow(|workflows| {
                workflows.forget();
                None
            });
            let mut seen = std::collections::HashSet::new();
            self.produced.retain(|id| seen.insert(id.clone()));
            let removed = self.produced.drain(..);
            self.ready
                .extend(removed.map(|item_id| ThreadStreamEvent::ThreadItemRemoved { item_id }));
            // What another turn has shown stays, without what this one added to it.
            let resumed = self.resumed.take();
            self.ready.extend(resumed.map(|item| ended(item, None, false, Timestamp::now())));
        } else {
            let events = self.items.give_up();
            self.show_all(events);
            self.change_workflow(|workflows| workflows.give_up(Timestamp::now()));
        }
        self.stage = Stage::Failed(error.into_respond_error());
    }

    fn change_workflow(
        &mut self,
        change: impl FnOnce(&mut Workflows) -> Option<ThreadStreamEvent>,
    ) {
        let mut events = Vec::new();
        let changed = change(&mut self.inbox.workflows(&self.context, &mut events));
        events.extend(changed);
        self.show_all(events);
    }

    fn show_all(&mut self, events: Vec<ThreadStreamEvent>) {
        for event in events {
            self.show(event);
        }
    }

    fn show(&mut self, event: ThreadStreamEvent) {
        match &event {
            ThreadStreamEvent::ThreadItemAdded { item }
            | ThreadStreamEvent::ThreadItemDone { item }
                if self.resumed.as_ref().is_none_or(|resumed| resumed.id != *item.id()) =>
            {
                self.produced.push(item.id().clone());
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => {
                self.produced.retain(|id| id != item_id);
            }
            _ => {}
        }
        self.ready.push_back(event);
    }
}

/// A workflow that was ended has a summary.
fn is_open(workflow: &WorkflowItem) -> bool {
    workflow.workflow.summary.is_none()
}
