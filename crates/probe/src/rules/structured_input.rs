//! Forms: their questions, and what comes back when one is answered.

use std::collections::HashSet;

use chatkit_protocol::Op;

use super::{
    event::{Item, What, list, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::brief,
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    for event in &stream.events {
        if let What::Done(item) | What::Replaced(item) = event.what {
            check_questions(item, event.frame, found);
        }
    }
    if stream.op == Some(Op::ThreadsAddStructuredInput) {
        check_answered(stream, found);
    }
}

fn check_questions(item: Item<'_>, frame: usize, found: &mut Findings) {
    if item.kind != "structured_input" {
        return;
    }
    let mut known = HashSet::new();
    for question in list(item.value, "inputs") {
        let id = text(question, "id");
        if !known.insert(id) {
            found.add(&QUESTION_ID_CLASH, Some(frame), || {
                format!("two questions of `{}` have the id `{}`", brief(item.id), brief(id))
            });
        }
    }
}

/// The form that was answered must come back as answered.
fn check_answered(stream: &Stream<'_>, found: &mut Findings) {
    let asked = text(stream.params, "item_id");
    let mut back = stream.events.iter().filter_map(|event| match event.what {
        What::Replaced(item) | What::Done(item) if item.id == asked => Some((event.frame, item)),
        _ => None,
    });
    let gone = || stream.events.iter().any(|event| event.item_id() == Some(asked));
    match back.next() {
        Some((frame, item)) if matches!(text(item.value, "status"), "" | "pending") => {
            found.add(&FORM_STILL_PENDING, Some(frame), || {
                format!("structured_input `{}` comes back as pending", brief(asked))
            });
        }
        None if stream.may_miss() && !gone() => found.add(&FORM_NOT_REPLACED, None, || {
            format!("no `thread.item.replaced` for structured_input `{}`", brief(asked))
        }),
        _ => {}
    }
}

const QUESTION_ID_CLASH: Fault = Fault::error(
    "question-id-clash",
    "Answers are sent by question id: one of the two is lost.",
    "Give each question of a form an id of its own.",
);

const FORM_NOT_REPLACED: Fault = Fault::warning(
    "form-not-replaced",
    "The form stays open: the user thinks that the answers did not arrive and sends them again.",
    "Send `thread.item.replaced` with the answered form right after `stream_options`.",
);

const FORM_STILL_PENDING: Fault = Fault::warning(
    "form-still-pending",
    "The form stays open: the user thinks that the answers did not arrive and sends them again.",
    "Set the form's `status` to `answered` or `skipped` before you send it back.",
);
