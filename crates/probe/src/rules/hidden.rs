//! What must not leave the server.

use serde_json::Value;

use super::{
    event::{is_hidden, list},
    fault::{Fault, Findings},
    sightings::{Entity, Sighting, prefix},
    text::brief,
};

pub(super) fn check(sightings: &[Sighting<'_>], found: &mut Findings) {
    for seen in sightings {
        if is_hidden(seen.kind()) {
            found.add(&HIDDEN_ITEM_LEAKED, seen.frame, || {
                format!("{} is {} `{}`", seen.path, brief(seen.kind()), brief(seen.id()))
            });
        }
        match seen.what {
            Entity::Thread => check_metadata(seen, seen.value, "metadata", found),
            Entity::Item => {
                for (at, attachment) in list(seen.value, "attachments").iter().enumerate() {
                    let field = format!("attachments[{at}].metadata");
                    check_metadata(seen, attachment, &field, found);
                }
            }
        }
    }
}

fn check_metadata(seen: &Sighting<'_>, holder: &Value, field: &str, found: &mut Findings) {
    let metadata = holder.get("metadata").and_then(|metadata| metadata.as_object());
    let Some(metadata) = metadata.filter(|metadata| !metadata.is_empty()) else { return };
    found.add(&METADATA_LEAKED, seen.frame, || {
        let keys: Vec<_> = metadata.keys().map(String::as_str).collect();
        format!("{}{field} has {}", prefix(&seen.path), brief(&keys.join(", ")))
    });
}

const HIDDEN_ITEM_LEAKED: Fault = Fault::error(
    "hidden-item-leaked",
    "Hidden items are notes for the model: whoever looks at the traffic reads them.",
    "Store hidden items without sending them, and leave them out of every page of items.",
);

const METADATA_LEAKED: Fault = Fault::warning(
    "metadata-leaked",
    "Metadata is the server's own: whoever looks at the traffic reads it.",
    "Leave the metadata of threads and attachments out of what is sent.",
);
