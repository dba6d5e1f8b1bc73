//! The parts of an assistant message: begun, written, done, and the same as the finished message.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::{
    event::{Event, Item, Update, What, index, list, text},
    fault::{Fault, Findings},
    stream::Stream,
    text::{brief, difference},
};

/// A message in the making, as a client has it.
type Parts = BTreeMap<usize, Part>;

/// A part of a message.
#[derive(Debug, Default)]
struct Part {
    text: String,
    annotations: usize,
    /// Whether it came with the item, or an update began it.
    begun: Begun,
    done: bool,
    /// Whether something was said of it already that explains what comes after.
    at_fault: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Begun {
    #[default]
    Not,
    WithItem,
    ByUpdate,
}

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    check_annotations(stream, found);
    if stream.blind {
        return;
    }
    let mut messages: HashMap<&str, Parts> = HashMap::new();
    for event in &stream.events {
        if event.item_id().is_some_and(|id| stream.is_tainted(id)) {
            continue;
        }
        match event.what {
            What::Added(item) if item.kind == "assistant_message" => {
                messages.insert(item.id, begin(item));
            }
            What::Updated(update) => {
                if let Some(parts) = messages.get_mut(update.id) {
                    apply(parts, update, event.frame, found);
                }
            }
            What::Done(item) => {
                if let Some(mut parts) = messages.remove(item.id) {
                    finish(&mut parts, item, event.frame, stream.failed, found);
                }
            }
            What::Removed(id) => drop(messages.remove(id)),
            What::Replaced(item) => drop(messages.remove(item.id)),
            _ => {}
        }
    }
}

fn begin(item: Item<'_>) -> Parts {
    let contents = list(item.value, "content").iter().enumerate();
    contents.map(|(at, content)| (at, part(content, Begun::WithItem))).collect()
}

fn part(content: &Value, begun: Begun) -> Part {
    Part {
        text: text(content, "text").to_owned(),
        annotations: list(content, "annotations").len(),
        begun,
        ..Part::default()
    }
}

fn apply(parts: &mut Parts, update: Update<'_>, frame: usize, found: &mut Findings) {
    let Some(at) = index(update.value, "content_index") else { return };
    let place = || format!("part {at} of `{}`", brief(update.id));
    let frame = Some(frame);
    match update.kind.strip_prefix("assistant_message.content_part.") {
        Some("added") => {
            let Some(content) = update.value.get("content") else { return };
            let next = parts.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
            match parts.get(&at) {
                Some(part) if part.begun != Begun::Not => {
                    found.add(&PART_ADDED_TWICE, frame, place);
                }
                None if at > next => found.add(&PART_INDEX_GAP, frame, || {
                    format!("{} was added, the next is part {next}", place())
                }),
                _ => {}
            }
            let at_fault = parts.get(&at).is_some();
            parts.insert(at, Part { at_fault, ..part(content, Begun::ByUpdate) });
        }
        Some("text_delta") => {
            let delta = text(update.value, "delta");
            let part = parts.entry(at).or_default();
            if part.begun == Begun::Not {
                part.at_fault = true;
                found.add(&DELTA_BEFORE_PART, frame, place);
            }
            if part.done {
                part.at_fault = true;
                found.add(&DELTA_AFTER_PART_DONE, frame, place);
            }
            part.text.push_str(delta);
        }
        Some("annotation_added") => {
            let part = parts.entry(at).or_default();
            if part.begun == Begun::Not {
                part.at_fault = true;
                found.add(&ANNOTATION_BEFORE_PART, frame, place);
            }
            part.annotations += 1;
        }
        Some("done") => {
            let Some(content) = update.value.get("content") else { return };
            let part = parts.entry(at).or_default();
            if part.begun == Begun::Not && !part.at_fault {
                part.at_fault = true;
                found.add(&PART_DONE_WITHOUT_ADDED, frame, place);
            }
            compare(part, content, frame, place, found);
            part.done = true;
            text(content, "text").clone_into(&mut part.text);
        }
        _ => {}
    }
}

/// Compares what a client has with the finished part.
fn compare(
    part: &mut Part,
    finished: &Value,
    frame: Option<usize>,
    place: impl Fn() -> String,
    found: &mut Findings,
) {
    if part.at_fault {
        return;
    }
    let text = text(finished, "text");
    if part.text != text {
        part.at_fault = true;
        found
            .add(&TEXT_DIFFERS, frame, || format!("{}: {}", place(), difference(&part.text, text)));
    }
    let kept = list(finished, "annotations").len();
    if kept < part.annotations {
        part.at_fault = true;
        found.add(&ANNOTATION_LOST, frame, || {
            format!("{}: {} annotations were shown, {kept} are left", place(), part.annotations)
        });
    }
}

