//! Tools that run in the page: called once, as the last thing of a stream.

use std::collections::HashSet;

use chatkit_protocol::Op;

use super::{
    event::{Event, Item, What, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::brief,
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    let mut called = HashSet::new();
    let mut waiting: Option<&Event<'_>> = None;
    for event in &stream.events {
        match call(event) {
            Some(item) => {
                check_call(stream, event, item, found);
                if !called.insert(item.id) {
                    found.add(&CLIENT_TOOL_CALL_TWICE, Some(event.frame), || {
                        format!("`{}` of client_tool_call `{}`", brief(event.kind), brief(item.id))
                    });
                } else if let Some(first) = waiting.and_then(call) {
                    found.add(&CLIENT_TOOL_CALL_SECOND, Some(event.frame), || {
                        format!("`{}` while `{}` waits", brief(item.id), brief(first.id))
                    });
                }
                if matches!(event.what, What::Done(_)) {
                    waiting = waiting.or(Some(event));
                }
            }
            None => {
                if let Some(item) = waiting.and_then(call) {
                    check_after(event, item, found);
                }
            }
        }
    }
}

/// An event that makes the client run a tool.
fn call<'a>(event: &Event<'a>) -> Option<Item<'a>> {
    match event.what {
        What::Added(item) | What::Done(item) if item.kind == "client_tool_call" => Some(item),
        _ => None,
    }
}

fn check_call(stream: &Stream<'_>, event: &Event<'_>, item: Item<'_>, found: &mut Findings) {
    // The call that was answered may be shown again.
    let answered = stream.op == Some(Op::ThreadsAddClientToolOutput);
    let status = text(item.value, "status");
    if status != "pending" && !answered {
        found.add(&CLIENT_TOOL_CALL_NOT_PENDING, Some(event.frame), || {
            let status = if status.is_empty() { "absent" } else { status };
            format!("status of client_tool_call `{}` is {}", brief(item.id), brief(status))
        });
    }
}

/// What comes after the call. Changes of the thread itself do no harm.
fn check_after(event: &Event<'_>, call: Item<'_>, found: &mut Findings) {
    let fault = match event.what {
        What::Added(_) | What::Done(_) | What::Updated(_) => CLIENT_TOOL_CALL_NOT_LAST,
        What::Progress("") | What::Removed(_) | What::Broken => return,
        _ if matches!(event.kind, "thread.updated" | "error") => return,
        _ => CLIENT_TOOL_CALL_NOT_LAST.as_warning(),
    };
    found.add(&fault, Some(event.frame), || {
        format!("`{}` behind client_tool_call `{}`", brief(event.kind), brief(call.id))
    });
}

const CLIENT_TOOL_CALL_TWICE: Fault = Fault::error(
    "client-tool-call-twice",
    "The page runs the tool each time: what it does happens twice.",
    "Send one `thread.item.done` for a client tool call, and no `thread.item.added`.",
);

const CLIENT_TOOL_CALL_SECOND: Fault = Fault::error(
    "client-tool-call-second",
    "The output of a tool carries no call id: two calls get each other's outputs.",
    "Make one client tool call in a turn and wait for its output before the next.",
);

const CLIENT_TOOL_CALL_NOT_LAST: Fault = Fault::error(
    "client-tool-call-not-last",
    "The page answers while the stream still runs, and the call is not the last item of the \
     thread: its output is refused or lost.",
    "End the stream right after the client tool call; go on when its output arrives.",
);

const CLIENT_TOOL_CALL_NOT_PENDING: Fault = Fault::error(
    "client-tool-call-not-pending",
    "The page does not run the tool, or its output has no call that waits for it.",
    "Send a client tool call with the status `pending`.",
);
