//! Answers that are one JSON document.

use chatkit_protocol::{Attachment, Op, TranscriptionResult};
use serde_json::Value;

use super::{
    dates,
    event::{list, text},
    fault::{Fault, Findings},
    hidden, ids, pages,
    shape::{self, Flaw, Notes},
    sightings::{self, Entity, Sighting},
    text::{brief, quoted},
};
use crate::{End, Recording};

/// Looks at the answer to a JSON op, and returns it if it is none of an error and has its shape.
pub(super) fn check(recording: &Recording, found: &mut Findings) -> Option<Value> {
    let (head, body) = (recording.head.as_ref()?, recording.text.as_deref()?);
    let op = Op::from_name(text(&recording.request, "type"));
    found.label = op.map(Op::as_str);
    // What did not come says nothing.
    let cut = !matches!(recording.end, End::Complete(_));
    let said = match serde_json::from_str::<Value>(body) {
        Ok(answer) if head.status >= 400 => {
            check_error(head.status, &answer, found);
            None
        }
        Err(_) if head.status >= 400 => {
            found.add(&JSON_ERROR_WITHOUT_MESSAGE, None, || {
                format!("status {}, body {}", head.status, quoted(body))
            });
            None
        }
        Ok(answer) => check_body(op, &answer, found).is_ok().then_some(answer),
        Err(_) if cut => None,
        Err(_) => {
            found.add(&NOT_JSON, None, || quoted(body));
            None
        }
    };
    found.label = None;
    said
}

fn check_error(status: u16, answer: &Value, found: &mut Findings) {
    if text(answer, "message").is_empty() {
        found.add(&JSON_ERROR_WITHOUT_MESSAGE, None, || {
            format!("status {status}, body {}", brief(&answer.to_string()))
        });
    }
}

fn check_body(op: Option<Op>, answer: &Value, found: &mut Findings) -> Result<(), Flaw> {
    let shape = shape::check_answer(found, |notes| body_shape(op, answer, notes));
    let mut seen = Vec::new();
    match op {
        Some(Op::ThreadsGetById | Op::ThreadsUpdate) => {
            sightings::in_thread(None, answer, "", &mut seen);
            check_page(answer.get("items"), "the thread's page of items", found);
        }
        Some(Op::ThreadsList) => {
            for (at, thread) in list(answer, "data").iter().enumerate() {
                sightings::in_thread(None, thread, &format!("data[{at}]"), &mut seen);
            }
            check_page(Some(answer), "the page of threads", found);
        }
        Some(Op::ItemsList) => {
            for (at, item) in list(answer, "data").iter().enumerate() {
                seen.push(found_item(item, format!("data[{at}]")));
            }
            check_page(Some(answer), "the page of items", found);
        }
        Some(Op::ThreadsSyncCustomAction) => {
            let item = answer.get("updated_item").filter(|item| !item.is_null());
            seen.extend(item.map(|item| found_item(item, "updated_item".to_owned())));
        }
        _ => {}
    }
    ids::check(&seen, found);
    dates::check(&seen, found);
    hidden::check(&seen, found);
    shape
}

fn check_page(page: Option<&Value>, place: &str, found: &mut Findings) {
    if let Some(page) = page {
        pages::check(page, None, place, found);
    }
}

fn found_item(item: &Value, path: String) -> Sighting<'_> {
    Sighting { frame: None, what: Entity::Item, path, value: item }
}

fn body_shape(op: Option<Op>, answer: &Value, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    match op {
        Some(Op::ThreadsGetById | Op::ThreadsUpdate) => shape::thread(answer, "", notes),
        Some(Op::ThreadsList) => shape::list_page(answer, "", notes, shape::thread),
        Some(Op::ItemsList) => shape::list_page(answer, "", notes, shape::item),
        Some(Op::ThreadsSyncCustomAction) => match answer.get("updated_item") {
            Some(item) if !item.is_null() => shape::item(item, "updated_item", notes),
            _ => Ok(()),
        },
        Some(Op::InputTranscribe) => shape::is::<TranscriptionResult>(answer),
        Some(Op::AttachmentsCreate) => shape::is::<Attachment>(answer),
        _ => Ok(()),
    }
}

const JSON_ERROR_WITHOUT_MESSAGE: Fault = Fault::warning(
    "json-error-without-message",
    "The client reads the reason from `message`: without it the user sees a general error.",
    "Answer errors with `{\"message\": \"…\"}`, whatever your web framework does by itself.",
);

const NOT_JSON: Fault = Fault::error(
    "not-json",
    "The client cannot read the answer and shows an error.",
    "Answer with one JSON document.",
);
