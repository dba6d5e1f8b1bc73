//! Long waits: for the head, for the first event, for the first text, in the middle.

use std::{collections::HashMap, time::Duration};

use serde_json::Value;

use crate::{
    End, Finding, Recording,
    arrivals::{Event, characters, events, first_text},
    numbers::{gaps, median},
    words::{brief, time},
};

/// A head or a first event needs no model: it takes a fraction of this.
const START: Duration = Duration::from_secs(1);
/// Users wonder whether it works when they see nothing for so long.
const NOTHING_TO_SEE: Duration = Duration::from_secs(5);
/// A text that comes so late is late whatever is shown in the meantime.
const TEXT: Duration = Duration::from_secs(20);
/// A gap in a stream that looks like its end.
const GAP: Duration = Duration::from_secs(4);
/// It must be so many times the usual gap: a slow stream has another name.
const UNUSUAL: u32 = 8;
/// After such a gap users have given up.
const STALL: Duration = Duration::from_secs(15);
/// Proxies cut connections that are silent for 30 or 60 s; a comment in time keeps them.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How much of an id is shown, in characters.
const MAX_ID: usize = 80;

pub(super) fn check(recording: &Recording) -> Vec<Finding> {
    let events: Vec<Event<'_>> = events(recording).collect();
    let start = start(recording, &events);
    let text = if start.is_some() { None } else { late_text(recording, &events) };
    let middle = stall(recording, &events).or_else(|| long_gap(&events));
    start.into_iter().chain(text).chain(middle).chain(no_heartbeat(recording)).collect()
}

