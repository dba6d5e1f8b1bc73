//! The pace of a reply that is known beforehand.
//!
//! The playback responder of `chatkit serve` says what its message tells it to, at the pace it
//! tells. When such a script is what was asked and what was answered, the time that the server took
//! for the text is known without its clock.

use std::time::Duration;

use serde_json::Value;

use crate::{Recording, arrivals::texts};

/// How long the server took from the first text event to the last, if the request is a script with
/// one text, and the reply has just that text's deltas.
pub(super) fn known_span(recording: &Recording) -> Option<Duration> {
    let content = recording.request["params"]["input"]["content"].as_array()?;
    let message = content.iter().find_map(|part| part["text"].as_str())?;
    let script: Value = serde_json::from_str(message).ok()?;
    let steps = script["steps"].as_array()?;
    let mut spoken = steps.iter().filter_map(|step| step.get("text"));
    let (text, None) = (spoken.next()?, spoken.next()) else {
        return None;
    };
    let deltas = text["deltas"].as_u64()?;
    let gap = Duration::from_millis(text["gap_ms"].as_u64()?);
    let played = texts(recording).len() as u64 == deltas;
    let pauses = u32::try_from(deltas.checked_sub(1)?).ok()?;
    if played { gap.checked_mul(pauses) } else { None }
}
