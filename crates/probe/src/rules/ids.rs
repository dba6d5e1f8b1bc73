//! Ids: of items, threads and events.

use std::collections::HashSet;

use super::{
    event::text,
    fault::{Fault, Findings},
    sightings::{Entity, Sighting, prefix},
    stream::Stream,
    text::brief,
};

/// What the stock client begins its own ids with.
const RESERVED: [&str; 2] = ["client_", "@@__oai_ckst__@@:"];

/// What the OpenAI Agents SDK calls every message of a provider that sends no ids.
const PLACEHOLDER: &str = "__fake_id__";

/// Looks at each id for itself.
pub(super) fn check(sightings: &[Sighting<'_>], found: &mut Findings) {
    for seen in sightings {
        let Some(id) = seen.value.get("id").and_then(|id| id.as_str()) else { continue };
        let place = || format!("{}id", prefix(&seen.path));
        if id.is_empty() {
            found.add(&ID_EMPTY, seen.frame, || format!("{} is empty", place()));
        }
        if seen.what != Entity::Item {
            continue;
        }
        if RESERVED.iter().any(|reserved| id.starts_with(reserved)) {
            found
                .add(&ID_RESERVED_PREFIX, seen.frame, || format!("{} is `{}`", place(), brief(id)));
        }
        if id == PLACEHOLDER {
            found.add(&ID_PLACEHOLDER, seen.frame, || format!("{} is `{}`", place(), brief(id)));
        }
    }
}

/// Looks at what items and threads say of the thread they are in.
pub(super) fn check_thread(stream: &Stream<'_>, found: &mut Findings) {
    let first = || stream.sightings.iter().find_map(named_thread);
    let Some(expected) = stream.thread_id().or_else(first) else { return };
    for seen in &stream.sightings {
        let Some(named) = named_thread(seen).filter(|named| *named != expected) else { continue };
        let fault = match seen.what {
            Entity::Item => THREAD_ID_DIFFERS,
            Entity::Thread => THREAD_ID_DIFFERS.as_warning(),
        };
        found.add(&fault, seen.frame, || {
            let field = if seen.what == Entity::Item { "thread_id" } else { "id" };
            let (name, named) = (brief(seen.name()), brief(named));
            format!(
                "{}{field} of {name} is `{named}`, the thread is `{}`",
                prefix(&seen.path),
                brief(expected)
            )
        });
    }
}

/// Looks at the ids of the frames.
pub(super) fn check_frames(stream: &Stream<'_>, found: &mut Findings) {
    let mut known = HashSet::new();
    for (at, frame) in stream.recording.frames.iter().enumerate() {
        let Some(id) = frame.id.as_deref().filter(|id| !id.is_empty()) else { continue };
        if !known.insert(id) {
            found.add(&EVENT_ID_TWICE, Some(at), || format!("id: {}", brief(id)));
        }
    }
}

fn named_thread<'a>(seen: &Sighting<'a>) -> Option<&'a str> {
    let field = match seen.what {
        Entity::Item => "thread_id",
        Entity::Thread => "id",
    };
    Some(text(seen.value, field)).filter(|id| !id.is_empty())
}

pub(super) const ID_CLASH: Fault = Fault::error(
    "id-clash",
    "Two items with one id are one item to the client and the store: the later overwrites the \
     earlier.",
    "Make a new id for each item yourself, instead of taking the model provider's.",
);

const ID_EMPTY: Fault = Fault::error(
    "id-empty",
    "Without an id the client cannot update, retry or judge it, and all without one are the same.",
    "Make an id for each thread and item.",
);

const ID_RESERVED_PREFIX: Fault = Fault::error(
    "id-reserved-prefix",
    "The client takes it for an item of its own that is not delivered yet.",
    "Begin ids with something else than `client_` and `@@__oai_ckst__@@:`.",
);

const ID_PLACEHOLDER: Fault = Fault::error(
    "id-placeholder",
    "A model library gives this id to every message: each reply overwrites the one before.",
    "Replace the library's id by a new one of your own, the same in all events of the item.",
);

const THREAD_ID_DIFFERS: Fault = Fault::error(
    "thread-id-differs",
    "The client puts the item into another thread, or nowhere: the user does not see it.",
    "Give every item the id of the thread that the stream is about.",
);

const EVENT_ID_TWICE: Fault = Fault::warning(
    "event-id-twice",
    "A client that resumes after this id gets events twice or misses some.",
    "Number the events of a stream, or send no `id:` lines.",
);
