//! What the protocol asks of a server, as pure functions of what was seen.
//!
//! Each file has the rules of one subject: a function that reads the whole stream once, and the
//! faults it may find.

mod answers;
mod client_tools;
mod cors;
mod dates;
mod ends;
mod event;
mod fault;
mod follow_ups;
mod hidden;
mod ids;
mod images;
mod items;
mod order;
mod pages;
mod parts;
mod progress;
mod shape;
mod sightings;
mod stream;
mod structured_input;
#[cfg(test)]
mod tests;
mod text;
mod widgets;
mod workflows;

use crate::{Finding, FollowUp, Recording};
use fault::Findings;
use stream::Stream;

/// What is wrong with the events of a stream.
pub(crate) fn check(recording: &Recording) -> Vec<Finding> {
    let mut found = Findings::default();
    let stream = Stream::read(recording, &mut found);
    check_stream(&stream, &mut found);
    found.into_list()
}

/// What is wrong with the answer to an op that is answered with JSON.
pub(crate) fn check_answer(recording: &Recording) -> Vec<Finding> {
    let mut found = Findings::default();
    answers::check(recording, &mut found);
    found.into_list()
}

/// What is wrong with the exchanges that follow a stream, and what they show of the stream.
pub(crate) fn follow_ups(main: &Recording, others: &[FollowUp]) -> Vec<Finding> {
    let mut found = Findings::default();
    follow_ups::check(main, others, &mut found);
    found.into_list()
}

fn check_stream(stream: &Stream<'_>, found: &mut Findings) {
    ends::check(stream, found);
    order::check(stream, found);
    items::check(stream, found);
    parts::check(stream, found);
    widgets::check(stream, found);
    workflows::check(stream, found);
    images::check(stream, found);
    structured_input::check(stream, found);
    client_tools::check(stream, found);
    progress::check(stream, found);
    ids::check(&stream.sightings, found);
    ids::check_thread(stream, found);
    ids::check_frames(stream, found);
    dates::check(&stream.sightings, found);
    pages::check_stream(&stream.sightings, found);
    hidden::check(&stream.sightings, found);
}