fn start(recording: &Recording, events: &[Event<'_>]) -> Option<Finding> {
    let head = recording.head.as_ref()?.at;
    if head >= START {
        return Some(Finding::warning(
            "slow-headers",
            format!("the head of the response came after {}", time(head)),
            "Nothing can be shown before it, not even that the message has arrived.",
            "Answer with the head at once and do the work inside the stream. Look for work before \
             the stream begins: authentication, a cold start, a queue, a connection to a database.",
        ));
    }
    let first = events.first()?;
    let wait = first.at.saturating_sub(head);
    (wait >= START).then(|| {
        Finding::warning(
            "slow-first-event",
            format!("the first event came {} after the head", time(wait)),
            "The user's own message is shown as sent only when the server echoes it.",
            "Send `thread.created` and the user's message before anything slow is done: before \
             retrieval, before the model is asked.",
        )
        .at(Some(first.frame))
    })
}

fn late_text(recording: &Recording, events: &[Event<'_>]) -> Option<Finding> {
    let first = first_text(recording)?;
    let seen = events.iter().find(|event| shows_something(event.json)).map(|event| event.at);
    let nothing = seen.is_none_or(|at| at >= NOTHING_TO_SEE);
    if !(first >= TEXT || (first >= NOTHING_TO_SEE && nothing)) {
        return None;
    }
    let seen = match seen {
        Some(at) if at < first => format!(", the first sign of work after {}", time(at)),
        _ => ", and nothing was shown before it".to_owned(),
    };
    Some(Finding::warning(
        "slow-first-text",
        format!("the first text came after {}{seen}", time(first)),
        "Users take a chat that shows nothing for some seconds for broken.",
        "Send a `progress_update` (or a workflow with its tasks) before slow work begins. If no \
         tool runs before the text, the model itself starts late.",
    ))
}

/// What the user sees that was not the user's own.
fn shows_something(event: &Value) -> bool {
    match event["type"].as_str() {
        Some("progress_update") => event["text"].as_str().is_some_and(|text| !text.is_empty()),
        Some("thread.item.added" | "thread.item.done" | "thread.item.replaced") => {
            match event["item"]["type"].as_str() {
                Some("user_message" | "end_of_turn") => false,
                Some("assistant_message") => characters(event) > 0,
                _ => true,
            }
        }
        Some("thread.item.updated") => characters(event) > 0,
        _ => false,
    }
}

/// The stream stopped for so long that users have left, or for ever.
fn stall(recording: &Recording, events: &[Event<'_>]) -> Option<Finding> {
    if let (End::TimedOut(_), Some(last)) = (&recording.end, events.last())
        && let Some(item) = open_item(events)
    {
        let silence = recording.end.at().saturating_sub(last.at);
        return Some(
            Finding::error(
                "stall",
                format!("nothing more came for {} while {item} was being written", time(silence)),
                "The answer stays unfinished: users see a text that stops, and a chat that is busy \
                 for ever.",
                "Look at what the server waits for: a call to the model without a timeout, a lock, \
                 a queue that nobody fills, an iterator that is never awaited. Set a limit on \
                 silence and end the stream with an `error` event.",
            )
            .at(Some(last.frame)),
        );
    }
    let (gap, frame) = longest_gap(events, |_| true)?;
    (gap >= STALL).then(|| {
        Finding::warning(
            "stall",
            format!("nothing came for {} in the middle of the stream", time(gap)),
            "Users have given up by then.",
            "Show what is going on with a `progress_update`, and limit what the server waits for.",
        )
        .at(Some(frame))
    })
}

/// An item that was added and is not done: its id in words.
fn open_item(events: &[Event<'_>]) -> Option<String> {
    let mut open: HashMap<&str, usize> = HashMap::new();
    for (number, event) in events.iter().enumerate() {
        let item = event.json["item"]["id"].as_str().or_else(|| event.json["item_id"].as_str());
        let Some(item) = item else { continue };
        match event.json["type"].as_str() {
            Some("thread.item.added") => {
                open.insert(item, number);
            }
            Some("thread.item.done" | "thread.item.removed" | "thread.item.replaced") => {
                open.remove(item);
            }
            _ => {}
        }
    }
    let (item, _) = open.into_iter().max_by_key(|(_, number)| *number)?;
    Some(format!("item `{}`", brief(item, MAX_ID)))
}

fn long_gap(events: &[Event<'_>]) -> Option<Finding> {
    let (gap, frame) = longest_gap(events, |event| !says_that_work_goes_on(event))?;
    let usual = median(&gaps(events.iter().map(|event| event.at)))?;
    (gap >= GAP && gap >= usual * UNUSUAL).then(|| {
        Finding::warning(
            "long-gap",
            format!("{} without an event, against {} usually", time(gap), time(usual)),
            "The answer seems to have ended, or to be stuck.",
            "If a tool runs in this time, say so with a `progress_update`. If the model pauses, \
             look at its own stream.",
        )
        .at(Some(frame))
    })
}

/// Users wait with more patience when they were told what for.
fn says_that_work_goes_on(event: &Value) -> bool {
    let progress = event["type"] == "progress_update" && event["text"] != "";
    let update = event["update"]["type"].as_str().is_some_and(|kind| kind.starts_with("workflow."));
    progress || update || matches!(event["item"]["type"].as_str(), Some("workflow" | "task"))
}

/// The longest gap behind the first sign of an answer that follows such an event, and the event's
/// frame.
fn longest_gap(events: &[Event<'_>], after: impl Fn(&Value) -> bool) -> Option<(Duration, usize)> {
    let answer = events.iter().position(|event| shows_something(event.json))?;
    let answer = events.get(answer..)?;
    let pairs = answer.iter().zip(answer.iter().skip(1));
    pairs
        .filter(|(event, _)| after(event.json))
        .map(|(event, next)| (next.at.saturating_sub(event.at), event.frame))
        .max_by_key(|(gap, _)| *gap)
}

/// A silence in which not even a comment came.
fn no_heartbeat(recording: &Recording) -> Option<Finding> {
    let head = recording.head.as_ref()?.at;
    let times = std::iter::once(head).chain(recording.reads.iter().map(|read| read.at));
    let silence = gaps(times.chain([recording.end.at()])).into_iter().max()?;
    (silence > HEARTBEAT).then(|| {
        Finding::warning(
            "no-heartbeat",
            format!("no byte came for {}", time(silence)),
            "Proxies and mobile networks cut connections that are silent, often after 30 or 60 s: \
             the answer breaks off, though the server is still at work.",
            "Send a comment (`: ping` and an empty line) whenever the stream was silent for 15 s. \
             Clients ignore it.",
        )
    })
}
