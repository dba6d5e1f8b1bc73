//! Between the server and the page: effects, notices, attachments.

use std::fmt::Write as _;

use chatkit_protocol::{AttachmentKind, JsonObject, NoticeEvent, NoticeLevel, ThreadStreamEvent};
use chatkit_server::RespondError;
use serde_json::json;

use super::{
    help::quote,
    stage::{Stage, pause},
};

/// The name of the effect.
const FLASH: &str = "demo.flash";

pub(super) async fn effect(stage: Stage) -> Result<(), RespondError> {
    let data = JsonObject::from_iter([("text".to_owned(), json!("Hello from the server"))]);
    stage.events.effect(FLASH, data).await?;
    stage
        .say(&format!(
            "The page was just sent the effect `{FLASH}` with a text. An effect is a hint: the \
             page does with it what it likes, nothing waits for it, and nothing is stored."
        ))
        .await
}

pub(super) async fn notices(stage: Stage) -> Result<(), RespondError> {
    for (level, title, message) in [
        (NoticeLevel::Info, None, "This is for your information."),
        (NoticeLevel::Warning, Some("Careful"), "Half of today’s messages are **used up**."),
        (NoticeLevel::Danger, Some("Oh no"), "Something would be wrong, if this were no demo."),
    ] {
        let (message, title) = (message.to_owned(), title.map(str::to_owned));
        let notice = NoticeEvent { level, message, title };
        stage.events.send(ThreadStreamEvent::Notice(notice)).await?;
        pause(1200).await;
    }
    stage
        .say(
            "Those were three notices, of the levels info, warning and danger. They stand beside \
             the conversation and are not stored.",
        )
        .await
}

/// Lists what is attached to the message.
pub(super) async fn attachments(stage: Stage) -> Result<(), RespondError> {
    let attachments = stage.turn.input().map_or(&[][..], |message| &message.attachments);
    if attachments.is_empty() {
        let text = "Nothing is attached to your message. Attach a file or an image, and say `attach` \
                    again.";
        return stage.say(text).await;
    }
    let mut text = String::from("Attached to your message:\n\n");
    for attachment in attachments {
        let kind = match attachment.kind {
            AttachmentKind::File => "file",
            AttachmentKind::Image { .. } => "image",
        };
        let (name, media_type) = (quote(&attachment.name), quote(&attachment.mime_type));
        writeln!(text, "- **{name}**, {kind} of type {media_type} (`{}`)", attachment.id)?;
    }
    text.push_str("\nThey belong to this thread now, and go when it is deleted.");
    stage.say(&text).await
}
