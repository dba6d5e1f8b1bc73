//! Widgets with actions: a card with buttons, and a list to pick from.

use chatkit_protocol::{
    Action, ActionConfig, ActionHandler, LoadingBehavior, SyncCustomActionResponse, ThreadItem,
    ThreadStreamEvent, WidgetItem, WidgetRoot,
};
use chatkit_server::{IdKind, OpError, RespondError, Turn};
use serde_json::{Value, json};

use super::stage::Stage;

/// The types of the actions that the widgets here send.
pub(super) const ANSWER: &str = "demo.answer";
pub(super) const COUNT: &str = "demo.count";
pub(super) const REPLACE: &str = "demo.replace";
pub(super) const RESTORE: &str = "demo.restore";
pub(super) const PICK: &str = "demo.pick";

pub(super) async fn card(stage: Stage) -> Result<(), RespondError> {
    stage.say("Here is a widget. Each of its buttons sends an action to this server:").await?;
    stage.events.widget(buttons(0)?).await
}

pub(super) async fn list(stage: Stage) -> Result<(), RespondError> {
    stage.say("Pick one. A click on a row sends an action with the row’s payload:").await?;
    let row = |name: &str, about: &str, icon: &str| {
        json!({
            "type": "ListViewItem",
            "gap": 3,
            "onClickAction": action(PICK, json!({ "name": name }), true),
            "children": [
                { "type": "Icon", "name": icon },
                { "type": "Col", "children": [
                    { "type": "Text", "value": name, "weight": "semibold" },
                    { "type": "Caption", "value": about },
                ] },
            ],
        })
    };
    let root = json!({
        "type": "ListView",
        "status": { "text": "Four places by the sea", "icon": "map-pin" },
        "children": [
            row("Bergen", "Seven mountains and a harbour", "compass"),
            row("Lisbon", "Hills, trams and the Tagus", "globe"),
            row("Valparaíso", "Stairs in every colour", "star"),
            row("Hobart", "The end of the map, with a market", "maps"),
        ],
    });
    stage.events.widget(WidgetRoot::new(root)?).await
}

/// Answers an action with a reply.
pub(super) async fn answer(stage: Stage) -> Result<(), RespondError> {
    stage
        .say(
            "The button sent `threads.custom_action`, and this reply is the answer: an action can \
             do all that a message can, and it is stored in the same thread.",
        )
        .await
}

/// Says what was picked from the list.
pub(super) async fn picked(stage: Stage, action: &Action) -> Result<(), RespondError> {
    let name = action.payload.get("name").and_then(Value::as_str).unwrap_or("nothing");
    let name = super::help::quote(name);
    stage.say(&format!("You picked **{name}**. The row’s payload told me so.")).await
}

/// Puts another widget in the place of the one that was clicked.
pub(super) async fn replace(
    stage: Stage,
    sender: Option<WidgetItem>,
    widget: WidgetRoot,
) -> Result<(), RespondError> {
    match sender {
        Some(item) => {
            let item = ThreadItem::Widget(WidgetItem { widget, ..item });
            stage.events.send(ThreadStreamEvent::replaced(item)).await
        }
        None => stage.events.widget(widget).await,
    }
}

/// Counts, in the widget itself: the answer to a sync action is the changed item.
pub(super) async fn count(
    turn: &Turn<()>,
    action: &Action,
    sender: Option<WidgetItem>,
) -> Result<SyncCustomActionResponse, OpError> {
    let count = action.payload.get("count").and_then(Value::as_u64).unwrap_or(0);
    let widget = buttons(count).map_err(OpError::unexpected)?;
    let item = match sender {
        Some(item) => WidgetItem { widget, ..item },
        None => WidgetItem {
            id: turn.new_item_id(IdKind::Message),
            thread_id: turn.thread().id().clone(),
            created_at: chatkit_protocol::Timestamp::now(),
            widget,
            copy_text: None,
        },
    };
    let item = ThreadItem::Widget(item);
    // The client shows the item it is given; only what is stored is there after a reload.
    turn.store().save_item(turn.owner(), turn.thread().id(), &item).await?;
    Ok(SyncCustomActionResponse { updated_item: Some(item) })
}

/// The card with the buttons, and a count.
pub(super) fn buttons(count: u64) -> Result<WidgetRoot, chatkit_protocol::InvalidWidget> {
    let next = count.saturating_add(1);
    WidgetRoot::new(json!({
        "type": "Card",
        "size": "sm",
        "children": [
            { "type": "Title", "value": "Buttons to press", "size": "sm" },
            { "type": "Text", "id": "count", "value": format!("Counted so far: {count}") },
            { "type": "Divider" },
            button("Stream a reply", "play", &action(ANSWER, Value::Null, true)),
            button("Count", "plus", &action(COUNT, json!({ "count": next }), false)),
            button("Replace this card", "reload", &action(REPLACE, Value::Null, true)),
        ],
    }))
}

/// What the card is replaced by.
pub(super) fn replacement() -> Result<WidgetRoot, chatkit_protocol::InvalidWidget> {
    WidgetRoot::new(json!({
        "type": "Card",
        "size": "sm",
        "children": [
            { "type": "Title", "value": "Replaced", "size": "sm" },
            {
                "type": "Markdown",
                "value": "This card took the place of the one you clicked: \
                          `thread.item.replaced`, with the same id.",
            },
            button("Bring the buttons back", "reload", &action(RESTORE, Value::Null, true)),
        ],
    }))
}

pub(super) fn button(label: &str, icon: &str, action: &ActionConfig) -> Value {
    json!({
        "type": "Button", "label": label, "iconStart": icon, "block": true,
        "variant": "outline", "onClickAction": action,
    })
}

pub(super) fn action(kind: &str, payload: Value, streaming: bool) -> ActionConfig {
    ActionConfig {
        kind: kind.to_owned(),
        payload,
        handler: ActionHandler::Server,
        loading_behavior: LoadingBehavior::Auto,
        streaming,
    }
}
