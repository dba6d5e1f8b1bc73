//! A stream some of whose events are changed, left out or doubled.

use std::io;

use serde_json::Value;

use super::Exchange;

/// Which events are meant.
pub(crate) type Which = fn(&Value) -> bool;

/// What happens to the events that are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// They are left out.
    Drop(Which),
    /// They come twice.
    Twice(Which),
    /// Each comes after the one behind it.
    Late(Which),
    /// They are not what they were.
    Edit(Which, fn(&mut Value)),
    /// Another event comes before each.
    Before(Which, fn(&Value) -> Value),
    /// Another event comes after each.
    After(Which, fn(&Value) -> Value),
    /// Their data is something else.
    Data(Which, &'static str),
}

/// Passes each event through a change.
pub(crate) fn rewrite(
    change: Change,
) -> impl Fn(&mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static {
    move |exchange| {
        let mut held = Vec::new();
        exchange.send_head()?;
        while let Some(frame) = exchange.frame() {
            let frame = String::from_utf8_lossy(&frame).into_owned();
            let data = frame.lines().find_map(|line| line.strip_prefix("data: "));
            let Some(event) = data.and_then(|data| serde_json::from_str(data).ok()) else {
                exchange.client.chunk(frame.as_bytes())?;
                continue;
            };
            for data in change.apply(event, &mut held) {
                exchange.client.chunk(format!("data: {data}\n\n").as_bytes())?;
            }
        }
        exchange.client.end()
    }
}

impl Change {
    /// The data of the events that are sent for an event.
    fn apply(self, mut event: Value, held: &mut Vec<String>) -> Vec<String> {
        let same = event.to_string();
        match self {
            Self::Drop(which) if which(&event) => Vec::new(),
            Self::Twice(which) if which(&event) => vec![same.clone(), same],
            Self::Late(which) if which(&event) => {
                held.push(same);
                Vec::new()
            }
            Self::Late(_) => [vec![same], std::mem::take(held)].concat(),
            Self::Edit(which, edit) if which(&event) => {
                edit(&mut event);
                vec![event.to_string()]
            }
            Self::Before(which, other) if which(&event) => vec![other(&event).to_string(), same],
            Self::After(which, other) if which(&event) => vec![same, other(&event).to_string()],
            Self::Data(which, data) if which(&event) => vec![data.to_owned()],
            _ => vec![same],
        }
    }
}
