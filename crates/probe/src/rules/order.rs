//! How a stream begins: the thread, the user's message, the options.

use chatkit_protocol::Op;
use serde_json::Value;

use super::{
    event::{Event, What, list, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::{brief, difference},
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    if stream.op == Some(Op::ThreadsAttach) {
        // It may begin anywhere.
        return;
    }
    check_thread(stream, found);
    check_echo(stream, found);
    check_options(stream, found);
}

fn check_thread(stream: &Stream<'_>, found: &mut Findings) {
    let mut created =
        stream.events.iter().enumerate().filter(|(_, event)| event.kind == "thread.created");
    if !stream.begins_a_thread() {
        for (_, event) in created {
            found.add(&THREAD_CREATED_UNASKED, Some(event.frame), || {
                let id = event.value.get("thread").map_or("", |thread| text(thread, "id"));
                format!("a `thread.created` for `{}`, though a thread was named", brief(id))
            });
        }
        return;
    }
    match created.next() {
        None if stream.may_miss() => found.add(&THREAD_CREATED_MISSING, None, || {
            format!("{} events, none of them `thread.created`", stream.events.len())
        }),
        Some((at, event)) if at > 0 && !stream.blind => {
            let before = stream.events.first().map_or("", |first| first.kind);
            found.add(&THREAD_CREATED_NOT_FIRST, Some(event.frame), || {
                format!("`thread.created` is event {at}, behind `{}`", brief(before))
            });
        }
        _ => {}
    }
    for (at, event) in created {
        found.add(&THREAD_CREATED_TWICE, Some(event.frame), || {
            format!("event {at} is another `thread.created`")
        });
    }
}

/// The user's message must come back, once, before the answer.
fn check_echo(stream: &Stream<'_>, found: &mut Findings) {
    let sends_a_message = matches!(stream.op, Some(Op::ThreadsCreate | Op::ThreadsAddUserMessage));
    if !sends_a_message && stream.op != Some(Op::ThreadsRetryAfterItem) {
        return;
    }
    let known = if sends_a_message { None } else { Some(text(stream.params, "item_id")) };
    let mut echo = known;
    let mut answered = None;
    for event in &stream.events {
        if !is_user_message(event) {
            let shows = matches!(event.what, What::Added(_) | What::Done(_));
            answered = answered.or(Some(event.frame).filter(|_| shows));
            continue;
        }
        let Some(id) = event.item_id() else { continue };
        match echo {
            Some(other) if other != id => found.add(&USER_MESSAGE_TWICE, Some(event.frame), || {
                format!("user_message `{}` besides `{}`", brief(id), brief(other))
            }),
            Some(_) => {}
            None => {
                echo = Some(id);
                check_first_echo(stream, event, answered, found);
            }
        }
    }
    let unseen = echo.is_none() && !stream.events.iter().any(is_user_message);
    if unseen && stream.may_miss() {
        found.add(&USER_MESSAGE_NOT_ECHOED, None, || {
            format!("{} events, none of them with a user_message", stream.events.len())
        });
    }
}

fn check_first_echo(
    stream: &Stream<'_>,
    event: &Event<'_>,
    answered: Option<usize>,
    found: &mut Findings,
) {
    let Some(item) = event.item() else { return };
    if let Some(before) = answered {
        found.add(&USER_MESSAGE_LATE, Some(event.frame), || {
            format!("user_message `{}` comes after the item of frame {before}", brief(item.id))
        });
    }
    let sent = stream.params.get("input").map(written).unwrap_or_default();
    let shown = written(item.value);
    if sent != shown {
        found.add(&USER_MESSAGE_DIFFERS, Some(event.frame), || {
            format!("user_message `{}`: {}", brief(item.id), difference(&sent, &shown))
        });
    }
}

fn is_user_message(event: &Event<'_>) -> bool {
    event.value.get("item").is_some_and(|item| text(item, "type") == "user_message")
}

/// The text of a message, sent or shown.
fn written(message: &Value) -> String {
    list(message, "content").iter().map(|content| text(content, "text")).collect()
}

/// The options must come before there is something to stop.
fn check_options(stream: &Stream<'_>, found: &mut Findings) {
    let options = stream.events.iter().position(|event| event.kind == "stream_options");
    let Some(at) = options else {
        if stream.may_miss() {
            found.add(&STREAM_OPTIONS_MISSING, None, || {
                format!("{} events, none of them `stream_options`", stream.events.len())
            });
        }
        return;
    };
    let before = stream.events.get(..at).unwrap_or_default();
    let output = before.iter().find(|event| {
        let opens = event.kind == "thread.created" || is_user_message(event);
        !opens && !matches!(event.what, What::Broken)
    });
    if let (Some(output), Some(options)) = (output, stream.events.get(at)) {
        found.add(&STREAM_OPTIONS_LATE, Some(options.frame), || {
            format!(
                "`stream_options` is event {at}, behind `{}` at frame {}",
                brief(output.kind),
                output.frame
            )
        });
    }
}

const THREAD_CREATED_MISSING: Fault = Fault::error(
    "thread-created-missing",
    "The client does not learn the id of the new thread: the next message starts another one.",
    "Send `thread.created` with the thread as the first event of `threads.create`.",
);

const THREAD_CREATED_NOT_FIRST: Fault = Fault::error(
    "thread-created-not-first",
    "The client knows no thread yet and drops what comes before it.",
    "Send `thread.created` as the first event of `threads.create`.",
);

const THREAD_CREATED_TWICE: Fault = Fault::warning(
    "thread-created-twice",
    "The client begins with an empty thread again: what was shown may vanish.",
    "Send `thread.created` once; use `thread.updated` when the thread changes.",
);

const THREAD_CREATED_UNASKED: Fault = Fault::warning(
    "thread-created-unasked",
    "The client was in a thread already and is moved to another one.",
    "Send `thread.created` for `threads.create` only; use `thread.updated` when a thread changes.",
);

const USER_MESSAGE_NOT_ECHOED: Fault = Fault::error(
    "user-message-not-echoed",
    "The client keeps the message as not delivered: it has no id, and retry and feedback fail.",
    "Send `thread.item.done` with the stored user_message before the answer.",
);

const USER_MESSAGE_LATE: Fault = Fault::warning(
    "user-message-late",
    "The answer stands above the question until the page is loaded again.",
    "Send the stored user_message before any item of the answer.",
);

const USER_MESSAGE_TWICE: Fault = Fault::warning(
    "user-message-twice",
    "The user sees the message twice.",
    "Send one user_message for each that the user wrote, always with the id it is stored under.",
);

const USER_MESSAGE_DIFFERS: Fault = Fault::note(
    "user-message-differs",
    "The user's words change under their eyes.",
    "Send the message as it was written, unless the change is wanted.",
);

const STREAM_OPTIONS_MISSING: Fault = Fault::warning(
    "stream-options-missing",
    "The client shows no Stop button: a user cannot end a reply.",
    "Send `stream_options` with `allow_cancel` before the answer in every streaming response.",
);

const STREAM_OPTIONS_LATE: Fault = Fault::warning(
    "stream-options-late",
    "Until then the client shows no Stop button: a user cannot end the reply.",
    "Send `stream_options` right after the user's message, before any other event.",
);
