//! How much of what comes is kept.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chatkit_sse::Frame;

/// The most that is kept of the streams of a probe, in bytes. A chat needs a thousandth.
const OF_STREAMS: usize = 512 * 1024 * 1024;
/// The most that is kept of what is asked afterwards.
const OF_FOLLOW_UPS: usize = 128 * 1024 * 1024;
/// What a frame takes in a recording besides its texts.
const OF_FRAME: usize = 160;
/// What a read takes.
pub(super) const OF_READ: usize = 32;
/// What an object, a list and each further value take as JSON, at most: a server can make a
/// hundred bytes of one.
const OF_OBJECT: usize = 640;
const OF_LIST: usize = 128;
const OF_VALUE: usize = 32;

/// The room that is left for what several exchanges bring.
#[derive(Debug)]
pub(super) struct Room(AtomicUsize);

impl Room {
    pub(super) fn of_streams() -> Self {
        Self(AtomicUsize::new(OF_STREAMS))
    }

    pub(super) fn of_follow_ups() -> Self {
        Self(AtomicUsize::new(OF_FOLLOW_UPS))
    }

    /// Takes so many bytes of it, if there are as many.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }
}

/// How much a frame takes once it is read, at most. It is found before that is done.
pub(super) fn size(frame: &Frame) -> usize {
    let texts = [&frame.id, &frame.event, &frame.data].into_iter().flatten();
    let texts: usize = texts.map(String::len).sum();
    let comments: usize = frame.comments.iter().map(|comment| comment.len() + 1).sum();
    let json = frame.data.iter().flat_map(|data| data.bytes()).map(|byte| match byte {
        b'{' => OF_OBJECT,
        b'[' => OF_LIST,
        b',' => OF_VALUE,
        _ => 0,
    });
    OF_FRAME + texts + comments + json.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_gone() {
        let room = Room::of_follow_ups();
        assert!(room.take(OF_FOLLOW_UPS - 10));
        assert!(!room.take(11));
        assert!(room.take(10));
        assert!(!room.take(1));
    }

    #[test]
    fn structure_counts_for_more_than_text() {
        let frame = |data: &str| Frame { data: Some(data.to_owned()), ..Frame::default() };
        let text = size(&frame(&format!("\"{}\"", "a".repeat(1000))));
        assert_eq!(text, OF_FRAME + 1002);
        let objects = size(&frame(&format!("[{}]", "{\"\":0},".repeat(100))));
        assert!(objects > 100 * OF_OBJECT, "{objects}");
    }
}
