//! The newest frames of a run, byte for byte.

use std::collections::VecDeque;

use bytes::Bytes;
use chatkit_protocol::{
    ItemId, ThreadItemUpdate, ThreadStreamEvent, encode_text_delta_end, encode_text_delta_start,
};

use super::fold::Fold;
use crate::RunId;

/// A buffer that is larger than this is given back when it is empty.
const KEPT_BYTES: usize = 512;
/// Room for frames that stays when there are none.
const KEPT_FRAMES: usize = 4;

/// How many times its size a buffer grows at once while deltas come in a burst: what it has is
/// copied each time.
const GROWTH: usize = 7;
const MOST_GROWTH: usize = 32 * 1024;

/// Between the id line of a frame and its event.
const DATA: &[u8] = b"data: ";
/// Ends a frame.
const AFTER: &[u8] = b"\n\n";

/// Frames one behind the other in one buffer, and beside them the texts of their deltas: nothing
/// is allocated for a frame.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    /// Where in `bytes` the first frame begins.
    start: usize,
    texts: String,
    /// Where in `texts` the first frame's text begins.
    text_start: usize,
    frames: VecDeque<Frame>,
    /// How many bytes of the newest frame stand before the text, when it is a delta.
    head: u32,
    /// The size of the buffer that was given away last.
    last_taken: u32,
}

#[derive(Debug)]
struct Frame {
    bytes: usize,
    /// How many of them stand before the event.
    before: u8,
    fold: Fold,
}

/// A frame that leaves the tail.
pub(super) struct Leaving<'a> {
    /// The event as JSON.
    pub(super) event: &'a [u8],
    /// The text of a delta.
    pub(super) text: &'a str,
    pub(super) fold: Fold,
}

