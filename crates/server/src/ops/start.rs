//! The ops that are answered with a stream: what happens before the responder starts.

use chatkit_protocol::{
    Attachment, ClientToolCallItem, ClientToolCallStatus, CustomActionParams, ItemId, Order, Page,
    RequestBody, StructuredInputItem, Thread, ThreadAddClientToolOutputParams,
    ThreadAddStructuredInputParams, ThreadId, ThreadItem, ThreadMetadata,
    ThreadRetryAfterItemParams, ThreadStatus, ThreadStreamEvent, Timestamp, UserMessageInput,
    UserMessageItem, WidgetItem,
};
use serde_json::Value;

use super::{OpError, OpErrorKind};
use crate::{IdKind, Owner, PageRequest, Store, StoreError, Visibility, run::Respond};

/// Attachments of one message.
const MAX_ATTACHMENTS: usize = 100;

/// What the responder starts with. Everything before it is in the store.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) thread: ThreadMetadata,
    pub(crate) input: Option<UserMessageItem>,
    pub(crate) respond: Respond,
    /// Sent before the stream options.
    pub(crate) before: Vec<ThreadStreamEvent>,
    /// Sent after the stream options.
    pub(crate) after: Vec<ThreadStreamEvent>,
}

/// Prepares a streaming op: checks it as a whole and then writes it in one step, so that a
/// failure leaves nothing behind. `new_thread` is the id for `threads.create`.
pub(crate) async fn start(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    request: RequestBody,
) -> Result<Start, OpError> {
    match request {
        RequestBody::ThreadsCreate(params) => create(store, owner, thread_id, params.input).await,
        RequestBody::ThreadsAddUserMessage(params) => {
            add_user_message(store, owner, thread_id, params.input).await
        }
        RequestBody::ThreadsAddClientToolOutput(params) => {
            add_client_tool_output(store, owner, params).await
        }
        RequestBody::ThreadsAddStructuredInput(params) => {
            add_structured_input(store, owner, params).await
        }
        RequestBody::ThreadsRetryAfterItem(params) => retry_after_item(store, owner, params).await,
        RequestBody::ThreadsCustomAction(params) => custom_action(store, owner, params).await,
        other => Err(OpError::not_supported(other.op().as_str())),
    }
}

/// Whether a streaming op would be refused as things are, without writing anything: a request that
/// is refused must not stop the turn that is running.
pub(crate) async fn check(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    request: &RequestBody,
) -> Result<(), OpError> {
    match request {
        RequestBody::ThreadsAddUserMessage(params) => {
            load_open_thread(store, owner, thread_id).await?;
            load_attachments(store, owner, thread_id, &params.input).await?;
        }
        RequestBody::ThreadsRetryAfterItem(params) => {
            load_open_thread(store, owner, thread_id).await?;
            load_user_message(store, owner, thread_id, &params.item_id).await?;
        }
        RequestBody::ThreadsCustomAction(params) => {
            store.load_thread(owner, thread_id).await?;
            load_sender(store, owner, thread_id, params.item_id.as_ref()).await?;
        }
        _ => {}
    }
    Ok(())
}

