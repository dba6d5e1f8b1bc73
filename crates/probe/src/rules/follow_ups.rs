//! What comes after a stream: whether all of it was kept, and how the server says no.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    answers, cors,
    event::{Item, What, list, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::{brief, difference},
};
use crate::{FollowUp, FollowUpKind, Recording, arrivals::events};

/// Looks at each exchange after the stream, and at what they say together.
pub(super) fn check(main: &Recording, others: &[FollowUp], found: &mut Findings) {
    for FollowUp { kind, recording } in others {
        match kind {
            FollowUpKind::GetThread => {
                check_readable(main, recording, found);
                answers::check(recording, found);
            }
            FollowUpKind::ListItems => {
                check_readable(main, recording, found);
                if let Some(page) = answers::check(recording, found) {
                    check_kept(main, &page, found);
                }
            }
            FollowUpKind::WrongStream => check_wrong_stream(recording, found),
            FollowUpKind::WrongJson => check_wrong_json(recording, found),
            FollowUpKind::Preflight => cors::check(recording, found),
        }
    }
}

/// A thread that a stream has told of can be read. When the stream has failed, it may not exist.
fn check_readable(main: &Recording, recording: &Recording, found: &mut Findings) {
    let failed = Stream::read(main, &mut Findings::default()).failed;
    let status = recording.head.as_ref().map(|head| head.status);
    if failed || status.is_some_and(|status| (200..300).contains(&status)) {
        return;
    }
    found.add(&THREAD_UNREADABLE, None, || {
        let op = brief(text(&recording.request, "type"));
        match status {
            Some(status) => format!("{op} is answered with status {status}"),
            None => format!("{op} is not answered"),
        }
    });
}

/// Compares what was shown with what is listed.
fn check_kept(main: &Recording, page: &Value, found: &mut Findings) {
    // What is wrong with the stream itself is said elsewhere.
    let stream = Stream::read(main, &mut Findings::default());
    let listed = list(page, "data");
    let more = page.get("has_more").and_then(Value::as_bool).unwrap_or_default();
    if stream.blind || more {
        return;
    }
    let kept: HashMap<&str, (usize, &Value)> = listed
        .iter()
        .enumerate()
        .filter_map(|(at, item)| Some((item.get("id")?.as_str()?, (at, item))))
        .collect();
    let shown = shown(&stream);
    for (frame, item) in &shown.done {
        match kept.get(item.id) {
            None => found.add(&ITEM_LOST, Some(*frame), || {
                let (kind, id) = (brief(item.kind), brief(item.id));
                format!("{kind} `{id}` was done, items.list lacks it")
            }),
            Some((_, stored)) => check_text(*frame, *item, stored, found),
        }
    }
    for (frame, id) in shown.broken_off.iter().filter(|(_, id)| !kept.contains_key(id)) {
        found.add(&ITEM_LOST.as_warning(), Some(*frame), || {
            format!("`{}` was on the screen when the error came, items.list lacks it", brief(id))
        });
    }
    check_order(&shown, &kept, found);
}

/// What a user has seen in a stream, in order.
struct Shown<'a> {
    done: Vec<(usize, Item<'a>)>,
    /// Messages with text that an error kept from being done.
    broken_off: Vec<(usize, &'a str)>,
}

fn shown<'a>(stream: &Stream<'a>) -> Shown<'a> {
    let mut done: HashMap<&str, (usize, Item<'_>)> = HashMap::new();
    let mut written: HashMap<&str, usize> = HashMap::new();
    for event in &stream.events {
        match event.what {
            What::Done(item) | What::Replaced(item) if !item.is_hidden() => {
                done.insert(item.id, (event.frame, item));
            }
            What::Removed(id) => {
                done.remove(id);
                written.remove(id);
            }
            What::Updated(update) if !text(update.value, "delta").trim().is_empty() => {
                written.entry(update.id).or_insert(event.frame);
            }
            _ => {}
        }
    }
    let mut broken_off: Vec<_> = written
        .into_iter()
        .filter(|(id, _)| stream.failed && !done.contains_key(id))
        .map(|(id, frame)| (frame, id))
        .collect();
    broken_off.sort_unstable();
    let mut done: Vec<_> = done.into_values().collect();
    done.sort_unstable_by_key(|(frame, _)| *frame);
    Shown { done, broken_off }
}

fn check_text(frame: usize, item: Item<'_>, stored: &Value, found: &mut Findings) {
    let words = |item: &Value| -> String {
        list(item, "content").iter().map(|part| text(part, "text")).collect()
    };
    let (shown, kept) = (words(item.value), words(stored));
    if shown != kept {
        found.add(&STORED_TEXT_DIFFERS, Some(frame), || {
            let (kind, id) = (brief(item.kind), brief(item.id));
            format!("{kind} `{id}` in items.list: {}", difference(&shown, &kept))
        });
    }
}

