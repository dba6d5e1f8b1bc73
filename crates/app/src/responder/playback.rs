//! A responder that plays scripts instead of asking a model: for tests of user interfaces, load
//! tests and comparisons.
//!
//! The text of a message is the script, a JSON object:
//!
//! ```json
//! {"steps": [
//!   {"event": {"type": "progress_update", "icon": "search", "text": "Searching"}},
//!   {"sleep_ms": 20},
//!   {"thread": {"title": "Trip to Oslo", "metadata": {"k": "v"}}},
//!   {"text": {"deltas": 200, "delta": " token", "gap_ms": 20}},
//!   {"widget": [{"type": "Card", "children": []}], "copy_text": "plain text"},
//!   {"fail": {"message": "boom", "allow_retry": true}}
//! ]}
//! ```
//!
//! `$THREAD` anywhere in it stands for the thread's id. Without a message, as after the output of a
//! client tool, the script is `on_resume` in the thread's metadata. An action plays its payload.

mod check;
mod player;
mod script;
#[cfg(test)]
mod tests;

use chatkit_protocol::{
    Action, AssistantMessageContent, AssistantMessageItem, AudioInput, SyncCustomActionResponse,
    ThreadItem, ThreadStreamEvent, Timestamp, TranscriptionResult, UserMessageContent,
    UserMessageItem, WidgetItem,
};
use chatkit_server::{ChatKitServer, EventStream, IdKind, OpError, Turn};
use serde_json::Value;

use player::Player;
use script::{Script, ScriptError};

/// Where a thread keeps the script for turns without a message.
const ON_RESUME: &str = "on_resume";

/// Plays the script in the user's message, in the thread's metadata or in an action's payload.
///
/// A script is checked as a whole before its first step is played. What is no script is answered
/// with a message that says what is wrong and where.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Playback;

impl ChatKitServer for Playback {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        let script = match turn.input() {
            Some(message) => Script::from_text(&script_text(message), turn.thread().id()),
            None => match turn.thread().get().metadata.remove(ON_RESUME) {
                None | Some(Value::Null) => return EventStream::of([]),
                Some(script) => Script::from_json(script, turn.thread().id()),
            },
        };
        play(turn, script)
    }

    fn action(&self, turn: Turn<()>, action: Action, _: Option<WidgetItem>) -> EventStream<'_> {
        let script = Script::from_json(action.payload, turn.thread().id());
        play(turn, script)
    }

    async fn sync_action(
        &self,
        turn: Turn<()>,
        mut action: Action,
        _: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, OpError> {
        let updated_item = match action.payload.get_mut("updated_item").map(Value::take) {
            None | Some(Value::Null) => None,
            Some(item) => {
                let path = "params.action.payload.updated_item";
                let item = script::item(item, path, turn.thread().id());
                Some(item.map_err(|error| OpError::invalid(error.plain()))?)
            }
        };
        Ok(SyncCustomActionResponse { updated_item })
    }

    async fn transcribe(&self, audio: AudioInput, _: ()) -> Result<TranscriptionResult, OpError> {
        let text = format!("{} {}", audio.media_type(), audio.data.len());
        Ok(TranscriptionResult { text })
    }
}

fn play(turn: Turn<()>, script: Result<Script, ScriptError>) -> EventStream<'static> {
    match script {
        Ok(script) => EventStream::new(Player::new(turn, script)),
        Err(error) => EventStream::of([no_script(&turn, &error)]),
    }
}

/// Tags stand beside a script and are no part of it.
fn script_text(message: &UserMessageItem) -> String {
    message
        .content
        .iter()
        .filter_map(|content| match content {
            UserMessageContent::Text { text } => Some(text.as_str()),
            UserMessageContent::Tag(_) => None,
        })
        .collect()
}

fn no_script(turn: &Turn<()>, error: &ScriptError) -> ThreadStreamEvent {
    let text = format!("This text is not a playback script.\n\n{error}");
    ThreadStreamEvent::done(ThreadItem::AssistantMessage(AssistantMessageItem {
        id: turn.new_item_id(IdKind::Message),
        thread_id: turn.thread().id().clone(),
        created_at: Timestamp::now(),
        content: vec![AssistantMessageContent::text(text)],
    }))
}
