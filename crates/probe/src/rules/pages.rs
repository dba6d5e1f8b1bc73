//! Pages of threads and items.

use serde_json::Value;

use super::{
    event::list,
    fault::{Fault, Findings},
    sightings::{Entity, Sighting},
};

/// Looks at the pages of the threads in a stream.
pub(super) fn check_stream(sightings: &[Sighting<'_>], found: &mut Findings) {
    for seen in sightings.iter().filter(|seen| seen.what == Entity::Thread) {
        if let Some(page) = seen.value.get("items") {
            check(page, seen.frame, &format!("{}.items", seen.path), found);
        }
    }
}

/// Looks at a page that was given to a client.
pub(super) fn check(page: &Value, frame: Option<usize>, place: &str, found: &mut Findings) {
    let more = page.get("has_more").and_then(Value::as_bool).unwrap_or_default();
    if more && list(page, "data").is_empty() {
        found.add(&EMPTY_PAGE_WITH_MORE, frame, || {
            format!("{place} is empty and `has_more` is true")
        });
    }
}

const EMPTY_PAGE_WITH_MORE: Fault = Fault::error(
    "empty-page-with-more",
    "The client asks on from the last row, of which there is none: it loads for ever or stops \
     short.",
    "Filter before you cut pages, and set `has_more` only if the page has rows.",
);
