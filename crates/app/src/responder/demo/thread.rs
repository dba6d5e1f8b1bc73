//! The thread itself: its title, its status, its memory.

use std::{collections::BTreeMap, fmt::Write as _};

use chatkit_protocol::{
    InvalidWidget, ThreadItem, ThreadStatus, ThreadStreamEvent, WidgetItem, WidgetRoot,
};
use chatkit_server::{RespondError, Turn};
use serde_json::{Value, json};

use super::{
    help::quote,
    stage::Stage,
    widget::{action, button},
};

/// The type of the action that opens a locked or closed thread.
pub(super) const UNLOCK: &str = "demo.unlock";

/// The longest title, in characters.
const TITLE_CHARS: usize = 40;
/// How many items are counted at most.
const COUNTED: usize = 1000;

/// Gives a thread without a title one that is made of its first message. Clients hear of it after
/// the reply's first event.
pub(super) fn name_after_first_message(turn: &Turn<()>) {
    if turn.thread().get().title.is_none() {
        let attached = || turn.input()?.attachments.first().map(|it| it.name.clone());
        let title = Some(title(&turn.input_text())).filter(|title| !title.is_empty());
        let title = title.or_else(|| attached().map(|name| self::title(&name)));
        turn.thread().update(|thread| thread.title = title);
    }
}

pub(super) async fn rename(stage: Stage) -> Result<(), RespondError> {
    let title = title(&stage.rest);
    if title.is_empty() {
        return stage.say("Say `title` and a name, for example `title Trip to Oslo`.").await;
    }
    let quoted = quote(&title);
    stage.events.update_thread(|thread| thread.title = Some(title)).await?;
    stage
        .say(&format!(
            "This thread is now called **{quoted}**. The list of threads heard of it at once, by \
             `thread.updated`."
        ))
        .await
}

pub(super) async fn lock(stage: Stage) -> Result<(), RespondError> {
    let reason = Some("the demo locked it. Press “Unlock” to go on.".to_owned());
    shut(stage, "locked", "Unlock", ThreadStatus::Locked { reason }).await
}

pub(super) async fn close(stage: Stage) -> Result<(), RespondError> {
    let reason = Some("the demo closed it. Press “Reopen” to go on.".to_owned());
    shut(stage, "closed", "Reopen", ThreadStatus::Closed { reason }).await
}

/// The way back comes first: a thread that takes no messages still takes actions.
async fn shut(
    stage: Stage,
    state: &str,
    way_back: &str,
    status: ThreadStatus,
) -> Result<(), RespondError> {
    stage
        .say(&format!(
            "When this reply ends the thread is **{state}**: the server refuses further messages \
             and says why. Actions still pass, so this button is the way back:"
        ))
        .await?;
    stage.events.widget(door(&format!("This thread is {state}."), Some(way_back))?).await?;
    stage.events.update_thread(|thread| thread.status = status).await
}

/// Opens the thread again.
pub(super) async fn unlock(stage: Stage, sender: Option<WidgetItem>) -> Result<(), RespondError> {
    stage.events.update_thread(|thread| thread.status = ThreadStatus::Active).await?;
    if let Some(item) = sender {
        let widget = door("This thread is open again.", None)?;
        let item = ThreadItem::Widget(WidgetItem { widget, ..item });
        stage.events.send(ThreadStreamEvent::replaced(item)).await?;
    }
    stage.say("The thread is open again. Welcome back!").await
}

fn door(text: &str, way_back: Option<&str>) -> Result<WidgetRoot, InvalidWidget> {
    let mut children = vec![json!({ "type": "Text", "value": text })];
    children
        .extend(way_back.map(|label| button(label, "keys", &action(UNLOCK, Value::Null, true))));
    WidgetRoot::new(json!({ "type": "Card", "size": "sm", "children": children }))
}

pub(super) async fn history(stage: Stage) -> Result<(), RespondError> {
    let items = stage.turn.recent_items(COUNTED).await?;
    let mut kinds = BTreeMap::<_, usize>::new();
    for item in &items {
        *kinds.entry(item.kind()).or_default() += 1;
    }
    let count = match items.len() {
        1 => "1 item".to_owned(),
        COUNTED => format!("at least {COUNTED} items"),
        count => format!("{count} items"),
    };
    let mut text = format!(
        "Before this reply the thread has {count}, hidden ones and your last message \
         included:\n\n| Kind | Items |\n| --- | --- |\n"
    );
    for (kind, count) in kinds {
        writeln!(text, "| `{kind}` | {count} |")?;
    }
    text.push_str("\nAll of them are in the store, and a model would be given the newest.");
    stage.say(&text).await
}

/// A text cut down to a title.
fn title(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut title: String = line.chars().take(TITLE_CHARS).collect();
    if title.len() < line.len() {
        // Not in the middle of a word, if there is another way.
        if let Some((whole_words, _)) = title.rsplit_once(' ') {
            title.truncate(whole_words.len());
        }
        title.push('…');
    }
    let mut characters = title.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => title,
    }
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_is_one_short_line() {
        for (text, expected) in [
            ("", ""),
            (" \n ", ""),
            ("help", "Help"),
            ("élan\n vital", "Élan vital"),
            (
                "A weekend in Oslo with two children and a dog",
                "A weekend in Oslo with two children and…",
            ),
            (&"å".repeat(41), &format!("Å{}…", "å".repeat(39))),
        ] {
            assert_eq!(title(text), expected);
        }
    }
}
