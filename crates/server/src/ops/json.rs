//! The ops that are answered with one JSON document.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chatkit_protocol::{
    AttachmentCreateParams, AttachmentId, AudioInput, CustomActionParams, ItemFeedbackParams,
    ItemsListParams, Order, Page, RequestBody, Thread, ThreadGetByIdParams, ThreadId, ThreadItem,
    ThreadListParams, ThreadStopResponse, ThreadUpdateParams, TranscribeParams,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{OpError, OpErrorKind, items::page_of_items, start::load_sender};
use crate::{
    ChatKitServer, Entry, Owner, PageRequest, RequestContext, RunHandle, StopOutcome, Store,
    StoreError, StoreResult, ThreadHandle, ThreadKey, ThreadPatch, Turn, Visibility,
    chatkit::Shared, respond::TurnParts, visible,
};

/// Records on a page when the request does not say, as in the reference.
const DEFAULT_LIMIT: u64 = 20;
/// Records on a page at most. The stock client asks for 9,999 and pages on while there are more.
const MAX_LIMIT: u64 = 1000;

type Answer = Result<Vec<u8>, OpError>;

/// Answers a request of a JSON op.
pub(crate) async fn answer<S: ChatKitServer>(
    shared: &Shared<S>,
    request: RequestBody,
    context: S::Context,
) -> Answer {
    let owner = context.owner();
    match request {
        RequestBody::ThreadsGetById(params) => get_thread(shared, &owner, params).await,
        RequestBody::ThreadsList(params) => list_threads(shared, &owner, params).await,
        RequestBody::ThreadsUpdate(params) => update_thread(shared, &owner, params).await,
        RequestBody::ThreadsDelete(params) => {
            delete_thread(shared, &owner, &params.thread_id).await
        }
        RequestBody::ThreadsStop(params) => stop(shared, owner, params.thread_id).await,
        RequestBody::ItemsList(params) => list_items(shared, &owner, params).await,
        RequestBody::ItemsFeedback(params) => feedback(shared, &owner, params, context).await,
        RequestBody::AttachmentsCreate(params) => create_attachment(shared, &owner, &params).await,
        RequestBody::AttachmentsDelete(params) => {
            delete_attachment(shared, &owner, &params.attachment_id).await
        }
        RequestBody::InputTranscribe(params) => transcribe(shared, params, context).await,
        RequestBody::ThreadsSyncCustomAction(params) => {
            sync_action(shared, owner, params, context).await
        }
        other => Err(OpError::not_supported(other.op().as_str())),
    }
}

async fn get_thread<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    params: ThreadGetByIdParams,
) -> Answer {
    let thread = shared.store.load_thread(owner, &params.thread_id).await?;
    let page = page(None, Order::Asc, None);
    let key = ThreadKey { owner: owner.clone(), thread_id: params.thread_id };
    let items = page_of_items(shared, &key, &page).await?;
    json(&Thread::new(thread, items))
}

async fn list_threads<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    params: ThreadListParams,
) -> Answer {
    let page = page(params.limit, params.order, params.after);
    let threads = shared.store.load_threads(owner, &page).await?;
    json(&threads.map(|thread| Thread::new(thread, Page::default())))
}

async fn update_thread<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    params: ThreadUpdateParams,
) -> Answer {
    let patch = ThreadPatch { title: Some(Some(params.title)), ..ThreadPatch::default() };
    let thread = shared.store.update_thread(owner, &params.thread_id, &patch).await?;
    json(&Thread::new(thread, Page::default()))
}

/// Deletes a thread once its turn has ended, and then the bytes of its attachments.
async fn delete_thread<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    thread_id: &ThreadId,
) -> Answer {
    let key = ThreadKey { owner: owner.clone(), thread_id: thread_id.clone() };
    let deletion = RunHandle::new(false);
    let entered = shared.coordinator.enter(&key, &deletion, Entry::Exclusive).await;
    let _lease = entered.map_err(OpError::from)?;
    let Some(attachments) = &shared.attachments else {
        shared.store.delete_thread(owner, thread_id).await?;
        return empty();
    };
    let attached = attachments_of(&*shared.store, owner, thread_id).await?;
    shared.store.delete_thread(owner, thread_id).await?;
    for id in attached {
        if let Err(error) = attachments.delete_attachment(owner, &id).await {
            tracing::warn!(thread = %thread_id, attachment = %id, %error,
                "the bytes of an attachment outlive its thread");
        }
    }
    empty()
}

/// Stops a thread's turn, and answers when it has ended.
async fn stop<S: ChatKitServer>(shared: &Shared<S>, owner: Owner, thread_id: ThreadId) -> Answer {
    shared.store.load_thread(&owner, &thread_id).await?;
    let stopped = match shared.coordinator.stop(&ThreadKey { owner, thread_id }).await {
        StopOutcome::Stopped => true,
        StopOutcome::NotRunning => false,
        StopOutcome::NotAllowed => {
            let message = "the response that is running may not be stopped";
            return Err(OpError::new(OpErrorKind::Conflict, message));
        }
    };
    json(&ThreadStopResponse { stopped })
}

