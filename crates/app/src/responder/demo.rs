//! A responder to try things out: it works offline, asks no model, and shows each part of the
//! protocol on a word from the user.

mod action;
mod failure;
mod form;
mod help;
mod image;
mod item;
mod page;
mod stage;
#[cfg(test)]
mod tests;
mod text;
mod thread;
mod tool;
mod wait;
mod widget;
mod widget_stream;
mod words;
mod workflow;

use chatkit_protocol::{
    Action, AudioInput, FeedbackKind, ItemId, SyncCustomActionResponse, ThreadId, ThreadItem,
    TranscriptionResult, WidgetItem,
};
use chatkit_server::{ChatKitServer, EventStream, OpError, RespondError, Turn};

use stage::Stage;

/// How far back the demo looks for what a turn without a message goes on from.
const RECENT: usize = 50;

/// Shows what the protocol can do. `help` lists the words it knows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Demo;

impl ChatKitServer for Demo {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async |turn, events| {
            let text = turn.input_text();
            if turn.input().is_none() {
                return go_on(Stage::new(turn, events, "")).await;
            }
            thread::name_after_first_message(&turn);
            match words::find(&text) {
                Some((word, rest)) => (word.play)(Stage::new(turn, events, rest)).await,
                None => help::introduce(Stage::new(turn, events, &text)).await,
            }
        })
    }

    fn action(
        &self,
        turn: Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> EventStream<'_> {
        turn.stream(async |turn, events| {
            action::stream(Stage::new(turn, events, ""), action, sender).await
        })
    }

    async fn sync_action(
        &self,
        turn: Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, OpError> {
        action::sync(&turn, &action, sender).await
    }

    async fn add_feedback(
        &self,
        thread_id: ThreadId,
        item_ids: Vec<ItemId>,
        kind: FeedbackKind,
        (): (),
    ) -> Result<(), OpError> {
        tracing::info!(thread = %thread_id, items = item_ids.len(), ?kind, "the user judged a reply");
        Ok(())
    }

    async fn transcribe(&self, audio: AudioInput, (): ()) -> Result<TranscriptionResult, OpError> {
        let text = format!(
            "The demo cannot hear, but {} bytes of {} arrived.",
            audio.data.len(),
            audio.media_type()
        );
        Ok(TranscriptionResult { text })
    }
}

/// Goes on after the output of a client tool or the answers to questions, whichever came last.
async fn go_on(stage: Stage) -> Result<(), RespondError> {
    let items = stage.turn.recent_items(RECENT).await?;
    let answered = |item: &&ThreadItem| match item {
        ThreadItem::ClientToolCall(_) | ThreadItem::StructuredInput(_) => !item.is_pending(),
        _ => false,
    };
    // A client tool's output goes to the last item, answers to any: of both, a call that is last
    // and has its output is what just came.
    let last = items.iter().rev().find(|item| !item.is_hidden()).filter(answered);
    let newest_form = || {
        let mut forms = items.iter().rev().filter(answered);
        forms.find(|item| matches!(item, ThreadItem::StructuredInput(_)))
    };
    match last.or_else(newest_form) {
        Some(ThreadItem::ClientToolCall(call)) => tool::go_on(stage, call).await,
        Some(ThreadItem::StructuredInput(item)) => form::go_on(stage, item).await,
        _ => stage.say("There was nothing to go on from. Say `help` to see what I can do.").await,
    }
}
