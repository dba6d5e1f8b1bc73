//! The spans that what happens is in.
//!
//! No field holds what users write. Nothing is written to a span while a turn streams.

use chatkit_protocol::{Op, RequestBody, ThreadId, UserMessageItem};
use tracing::{
    Span,
    field::{Empty, display},
    info, info_span,
};

use crate::{EndReason, RequestContext, RunId};

/// The most of an id that a span has, in bytes.
const MAX_ID: usize = 128;

/// The span of a request: a transport's, which opens it before it knows the op, or a new one.
pub(crate) fn request(request: &RequestBody, context: &impl RequestContext) -> Span {
    let (op, thread) = (request.op(), request.thread_id());
    let span = Span::current();
    let is_open = span.metadata().is_some_and(|metadata| {
        metadata.name() == "request" && metadata.fields().field("op").is_some()
    });
    let span = if is_open {
        span
    } else {
        info_span!("request", op = Empty, thread = Empty, owner = Empty, status = Empty)
    };
    if span.is_disabled() {
        return span;
    }
    span.record("op", op.as_str());
    if let Some(thread) = thread {
        span.record("thread", start(thread));
    }
    let owner = context.owner();
    if !owner.as_str().is_empty() {
        span.record("owner", owner.as_str());
    }
    span
}

/// The span of a turn. It only follows from the request's, which may end: as its child it would keep
/// it for as long as it streams.
pub(crate) fn run(op: Op, run: RunId, context: &impl RequestContext, asked_by: &Span) -> Span {
    let span = info_span!(
        parent: None,
        "run",
        op = op.as_str(),
        thread = Empty,
        run = %run,
        owner = Empty,
        end = Empty,
    );
    if !span.is_disabled() {
        span.follows_from(asked_by);
        let owner = context.owner();
        if !owner.as_str().is_empty() {
            span.record("owner", owner.as_str());
        }
    }
    span
}

/// The turn's thread is known. To be called in the span of the turn.
pub(crate) fn of_thread(thread: &ThreadId) {
    Span::current().record("thread", start(thread));
}

/// The turn has ended. To be called in the span of the turn.
pub(crate) fn ended(end: EndReason) {
    Span::current().record("end", display(end));
}

/// What the turn answers, for those who have asked for it.
pub(crate) fn log_input(message: Option<&UserMessageItem>) {
    if let Some(message) = message {
        info!(text = message.text(), "the user says");
    }
}

/// How an id begins, and all of it if the server made it: a client may send megabytes, which each
/// line of the log would repeat.
pub(crate) fn start(id: &ThreadId) -> &str {
    let id = id.as_str();
    if id.len() <= MAX_ID {
        return id;
    }
    (0..=MAX_ID).rev().find_map(|end| id.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_are_cut_between_characters() {
        let short = |id: &str| start(&id.into()).to_owned();
        assert_eq!(short("thr_1"), "thr_1");
        assert_eq!(short(""), "");
        assert_eq!(short(&"a".repeat(1000)), "a".repeat(MAX_ID));
        assert_eq!(short(&format!("a{}", "å".repeat(1000))), format!("a{}", "å".repeat(63)));
    }
}
