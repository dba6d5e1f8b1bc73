//! A widget that changes while it is shown.

use chatkit_protocol::{InvalidWidget, WidgetRoot};
use chatkit_server::RespondError;
use serde_json::json;

use super::stage::{Stage, pause, tokens};

const STORY: &str = "A widget can *write itself*. Text that grows is sent as small deltas, a \
                     component that changes is sent alone, and only when the whole shape changes \
                     does the whole widget travel again.";

pub(super) async fn write(stage: Stage) -> Result<(), RespondError> {
    let mut card = Card { story: String::new(), writing: true, footer: false };
    let mut widget = stage.events.stream_widget(card.root()?).await?;
    for token in tokens(STORY) {
        pause(35).await;
        card.story.push_str(token);
        widget.update(card.root()?).await?;
    }
    pause(400).await;
    card.writing = false;
    widget.update(card.root()?).await?;
    pause(400).await;
    card.footer = true;
    widget.update(card.root()?).await?;
    widget.done().await?;
    stage
        .say(
            "The card was sent whole twice, at the start and when it got its last line. In \
             between only differences travelled; the server found them by comparing the states.",
        )
        .await
}

struct Card {
    story: String,
    writing: bool,
    footer: bool,
}

impl Card {
    fn root(&self) -> Result<WidgetRoot, InvalidWidget> {
        let (label, color) = if self.writing { ("writing", "info") } else { ("done", "success") };
        let mut children = vec![
            json!({ "type": "Badge", "id": "state", "label": label, "color": color }),
            json!({
                "type": "Markdown", "id": "story", "value": self.story, "streaming": self.writing,
            }),
        ];
        if self.footer {
            children.push(json!({ "type": "Divider" }));
            children.push(json!({ "type": "Caption", "value": "Written by the demo responder" }));
        }
        WidgetRoot::new(json!({ "type": "Card", "size": "md", "children": children }))
    }
}