/// A reply that an error cuts short is finished without its parts.
fn finish(parts: &mut Parts, item: Item<'_>, frame: usize, cut_short: bool, found: &mut Findings) {
    let frame = Some(frame);
    let finished = list(item.value, "content");
    for (at, part) in parts.iter_mut() {
        let place = || format!("part {at} of `{}`", brief(item.id));
        match finished.get(*at) {
            Some(content) => compare(part, content, frame, place, found),
            None if part.at_fault || part.text.is_empty() => {}
            None => {
                part.at_fault = true;
                found.add(&TEXT_DIFFERS, frame, || {
                    format!("{} was streamed, the finished message lacks it", place())
                });
            }
        }
        if part.begun == Begun::ByUpdate && !part.done && !part.at_fault && !cut_short {
            found.add(&PART_NOT_DONE, frame, place);
        }
    }
}

/// Looks at the annotations, and at the parts' lists of them.
fn check_annotations(stream: &Stream<'_>, found: &mut Findings) {
    let mut streamed = HashSet::new();
    for event in &stream.events {
        match event.what {
            What::Updated(update) => {
                streamed.insert(update.id);
                check_update(event, update, found);
            }
            What::Added(item) | What::Done(item) | What::Replaced(item)
                if item.kind == "assistant_message" =>
            {
                for (at, content) in list(item.value, "content").iter().enumerate() {
                    check_list(event, content, &format!("item.content[{at}]"), found);
                    let all =
                        if streamed.contains(item.id) { &[] } else { list(content, "annotations") };
                    for annotation in all {
                        check_index(event, item.id, annotation, found);
                    }
                }
            }
            _ => {}
        }
    }
}

fn check_update(event: &Event<'_>, update: Update<'_>, found: &mut Findings) {
    if let Some(content) = update.value.get("content") {
        check_list(event, content, "update.content", found);
    }
    if let Some(annotation) = update.value.get("annotation") {
        check_index(event, update.id, annotation, found);
    }
}

fn check_list(event: &Event<'_>, content: &Value, path: &str, found: &mut Findings) {
    if !content.get("annotations").is_some_and(Value::is_array) {
        found.add(&PART_WITHOUT_ANNOTATIONS, Some(event.frame), || {
            format!("{path}.annotations is absent in {}", brief(event.kind))
        });
    }
}

fn check_index(event: &Event<'_>, id: &str, annotation: &Value, found: &mut Findings) {
    let (fault, index) = match annotation.get("index").and_then(Value::as_i64) {
        Some(index) if index > 0 => return,
        Some(index) => (ANNOTATION_WITHOUT_INDEX.as_warning(), format!("index {index}")),
        None => (ANNOTATION_WITHOUT_INDEX, "no index".to_owned()),
    };
    found
        .add(&fault, Some(event.frame), || format!("an annotation of `{}` has {index}", brief(id)));
}

const DELTA_BEFORE_PART: Fault = Fault::error(
    "delta-before-part",
    "The client has no part to append to and drops the text.",
    "Send `content_part.added` with an empty text and `annotations: []` before the first delta.",
);

const ANNOTATION_BEFORE_PART: Fault = Fault::error(
    "annotation-before-part",
    "The client has no part to put the reference into and drops it.",
    "Send `content_part.added` with an empty text and `annotations: []` before annotations.",
);

const PART_ADDED_TWICE: Fault = Fault::warning(
    "part-added-twice",
    "The part begins anew: the text that was shown so far vanishes.",
    "Send `content_part.added` once for a part; give the next part the next `content_index`.",
);

const PART_INDEX_GAP: Fault = Fault::warning(
    "part-index-gap",
    "The client gets a message with holes, which it may fail to show.",
    "Number the parts of a message from 0 without gaps.",
);

const PART_NOT_DONE: Fault = Fault::warning(
    "part-not-done",
    "The client takes the part for unfinished until the whole message is done.",
    "Send `content_part.done` with the whole text before `thread.item.done`.",
);

const PART_DONE_WITHOUT_ADDED: Fault = Fault::warning(
    "part-done-without-added",
    "The client has no such part to finish: its text shows only when the whole message is done.",
    "Send `content_part.added` first.",
);

const DELTA_AFTER_PART_DONE: Fault = Fault::warning(
    "delta-after-part-done",
    "The finished part grows again, and what is stored may lack the rest.",
    "Send all deltas of a part before its `content_part.done`.",
);

const TEXT_DIFFERS: Fault = Fault::error(
    "text-differs",
    "The text changes under the reader's eyes: what they saw is not what is kept.",
    "Send every piece of the text as a delta, once and in order, and finish with all of it.",
);

const ANNOTATION_LOST: Fault = Fault::warning(
    "annotation-lost",
    "References that the reader saw vanish.",
    "Send the part's annotations again in `content_part.done` and `thread.item.done`.",
);

const ANNOTATION_WITHOUT_INDEX: Fault = Fault::note(
    "annotation-without-index",
    "The client shows a reference within the text only if its index is greater than zero.",
    "Give annotations the place in the text, in characters, as `index`.",
);

const PART_WITHOUT_ANNOTATIONS: Fault = Fault::error(
    "part-without-annotations",
    "The client expects a list there and fails at the first reference.",
    "Send `annotations: []` with every part.",
);
