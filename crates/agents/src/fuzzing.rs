//! What the fuzz targets in `fuzz` call. Each function panics when something does not hold.

use std::collections::VecDeque;

use chatkit_sse::{Event, Frame, Parser};

use crate::model::{
    ModelEvent,
    chat::{self, Quirks},
    responses::Converter,
};

const MAX_EVENT: usize = 1 << 16;

/// Any bytes, in pieces of any size, give the events that they give as a whole. The first byte says
/// how large the pieces are.
pub fn sse(input: &[u8]) {
    let Some((size, bytes)) = input.split_first() else { return };
    let pieces = events(bytes.chunks(usize::from(*size).max(1)));
    let whole = events([bytes]);
    assert!(pieces == whole, "pieces of {size} bytes give other events: {pieces:?} and {whole:?}");
}

/// Any stream of events gives events of a model, an end, or an error. Each line is the data of an
/// event.
pub fn responses(input: &str) {
    for is_stored in [true, false] {
        let mut converter = Converter::new(is_stored);
        let mut out = VecDeque::new();
        let mut lines = input.lines();
        let failed = lines.any(|line| converter.event(None, line, &mut out).is_err());
        if !failed {
            assert_eq!(converter.finish().is_ok(), converter.has_ended());
        }
    }
}

/// Any bytes, each line the data of a chunk, give items that begin once, in order, and end once, and
/// an end that comes last, or an error.
pub fn chat(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    // The second gives thoughts back.
    for base_url in ["http://localhost/v1", "https://api.deepseek.com"] {
        let mut converter = chat::Converter::new(Quirks::of(base_url));
        let mut events = Vec::new();
        let fed = input.lines().try_for_each(|line| {
            events.extend(converter.chunk(line)?);
            Ok(())
        });
        let ended = fed.and_then(|()| converter.finish()).map(|last| events.extend(last));
        check_items(&events, ended.is_ok());
    }
}

fn check_items(events: &[ModelEvent], is_whole: bool) {
    let mut open = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            ModelEvent::ItemAdded { item, .. } => {
                assert_eq!(*item, open.len());
                open.push(true);
            }
            ModelEvent::ItemDone { item, .. } => {
                assert!(std::mem::take(&mut open[*item]), "item {item} was done before");
            }
            ModelEvent::TextDelta { item, .. }
            | ModelEvent::ReasoningDelta { item, .. }
            | ModelEvent::ArgumentsDelta { item, .. } => assert!(open[*item]),
            ModelEvent::Completed { .. } => assert_eq!(at + 1, events.len()),
            _ => {}
        }
    }
    assert!(!is_whole || !open.contains(&true), "an item was not done");
}

fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = Parser::new(MAX_EVENT);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece);
        loop {
            match parser.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return events,
            }
        }
    }
    events.extend(parser.finish().and_then(Frame::into_event));
    events
}
