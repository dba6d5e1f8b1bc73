//! How a stream ends: with an answer, or with an error.

use chatkit_protocol::Op;
use serde_json::Value;

use super::{
    event::{Event, What, list, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::{brief, quoted},
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    check_errors(stream, found);
    check_answer(stream, found);
}

fn check_errors(stream: &Stream<'_>, found: &mut Findings) {
    let mut failed = None;
    for event in &stream.events {
        if let Some(frame) = failed.filter(|_| event.kind != "thread.updated") {
            found.add(&ERROR_THEN_MORE, Some(event.frame), || {
                format!("`{}` behind the error of frame {frame}", brief(event.kind))
            });
        }
        if event.kind == "error" {
            check_error(event, failed.is_some(), found);
            failed = failed.or(Some(event.frame));
        }
    }
}

fn check_error(event: &Event<'_>, again: bool, found: &mut Findings) {
    let code = match text(event.value, "code") {
        "" => "custom",
        code => code,
    };
    let message = text(event.value, "message");
    if !again {
        found.add(&ERROR_EVENT, Some(event.frame), || {
            let retry = match event.value.get("allow_retry") {
                Some(Value::Bool(true)) => "can be tried again",
                _ => "cannot be tried again",
            };
            format!("code {}, message {}, {retry}", brief(code), quoted(message))
        });
    }
    if code == "custom" && message.is_empty() {
        found.add(&ERROR_WITHOUT_MESSAGE, Some(event.frame), || {
            "an error of code custom without a message".to_owned()
        });
    }
}

/// Whether there is something to see besides the user's own message.
fn check_answer(stream: &Stream<'_>, found: &mut Findings) {
    let expects_an_answer = matches!(
        stream.op,
        Some(Op::ThreadsCreate | Op::ThreadsAddUserMessage | Op::ThreadsRetryAfterItem)
    );
    let is_output = |event: &Event<'_>| match event.what {
        What::Added(item) | What::Done(item) | What::Replaced(item) => {
            item.kind != "user_message" && !item.is_hidden()
        }
        What::Other => matches!(event.kind, "notice" | "client_effect"),
        What::Removed(_) => false,
        _ => true,
    };
    if expects_an_answer && stream.may_miss() && !stream.events.iter().any(is_output) {
        found.add(&NO_ANSWER, None, || {
            format!("{} events, none of them of an answer", stream.events.len())
        });
    }
    for event in &stream.events {
        let What::Done(item) = event.what else { continue };
        let parts = list(item.value, "content");
        let blank = parts.iter().all(|part| text(part, "text").trim().is_empty());
        if item.kind == "assistant_message" && blank {
            found.add(&EMPTY_MESSAGE, Some(event.frame), || {
                format!("assistant_message `{}` has no text", brief(item.id))
            });
        }
    }
}

const ERROR_EVENT: Fault = Fault::error(
    "error-event",
    "The server says that the request failed: the user sees an error in place of the reply.",
    "Look into the server's log for this time; the error is raised by its responder or store.",
);

const ERROR_THEN_MORE: Fault = Fault::warning(
    "error-then-more",
    "The client has ended the reply with the error: what follows is shown below it or not at all.",
    "Make the error the last event; send what should be kept before it.",
);

const ERROR_WITHOUT_MESSAGE: Fault = Fault::warning(
    "error-without-message",
    "The client words known codes itself, but has nothing to show for `custom` without a message.",
    "Send a message with `custom`, or the code `stream.error`.",
);

const NO_ANSWER: Fault = Fault::warning(
    "no-answer",
    "The user sees the own message and nothing else.",
    "Check that the responder's events are passed on, and report with an `error` event what keeps \
     it from answering.",
);

const EMPTY_MESSAGE: Fault = Fault::note(
    "empty-message",
    "The user sees an empty reply.",
    "Remove a message that has no text, or say what happened.",
);