/// The question must come before the answer.
fn check_order(shown: &Shown<'_>, kept: &HashMap<&str, (usize, &Value)>, found: &mut Findings) {
    let place = |item: &Item<'_>| kept.get(item.id).map(|(at, _)| *at);
    let is_question = |item: &Item<'_>| item.kind == "user_message";
    let items = || shown.done.iter().map(|(_, item)| item);
    let question = items().filter(|item| is_question(item)).find_map(|it| Some((it, place(it)?)));
    let Some((question, asked)) = question else { return };
    let mut answers = items().filter(|item| !is_question(item));
    let early = answers.find(|item| place(item).is_some_and(|at| at < asked));
    if let Some(early) = early {
        found.add(&ITEMS_OUT_OF_ORDER, None, || {
            let (answer, question) = (brief(early.id), brief(question.id));
            format!("items.list, ascending, has `{answer}` before user_message `{question}`")
        });
    }
}

/// A streaming request that cannot be done must be answered as a stream.
fn check_wrong_stream(recording: &Recording, found: &mut Findings) {
    let Some(head) = &recording.head else {
        return found.add(&FAILED_STREAM_STATUS, None, || {
            "a message for an unknown thread is not answered".to_owned()
        });
    };
    if head.status != 200 || !head.is_event_stream() {
        let kind = head.header("content-type").unwrap_or("absent");
        return found.add(&FAILED_STREAM_STATUS, None, || {
            format!(
                "a message for an unknown thread is answered with status {} and content type {}",
                head.status,
                brief(kind)
            )
        });
    }
    let mut events = events(recording);
    if events.clone().any(|event| text(event.json, "type") == "error") {
        return;
    }
    if events.any(|event| event.json.get("item").is_some()) {
        return found.add(&UNKNOWN_THREAD_ACCEPTED, None, || {
            "a message for an unknown thread is answered as any other".to_owned()
        });
    }
    found.add(&FAILED_STREAM_SILENT, None, || {
        let frames = recording.frames.len();
        format!("a message for an unknown thread gives {frames} frames, none of them an error")
    });
}

fn check_wrong_json(recording: &Recording, found: &mut Findings) {
    let Some(head) = &recording.head else { return };
    if !(400..500).contains(&head.status) {
        found.add(&FAILED_JSON_STATUS, None, || {
            format!("an unknown thread is answered with status {}", head.status)
        });
    }
    if head.status >= 400 {
        answers::check(recording, found);
    }
}

const THREAD_UNREADABLE: Fault = Fault::error(
    "thread-unreadable",
    "The conversation cannot be shown again: it is gone when the page is loaded again.",
    "Store the thread before you send `thread.created`, and answer `threads.get_by_id` and \
     `items.list` for it.",
);

const UNKNOWN_THREAD_ACCEPTED: Fault = Fault::note(
    "unknown-thread-accepted",
    "A thread that was deleted in another tab comes back, without its items.",
    "Answer with an `error` event if the thread does not exist, unless ids are made elsewhere.",
);

const ITEM_LOST: Fault = Fault::error(
    "item-lost",
    "What the user saw is gone when the page is loaded again, and the model does not know of it.",
    "Store an item before you send its `thread.item.done`, and what was shown before an error.",
);

const STORED_TEXT_DIFFERS: Fault = Fault::warning(
    "stored-text-differs",
    "After the page is loaded again the user reads another text.",
    "Store the item exactly as it is sent in `thread.item.done`.",
);

const ITEMS_OUT_OF_ORDER: Fault = Fault::error(
    "items-out-of-order",
    "After the page is loaded again answers stand above their questions.",
    "List items in the order they were stored, and the other way round only for `order: desc`.",
);

const FAILED_STREAM_STATUS: Fault = Fault::error(
    "failed-stream-status",
    "The client sends a streaming request that fails with 5xx or another content type again, up \
     to five times, and shows no reason for 4xx.",
    "Answer every streaming request with 200 and `text/event-stream`; say what failed in an \
     `error` event.",
);

const FAILED_STREAM_SILENT: Fault = Fault::error(
    "failed-stream-silent",
    "The user sees neither a reply nor an error.",
    "Send an `error` event when a streaming request cannot be done.",
);

const FAILED_JSON_STATUS: Fault = Fault::warning(
    "failed-json-status",
    "The client cannot tell a thread that is gone from a server that is down.",
    "Answer 404 with a `message` for what does not exist.",
);