/// What a thread's messages have attached, and the images that the assistant made in it.
async fn attachments_of(
    store: &dyn Store,
    owner: &Owner,
    thread_id: &ThreadId,
) -> StoreResult<Vec<AttachmentId>> {
    let mut attached = Vec::new();
    let mut images = Vec::new();
    let mut request = PageRequest::first(100, Order::Asc);
    loop {
        let page = store.load_thread_items(owner, thread_id, &request, Visibility::Visible).await?;
        request.after = page.data.last().map(|item| item.id().to_string());
        for item in page.data {
            match item {
                ThreadItem::UserMessage(message) => {
                    attached
                        .extend(message.attachments.into_iter().map(|attachment| attachment.id));
                }
                ThreadItem::GeneratedImage(item) => {
                    images.extend(item.image.and_then(|image| attachment_at(&image.url)));
                }
                _ => {}
            }
        }
        if !page.has_more {
            break;
        }
    }
    for id in images {
        // An address proves nothing: an image is the thread's if its record says so.
        match store.load_attachment(owner, &id).await {
            Ok(record) if record.thread_id.as_ref() == Some(thread_id) => attached.push(id),
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(attached)
}

/// The attachment that is kept at an address, if one is: its id is the last segment, as
/// [`AttachmentStore::save_image`](crate::AttachmentStore::save_image) has it.
fn attachment_at(url: &str) -> Option<AttachmentId> {
    if url.starts_with("data:") {
        return None;
    }
    url.rsplit('/').next().filter(|id| !id.is_empty()).map(AttachmentId::from)
}

async fn list_items<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    params: ItemsListParams,
) -> Answer {
    let page = page(params.limit, params.order, params.after);
    let key = ThreadKey { owner: owner.clone(), thread_id: params.thread_id };
    json(&page_of_items(shared, &key, &page).await?)
}

async fn feedback<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    params: ItemFeedbackParams,
    context: S::Context,
) -> Answer {
    shared.store.load_thread(owner, &params.thread_id).await?;
    shared.server.add_feedback(params.thread_id, params.item_ids, params.kind, context).await?;
    empty()
}

async fn create_attachment<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    params: &AttachmentCreateParams,
) -> Answer {
    let attachments =
        shared.attachments.as_ref().ok_or_else(|| OpError::not_supported("attachments.create"))?;
    let mut attachment = attachments.create_attachment(owner, params).await?;
    shared.store.save_attachment(owner, &attachment).await?;
    visible::attachment(&mut attachment);
    json(&attachment)
}

async fn delete_attachment<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: &Owner,
    id: &AttachmentId,
) -> Answer {
    let attachments =
        shared.attachments.as_ref().ok_or_else(|| OpError::not_supported("attachments.delete"))?;
    shared.store.load_attachment(owner, id).await?;
    attachments.delete_attachment(owner, id).await?;
    shared.store.delete_attachment(owner, id).await?;
    empty()
}

async fn transcribe<S: ChatKitServer>(
    shared: &Shared<S>,
    params: TranscribeParams,
    context: S::Context,
) -> Answer {
    let data = BASE64_STANDARD.decode(params.audio_base64).map_err(|error| {
        OpError::invalid(format!("params.audio_base64: expected base64: {error}"))
    })?;
    let audio = AudioInput { data, mime_type: params.mime_type };
    json(&shared.server.transcribe(audio, context).await?)
}

async fn sync_action<S: ChatKitServer>(
    shared: &Shared<S>,
    owner: Owner,
    params: CustomActionParams,
    context: S::Context,
) -> Answer {
    let CustomActionParams { thread_id, item_id, action } = params;
    let thread = shared.store.load_thread(&owner, &thread_id).await?;
    let sender = load_sender(&*shared.store, &owner, &thread_id, item_id.as_ref()).await?;
    let thread = ThreadHandle::new(thread);
    let turn = Turn::new(TurnParts {
        thread: thread.clone(),
        input: None,
        owner: owner.clone(),
        context,
        store: Arc::clone(&shared.store),
        attachments: shared.attachments.clone(),
        cancellation: Arc::default(),
    });
    let mut response = shared.server.sync_action(turn, action, sender).await?;
    if let Some(patch) = thread.unsaved() {
        shared.store.update_thread(&owner, &thread_id, &patch).await?;
    }
    response.updated_item = response.updated_item.filter(|item| !item.is_hidden());
    if let Some(item) = &mut response.updated_item {
        visible::item(item);
    }
    json(&response)
}

/// A limit of 0 means the default, as in the reference.
fn page(limit: Option<u64>, order: Order, after: Option<String>) -> PageRequest {
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    PageRequest { limit: usize::try_from(limit).unwrap_or(1), order, after }
}

fn json(answer: &impl Serialize) -> Answer {
    Ok(serde_json::to_vec(answer)?)
}

fn empty() -> Answer {
    json(&Value::Object(Map::new()))
}
