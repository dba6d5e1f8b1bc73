//! Waiting: what a user sees before the first word.

use chatkit_protocol::{Icon, StreamOptions, ThreadStreamEvent};
use chatkit_server::RespondError;

use super::stage::{Stage, pause};

pub(super) async fn slow(stage: Stage) -> Result<(), RespondError> {
    for (number, step) in
        ["Opening the books", "Reading", "Still reading", "Comparing notes", "Nearly there"]
            .into_iter()
            .enumerate()
    {
        let text = format!("{step}… ({} of 10 seconds)", 2 * number);
        stage.events.progress(Icon::BOOK_OPEN, text).await?;
        pause(2000).await;
    }
    stage
        .say(
            "Ten seconds went by before this first word. The progress notes told you that \
             something was going on, and the last of them vanished when the reply began. \
             **Stop** would have worked all the time.",
        )
        .await
}

pub(super) async fn progress(stage: Stage) -> Result<(), RespondError> {
    for (icon, text) in [
        (Icon::SEARCH, "Searching 10,000 records…"),
        (Icon::DOCUMENT, "Reading the best matches…"),
        (Icon::ANALYTICS, "Working it out…"),
        (Icon::WRITE, "Writing it down…"),
    ] {
        stage.events.progress(icon, text).await?;
        pause(900).await;
    }
    stage
        .say(
            "You saw four progress notes, each with an icon of its own. A note lives until the \
             next one or until output starts, and it is never stored.",
        )
        .await
}

/// Takes the Stop button away for one reply.
pub(super) async fn without_stop(stage: Stage) -> Result<(), RespondError> {
    let stream_options = StreamOptions { allow_cancel: false };
    stage.events.send(ThreadStreamEvent::StreamOptions { stream_options }).await?;
    stage.events.progress(Icon::BOLT, "Something that must not be cut short…").await?;
    pause(4000).await;
    stage
        .say(
            "There was no **Stop** for this reply. Every response begins with `stream_options`, \
             and mine just said again, with `allow_cancel` set to false, that it wanted to be \
             heard to the end. Use it for work that must not be cut short, such as a payment.",
        )
        .await
}
