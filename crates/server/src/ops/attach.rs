//! Joining a turn that is running.

use chatkit_protocol::ThreadAttachParams;

use super::OpError;
use crate::{
    ChatKitServer, ClientInfo, EventId, RequestContext, Subscription, ThreadKey, chatkit::Shared,
};

/// Joins the turn of a thread: from its beginning, or after the last event that the client has
/// seen.
pub(crate) async fn attach<S: ChatKitServer>(
    shared: &Shared<S>,
    client: &ClientInfo,
    params: ThreadAttachParams,
    context: &S::Context,
) -> Result<Subscription, OpError> {
    let ThreadAttachParams { thread_id, after } = params;
    let (after, field) = match &after {
        Some(_) => (&after, "params.after"),
        None => (&client.last_event_id, "Last-Event-ID"),
    };
    // An empty id is what an event stream without any has (HTML standard, server-sent events).
    let after = match after.as_deref().filter(|after| !after.is_empty()) {
        None => None,
        Some(after) => Some(
            after
                .parse::<EventId>()
                .map_err(|error| OpError::invalid(format!("{field}: {error}, found {after:?}")))?,
        ),
    };
    let owner = context.owner();
    shared.store.load_thread(&owner, &thread_id).await?;
    let key = ThreadKey { owner, thread_id };
    shared.coordinator.attach(&key, after).await.ok_or_else(OpError::not_running)
}
