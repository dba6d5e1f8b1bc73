//! Progress: shown until output starts or an empty text clears it.

use super::{
    event::What,
    fault::{Fault, Findings},
    stream::Stream,
    text::quoted,
};

pub(super) fn check(stream: &Stream<'_>, found: &mut Findings) {
    if !stream.may_miss() {
        return;
    }
    let mut shown = None;
    for event in &stream.events {
        match event.what {
            What::Progress(text) => shown = Some((event, text)).filter(|(_, it)| !it.is_empty()),
            What::Other => {}
            _ => shown = None,
        }
    }
    if let Some((event, text)) = shown {
        found.add(&PROGRESS_NEVER_CLEARED, Some(event.frame), || {
            format!("{} is the last thing shown", quoted(text))
        });
    }
}

const PROGRESS_NEVER_CLEARED: Fault = Fault::warning(
    "progress-never-cleared",
    "The progress line stays below the finished reply, as if work went on.",
    "Send a `progress_update` with an empty text when the work is over and no output follows.",
);
