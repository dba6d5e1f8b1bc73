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
    items::Items,
    merge::{Merged, Next},
    stored_images::StoredImages,
};
use crate::{RunError, RunEvent, model::FunctionCall};

/// The events of a turn in which an agent answers: what the model says, thinks, draws and has its
/// provider do, and what tools [send](AgentContext::stream) meanwhile, in order.
///
/// - A message of the model's is an item with an id of its own; text, refusals and references are
///   streamed into its parts. References are counted per part, without those that cannot be shown.
/// - Thoughts and the activity of the provider's tools are tasks of a workflow, which ends when
///   something else is shown. One that is still open at the end is stored as it is, and the output
///   of a client tool goes on with it.
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
    let response = Response {
        merged: Merged::new(run, context.listen()),
        items: Items::new(context.clone(), Arc::new(StoredImages::new(context, converter))),
        context: context.clone(),
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

struct Response<C, R> {
    context: AgentContext<C>,
    merged: Merged<R>,
    items: Items<C>,
    /// Events to be yielded, in order.
    ready: VecDeque<ThreadStreamEvent>,
    /// Items that were shown, with repetitions: a guardrail may take them back.
    produced: Vec<ItemId>,
    /// Calls of function tools in this run.
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
    /// the call of a client tool.
    async fn resume_workflow(&mut self) -> Result<(), RespondError> {
        let turn = self.context.turn();
        // Behind a message nothing goes on.
        if turn.input().is_some() {
            return Ok(());
        }
        let mut items =
            turn.load_items(&PageRequest::first(2, Order::Desc)).await?.data.into_iter();
        let ((Some(ThreadItem::Workflow(workflow)), _)
        | (Some(ThreadItem::ClientToolCall(_)), Some(ThreadItem::Workflow(workflow)))) =
            (items.next(), items.next())
        else {
            return Ok(());
        };
        if is_open(&workflow) {
            self.context.workflows().resume(workflow);
        }
        Ok(())
    }

    async fn ran(&mut self, event: RunEvent) {
        match event {
            RunEvent::Model(event) => {
                let events = self.items.take(event).await;
                self.show_all(events);
            }
            RunEvent::ModelAsked { .. } | RunEvent::Finished(_) => self.close_items().await,
            RunEvent::ToolCalled { call } => self.calls.push(call),
            _ => {}
        }
    }

    async fn close_items(&mut self) {
        let events = self.items.close().await;
        self.show_all(events);
    }

    /// The run is over: the open workflow is stored for the next turn, and the page is asked.
    fn end(&mut self) {
        self.stage = Stage::Over;
        let suspended = self.context.workflows().suspend();
        self.ready.extend(suspended);
        if let Some(call) = self.context.take_client_tool_call() {
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
            self.context.workflows().forget();
            let mut seen = std::collections::HashSet::new();
            self.produced.retain(|id| seen.insert(id.clone()));
            let removed = self.produced.drain(..);
            self.ready
                .extend(removed.map(|item_id| ThreadStreamEvent::ThreadItemRemoved { item_id }));
        } else {
            let mut workflows = self.context.workflows();
            // One without tasks shows nothing, and goes with the failed turn.
            if workflows.tasks().is_empty() {
                workflows.forget();
            } else {
                self.ready.extend(workflows.make_way(Timestamp::now()));
            }
        }
        self.stage = Stage::Failed(error.into_respond_error());
    }

    fn show_all(&mut self, events: Vec<ThreadStreamEvent>) {
        for event in events {
            self.show(event);
        }
    }

    fn show(&mut self, event: ThreadStreamEvent) {
        if let ThreadStreamEvent::ThreadItemAdded { item }
        | ThreadStreamEvent::ThreadItemDone { item } = &event
        {
            self.produced.push(item.id().clone());
        }
        self.ready.push_back(event);
    }
}

/// A workflow that was ended has a summary.
fn is_open(workflow: &WorkflowItem) -> bool {
    workflow.workflow.summary.is_none()
}
