//! What the buttons of the demo's widgets do.

use chatkit_protocol::{Action, SyncCustomActionResponse, WidgetItem};
use chatkit_server::{OpError, RespondError, Turn};

use super::{help::quote, stage::Stage, thread, widget};

/// Answers an action with a stream.
pub(super) async fn stream(
    stage: Stage,
    action: Action,
    sender: Option<WidgetItem>,
) -> Result<(), RespondError> {
    match action.kind.as_str() {
        widget::ANSWER => widget::answer(stage).await,
        widget::REPLACE => widget::replace(stage, sender, widget::replacement()?).await,
        widget::RESTORE => widget::replace(stage, sender, widget::buttons(0)?).await,
        widget::PICK => widget::picked(stage, &action).await,
        thread::UNLOCK => thread::unlock(stage, sender).await,
        kind => {
            let kind = quote(kind);
            let payload = quote(&action.payload.to_string());
            stage
                .say(&format!(
                    "An action arrived that I do not know. Its type is **{kind}**, its payload is \
                     {payload}."
                ))
                .await
        }
    }
}

/// Answers an action with at most one changed item.
pub(super) async fn sync(
    turn: &Turn<()>,
    action: &Action,
    sender: Option<WidgetItem>,
) -> Result<SyncCustomActionResponse, OpError> {
    match action.kind.as_str() {
        widget::COUNT => widget::count(turn, action, sender).await,
        kind => Err(OpError::invalid(format!(
            "params.action.type: expected `{}`, found `{kind}`",
            widget::COUNT
        ))),
    }
}