impl Start {
    fn new(thread: ThreadMetadata) -> Self {
        Self {
            thread,
            input: None,
            respond: Respond::Message,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    fn with_message(mut self, message: UserMessageItem) -> Self {
        self.before.push(ThreadStreamEvent::done(ThreadItem::UserMessage(message.clone())));
        self.input = Some(message);
        self
    }
}

async fn create(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    input: UserMessageInput,
) -> Result<Start, OpError> {
    let thread = ThreadMetadata::new(thread_id.clone(), Timestamp::now());
    let message = user_message(store, owner, thread_id, input).await?;
    store.add_user_message(owner, Some(&thread), &message).await?;
    let created = Box::new(Thread::new(thread.clone(), Page::default()));
    let mut start = Start::new(thread);
    start.before.push(ThreadStreamEvent::ThreadCreated { thread: created });
    Ok(start.with_message(message))
}

async fn add_user_message(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    input: UserMessageInput,
) -> Result<Start, OpError> {
    let thread = load_open_thread(store, owner, thread_id).await?;
    let message = user_message(store, owner, thread_id, input).await?;
    store.add_user_message(owner, None, &message).await?;
    Ok(Start::new(thread).with_message(message))
}

/// The output carries no call id: it belongs to the call that is the last visible item. Other
/// calls that were never answered are removed, as in the reference, but wherever they stand.
async fn add_client_tool_output(
    store: &dyn Store,
    owner: &Owner,
    params: ThreadAddClientToolOutputParams,
) -> Result<Start, OpError> {
    let ThreadAddClientToolOutputParams { thread_id, result } = params;
    let thread = store.load_thread(owner, &thread_id).await?;
    let mut call = load_waiting_tool_call(store, owner, &thread_id).await?;
    call.output = Some(result).filter(|output| *output != Value::Null);
    call.status = ClientToolCallStatus::Completed;
    store.complete_item(owner, &thread_id, &ThreadItem::ClientToolCall(call)).await?;
    for forgotten in store.load_pending_items(owner, &thread_id).await? {
        if let ThreadItem::ClientToolCall(call) = forgotten {
            tracing::warn!(thread = %thread_id, call = call.call_id, "a client tool call was never answered");
            store.delete_item(owner, &thread_id, &call.id).await?;
        }
    }
    Ok(Start::new(thread))
}

async fn add_structured_input(
    store: &dyn Store,
    owner: &Owner,
    params: ThreadAddStructuredInputParams,
) -> Result<Start, OpError> {
    let ThreadAddStructuredInputParams { thread_id, item_id, input } = params;
    let thread = load_open_thread(store, owner, &thread_id).await?;
    let item = load_structured_input(store, owner, &thread_id, &item_id).await?;
    let answered = ThreadItem::StructuredInput(item.answered(&input));
    store.complete_item(owner, &thread_id, &answered).await?;
    let mut start = Start::new(thread);
    start.after.push(ThreadStreamEvent::replaced(answered));
    Ok(start)
}

async fn retry_after_item(
    store: &dyn Store,
    owner: &Owner,
    params: ThreadRetryAfterItemParams,
) -> Result<Start, OpError> {
    let ThreadRetryAfterItemParams { thread_id, item_id } = params;
    let thread = load_open_thread(store, owner, &thread_id).await?;
    let message = load_user_message(store, owner, &thread_id, &item_id).await?;
    store.delete_items_after(owner, &thread_id, &item_id).await?;
    let mut start = Start::new(thread);
    start.input = Some(message);
    Ok(start)
}

async fn custom_action(
    store: &dyn Store,
    owner: &Owner,
    params: CustomActionParams,
) -> Result<Start, OpError> {
    let CustomActionParams { thread_id, item_id, action } = params;
    let thread = store.load_thread(owner, &thread_id).await?;
    let sender = load_sender(store, owner, &thread_id, item_id.as_ref()).await?;
    let mut start = Start::new(thread);
    start.respond = Respond::Action(Box::new((action, sender)));
    Ok(start)
}

async fn load_open_thread(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
) -> Result<ThreadMetadata, OpError> {
    let thread = store.load_thread(owner, thread_id).await?;
    let (state, reason) = match &thread.status {
        ThreadStatus::Active => return Ok(thread),
        ThreadStatus::Locked { reason } => ("locked", reason),
        ThreadStatus::Closed { reason } => ("closed", reason),
    };
    let message = match reason {
        Some(reason) => format!("This conversation is {state}: {reason}"),
        None => format!("This conversation is {state}."),
    };
    Err(OpError::new(OpErrorKind::Conflict, message))
}

async fn user_message(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    input: UserMessageInput,
) -> Result<UserMessageItem, OpError> {
    let attachments = load_attachments(store, owner, thread_id, &input).await?;
    let mut content = input.content;
    // The turn keeps it to its end, and one part takes a quarter of what reading makes room for.
    content.shrink_to_fit();
    Ok(UserMessageItem {
        id: store.generate_item_id(IdKind::Message, thread_id),
        thread_id: thread_id.clone(),
        created_at: Timestamp::now(),
        content,
        attachments,
        quoted_text: input.quoted_text,
        inference_options: input.inference_options,
    })
}

/// The attachments of a message, as those of its thread.
async fn load_attachments(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    input: &UserMessageInput,
) -> Result<Vec<Attachment>, OpError> {
    if input.attachments.len() > MAX_ATTACHMENTS {
        return Err(OpError::invalid(format!(
            "params.input.attachments: expected at most {MAX_ATTACHMENTS}, found {}",
            input.attachments.len()
        )));
    }
    let mut attachments = Vec::with_capacity(input.attachments.len());
    for id in &input.attachments {
        let mut attachment = store.load_attachment(owner, id).await?;
        if attachment.thread_id.as_ref().is_some_and(|taken_by| taken_by != thread_id) {
            return Err(StoreError::attachment_taken(id).into());
        }
        attachment.thread_id = Some(thread_id.clone());
        attachments.push(attachment);
    }
    Ok(attachments)
}

async fn load_waiting_tool_call(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
) -> Result<ClientToolCallItem, OpError> {
    let newest = PageRequest::first(1, Order::Desc);
    let last = store.load_thread_items(owner, thread_id, &newest, Visibility::Visible).await?;
    match last.data.into_iter().next().filter(ThreadItem::is_pending) {
        Some(ThreadItem::ClientToolCall(call)) => Ok(call),
        _ => Err(OpError::new(
            OpErrorKind::Conflict,
            format!(
                "params.thread_id: no client tool call of thread `{thread_id}` waits for its output"
            ),
        )),
    }
}

async fn load_user_message(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    item_id: &ItemId,
) -> Result<UserMessageItem, OpError> {
    match store.load_item(owner, thread_id, item_id).await? {
        ThreadItem::UserMessage(message) => Ok(message),
        other => Err(wrong_kind("a user message", &other)),
    }
}

async fn load_structured_input(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    item_id: &ItemId,
) -> Result<StructuredInputItem, OpError> {
    match store.load_item(owner, thread_id, item_id).await? {
        ThreadItem::StructuredInput(item) => Ok(item),
        other => Err(wrong_kind("a structured input", &other)),
    }
}

/// The widget that sent an action; the page itself sends none, or an empty id.
pub(super) async fn load_sender(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
    item_id: Option<&ItemId>,
) -> Result<Option<WidgetItem>, OpError> {
    let Some(item_id) = item_id.filter(|item_id| !item_id.is_empty()) else {
        return Ok(None);
    };
    match store.load_item(owner, thread_id, item_id).await? {
        ThreadItem::Widget(widget) => Ok(Some(widget)),
        other => Err(wrong_kind("a widget", &other).coded()),
    }
}

fn wrong_kind(expected: &str, found: &ThreadItem) -> OpError {
    let found = found.kind();
    OpError::invalid(format!("params.item_id: expected the id of {expected}, found a {found}"))
}
