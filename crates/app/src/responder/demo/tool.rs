//! A tool that runs in the page.

use chatkit_protocol::{ClientToolCallItem, ClientToolCallStatus, JsonObject, ThreadItem};
use chatkit_server::{IdKind, RespondError};
use serde_json::json;

use super::{help::quote, stage::Stage};

/// The tool's name.
const GET_TIME: &str = "get_time";

/// Asks the page for the time. The call must be the last event of the response.
pub(super) async fn call(stage: Stage) -> Result<(), RespondError> {
    let text = format!(
        "What time is it where you are? Only the page knows, so I am calling its tool `{GET_TIME}` \
         and shall go on when it answers."
    );
    stage.say(&text).await?;
    let id = stage.new_id(IdKind::ToolCall);
    let arguments = JsonObject::from_iter([("format".to_owned(), json!("iso"))]);
    let call = ClientToolCallItem {
        call_id: format!("call_{id}"),
        id,
        thread_id: stage.thread_id(),
        created_at: stage.now(),
        status: ClientToolCallStatus::Pending,
        name: GET_TIME.to_owned(),
        arguments,
        output: None,
    };
    stage.events.item(ThreadItem::ClientToolCall(call)).await
}

/// Goes on with the tool's output.
pub(super) async fn go_on(stage: Stage, call: &ClientToolCallItem) -> Result<(), RespondError> {
    let name = quote(&call.name);
    let text = match &call.output {
        None => format!("The tool **{name}** answered without any output."),
        Some(output) => format!(
            "The page answered. The output of **{name}** is:\n\n> {}\n\nIt is stored with the \
             call, and I was called again to go on from there.",
            quote(&output.to_string())
        ),
    };
    stage.say(&text).await
}
