//! Items that go, change, hide, or end a turn.

use chatkit_protocol::{
    AssistantMessageContent, AssistantMessageItem, EndOfTurnItem, HiddenContextItem, ItemId,
    ThreadItem, ThreadStreamEvent,
};
use chatkit_server::{IdKind, RespondError};
use serde_json::{Value, json};

use super::{
    help::quote,
    stage::{Stage, pause},
};

/// How far back notes are looked for.
const SEARCHED: usize = 200;
/// The longest note, in characters.
const NOTE_CHARS: usize = 500;
/// What is noted when the user says nothing.
const DEFAULT_NOTE: &str = "The magic word is juniper.";

pub(super) async fn remove(stage: Stage) -> Result<(), RespondError> {
    let id = stage.new_id(IdKind::Message);
    let text = "I am a message with a short life. In two seconds I am gone.";
    stage.events.item(message(&stage, &id, text)).await?;
    pause(2000).await;
    stage.events.send(ThreadStreamEvent::ThreadItemRemoved { item_id: id }).await?;
    stage
        .say(
            "There was a message here. It was stored, and then it was removed, from the page and \
             from the store.",
        )
        .await
}

pub(super) async fn replace(stage: Stage) -> Result<(), RespondError> {
    let id = stage.new_id(IdKind::Message);
    let text = "This is a first draft. A better one is on its way…";
    stage.events.item(message(&stage, &id, text)).await?;
    pause(2000).await;
    let text = "This is the second draft. It took the place of the first: same id, same position, \
                another text, by `thread.item.replaced`.";
    stage.events.send(ThreadStreamEvent::replaced(message(&stage, &id, text))).await
}

fn message(stage: &Stage, id: &ItemId, text: &str) -> ThreadItem {
    ThreadItem::AssistantMessage(AssistantMessageItem {
        id: id.clone(),
        thread_id: stage.thread_id(),
        created_at: stage.now(),
        content: vec![AssistantMessageContent::text(text)],
    })
}

/// Keeps a note that no client is ever sent.
pub(super) async fn hide(stage: Stage) -> Result<(), RespondError> {
    let note: String = stage.rest.chars().take(NOTE_CHARS).collect();
    let note = if note.is_empty() { DEFAULT_NOTE.to_owned() } else { note };
    let item = HiddenContextItem {
        id: stage.new_id(IdKind::Message),
        thread_id: stage.thread_id(),
        created_at: stage.now(),
        content: json!({ "note": note }),
    };
    stage.events.item(ThreadItem::HiddenContext(item)).await?;
    stage
        .say(
            "I wrote down a note where only the server can see it: no list and no stream ever \
             shows a hidden item to a client. A model would read it, and so can I. \
             Say `remember?` to find out.",
        )
        .await
}

pub(super) async fn remember(stage: Stage) -> Result<(), RespondError> {
    let items = stage.turn.recent_items(SEARCHED).await?;
    let notes: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            ThreadItem::HiddenContext(item) => item.content.get("note").and_then(Value::as_str),
            _ => None,
        })
        .map(|note| format!("- {}\n", quote(note)))
        .collect();
    if notes.is_empty() {
        let text = "There are no hidden notes in this thread yet. Say `hidden` and a few words to \
                    leave one.";
        return stage.say(text).await;
    }
    let text = format!("I remember:\n\n{}\nYou cannot see these items, but I can.", notes.concat());
    stage.say(&text).await
}

pub(super) async fn end_of_turn(stage: Stage) -> Result<(), RespondError> {
    stage
        .say(
            "Behind this reply stands an item of the kind `end_of_turn`. It shows nothing; it \
             tells the page that all before it belongs to one turn.",
        )
        .await?;
    let item = EndOfTurnItem {
        id: stage.new_id(IdKind::Message),
        thread_id: stage.thread_id(),
        created_at: stage.now(),
    };
    stage.events.item(ThreadItem::EndOfTurn(item)).await
}
