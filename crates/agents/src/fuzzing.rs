//! What the fuzz targets in `fuzz` call. Each function panics when something does not hold.

use std::collections::VecDeque;

use crate::model::{
    responses::Converter,
    sse::{SseEvent, SseParser},
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

fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<SseEvent> {
    let mut parser = SseParser::new(MAX_EVENT);
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
    events.extend(parser.finish());
    events
}
