//! Replies that fail, and replies asked for again.

use chatkit_protocol::ErrorCode;
use chatkit_server::RespondError;
use serde_json::json;

use super::stage::{Stage, pause, write};

/// Where the thread's metadata keeps which message was answered how often.
const ATTEMPTS: &str = "demo_attempts";

pub(super) async fn custom(stage: Stage) -> Result<(), RespondError> {
    let mut reply = stage.events.stream_message().await?;
    write(&mut reply, "This reply begins well, and what you have read of it stays, but then…")
        .await?;
    pause(500).await;
    let message = "The demo failed on purpose. This text is the responder’s own; Retry asks again.";
    Err(RespondError::custom(message).with_retry(true))
}

pub(super) async fn coded(stage: Stage) -> Result<(), RespondError> {
    stage
        .say(
            "The next event is an error with the code `stream.error` and no text: the page words \
             it in the reader’s language.",
        )
        .await?;
    Err(RespondError::coded(ErrorCode::STREAM_ERROR))
}

pub(super) async fn unexpected(stage: Stage) -> Result<(), RespondError> {
    let mut reply = stage.events.stream_message().await?;
    let text = "Something unexpected is about to happen. You will not be told what, as it may hold \
                secrets; the server’s log has it, and this half of a";
    write(&mut reply, text).await?;
    pause(500).await;
    Err(RespondError::unexpected("the user asked the demo to crash"))
}

/// Counts how often the same message was answered.
pub(super) async fn retry(stage: Stage) -> Result<(), RespondError> {
    let message = stage.turn.input().map(|message| message.id.to_string()).unwrap_or_default();
    let thread = stage.turn.thread().get();
    let known = thread.metadata.get(ATTEMPTS).filter(|known| known["message"] == message.as_str());
    let before = known.and_then(|known| known["count"].as_u64()).unwrap_or(0);
    let count = before.saturating_add(1);
    let attempts = json!({ "message": message, "count": count });
    stage.turn.thread().update(|thread| {
        thread.metadata.insert(ATTEMPTS.to_owned(), attempts);
    });
    let again = match count {
        1 => "This is my first answer to your message.".to_owned(),
        2 => "This is my second answer to the same message.".to_owned(),
        _ => format!("This is answer number {count} to the same message."),
    };
    stage
        .say(&format!(
            "{again} Use **Retry** under it: the server deletes everything after your message and \
             asks me once more. I keep count in the thread’s metadata, which no client sees."
        ))
        .await
}