impl Tail {
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The size of all frames.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Encodes an event as the next frame, which has a number; says how many bytes it has.
    pub(super) fn push(
        &mut self,
        run: RunId,
        number: u64,
        event: ThreadStreamEvent,
    ) -> Result<usize, serde_json::Error> {
        if self.start > 0 && self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.texts.drain(..self.text_start);
            (self.start, self.text_start) = (0, 0);
        }
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(self.last_taken as usize);
        }
        let begin = self.bytes.len();
        let before = match text_delta(&event) {
            Some((item_id, content_index, delta)) => {
                let before = self.begin_again(item_id, content_index).unwrap_or_else(|| {
                    let before = self.begin(run, number);
                    encode_text_delta_start(item_id, content_index, &mut self.bytes);
                    self.head = small(self.bytes.len() - begin);
                    before
                });
                encode_text_delta_end(delta, &mut self.bytes);
                before
            }
            None => {
                let before = self.begin(run, number);
                if let Err(error) = event.encode(&mut self.bytes) {
                    self.bytes.truncate(begin);
                    return Err(error);
                }
                before
            }
        };
        self.bytes.extend_from_slice(AFTER);
        let bytes = self.bytes.len() - begin;
        let fold = Fold::of(event, &mut self.texts);
        if self.frames.capacity() == 0 {
            // A reader that keeps up leaves no more than one.
            self.frames.reserve_exact(1);
        }
        self.frames.push_back(Frame { bytes, before, fold });
        Ok(bytes)
    }

    /// Begins a frame; says how many bytes that are.
    fn begin(&mut self, run: RunId, number: u64) -> u8 {
        let begin = self.bytes.len();
        run.write_line(number + 1, &mut self.bytes);
        self.bytes.extend_from_slice(DATA);
        // An id line is never as long as that.
        u8::try_from(self.bytes.len() - begin).unwrap_or(u8::MAX)
    }

    /// Begins a frame as the one before it began, if both are deltas of one part: nothing but the
    /// number differs. Says how many bytes stand before the event.
    fn begin_again(&mut self, item_id: &ItemId, content_index: usize) -> Option<u8> {
        let Frame { bytes, before, fold } = self.frames.back()?;
        if !fold.is_text_of(item_id, content_index) {
            return None;
        }
        let (before, begin) = (*before, self.bytes.len());
        let (head, last) = (self.head as usize, begin.checked_sub(*bytes)?);
        if head > *bytes {
            return None;
        }
        if self.bytes.capacity() - begin < *bytes {
            // Nobody takes what is there as fast as it comes: much more will.
            self.bytes.reserve((GROWTH * begin).min(MOST_GROWTH).max(*bytes));
        }
        self.bytes.extend_from_within(last..last + head);
        // The number is what the id line ends with.
        let number_end = begin + usize::from(before) - DATA.len() - 1;
        if self.bytes.get_mut(begin..number_end).is_some_and(count_up) {
            return Some(before);
        }
        self.bytes.truncate(begin);
        None
    }

    /// Appends frames, without the first `skip`, until the chunk is full; says how many.
    pub(super) fn read(&self, skip: usize, full: usize, chunk: &mut Vec<u8>) -> usize {
        let skipped: usize = self.frames.iter().take(skip).map(|frame| frame.bytes).sum();
        let from = self.start + skipped;
        let (mut count, mut size) = (0, 0);
        for frame in self.frames.iter().skip(skip) {
            if chunk.len() + size >= full {
                break;
            }
            count += 1;
            size += frame.bytes;
        }
        chunk.extend_from_slice(self.bytes.get(from..from + size).unwrap_or_default());
        count
    }

    /// Takes the first frame out.
    pub(super) fn pop(&mut self, leaving: impl FnOnce(Leaving<'_>)) -> bool {
        let popped = self.pop_front(leaving);
        if self.frames.is_empty() {
            self.clear();
        }
        popped
    }

    /// Takes all frames out and gives their bytes away as they are.
    pub(super) fn take(&mut self, mut leaving: impl FnMut(Leaving<'_>)) -> Bytes {
        let from = self.start;
        while self.pop_front(&mut leaving) {}
        let bytes = std::mem::take(&mut self.bytes);
        self.last_taken = small(bytes.len() - from);
        self.clear();
        Bytes::from(bytes).slice(from..)
    }

    fn pop_front(&mut self, leaving: impl FnOnce(Leaving<'_>)) -> bool {
        let Some(Frame { bytes, before, fold }) = self.frames.pop_front() else {
            return false;
        };
        let (end, text_end) = (self.start + bytes, self.text_start + fold.text_len());
        let event = self.start + usize::from(before)..end - AFTER.len();
        leaving(Leaving {
            event: self.bytes.get(event).unwrap_or_default(),
            text: self.texts.get(self.text_start..text_end).unwrap_or_default(),
            fold,
        });
        (self.start, self.text_start) = (end, text_end);
        true
    }

    /// An idle run should not keep what a burst needed.
    fn clear(&mut self) {
        self.bytes.clear();
        self.texts.clear();
        (self.start, self.text_start) = (0, 0);
        if self.bytes.capacity() > KEPT_BYTES {
            self.bytes = Vec::new();
        }
        if self.texts.capacity() > KEPT_BYTES {
            self.texts = String::new();
        }
        if self.frames.capacity() > KEPT_FRAMES {
            self.frames = VecDeque::new();
        }
    }
}

fn text_delta(event: &ThreadStreamEvent) -> Option<(&ItemId, usize, &str)> {
    match event {
        ThreadStreamEvent::ThreadItemUpdated {
            item_id,
            update: ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta },
        } => Some((item_id, *content_index, delta)),
        _ => None,
    }
}

/// A size in few bytes: there are many tails.
fn small(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Adds one to the decimal number at the end of a text. Says whether it has as many digits as
/// before; if it has not, it is wrong.
fn count_up(text: &mut [u8]) -> bool {
    for digit in text.iter_mut().rev() {
        match digit {
            b'0'..=b'8' => {
                *digit += 1;
                return true;
            }
            b'9' => *digit = b'0',
            _ => return false,
        }
    }
    false
}
