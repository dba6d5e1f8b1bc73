//! From bytes to frames.

use std::fmt;

use memchr::memchr2;

use crate::{Event, Frame};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A buffer that is larger than this is given back when it is empty.
const KEPT_CAPACITY: usize = 64 * 1024;

/// A frame is larger than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event is larger than it may be")
    }
}

impl std::error::Error for TooLarge {}

/// The parser: [`push`](Self::push) bytes, then take events or frames until there is none.
///
/// Any split of the bytes gives the same frames. Lines may end with a line feed, a carriage return,
/// or both. Each byte is looked at once and copied at most twice, however small the pieces are in
/// which a large event comes.
#[derive(Debug)]
pub struct Parser {
    max_frame_size: usize,
    keeps_comments: bool,
    pub(crate) buffer: Vec<u8>,
    /// Where the line begins that is being read.
    line: usize,
    /// Up to where there is no end of this line.
    searched: usize,
    /// Whether the line before ended with a carriage return, so that a line feed belongs to it.
    after_cr: bool,
    at_start: bool,
    frame: Frame,
    /// The bytes of the frame's data and comments.
    kept: usize,
}

impl Parser {
    /// A parser that refuses frames of more than so many bytes and leaves comments out.
    pub fn new(max_frame_size: usize) -> Self {
        Self {
            max_frame_size,
            keeps_comments: false,
            buffer: Vec::new(),
            line: 0,
            searched: 0,
            after_cr: false,
            at_start: true,
            frame: Frame::default(),
            kept: 0,
        }
    }

    /// The same, but comments are kept: [`next_frame`](Self::next_frame) gives frames of nothing
    /// but comments too.
    #[must_use]
    pub fn with_comments(mut self) -> Self {
        self.keeps_comments = true;
        self
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.line == self.buffer.len() {
            if self.buffer.capacity() > KEPT_CAPACITY {
                self.buffer = Vec::new();
            }
            self.buffer.clear();
        } else if self.line > self.buffer.len() / 2 {
            self.buffer.drain(..self.line);
        } else {
            self.buffer.extend_from_slice(bytes);
            return;
        }
        self.searched -= self.line;
        self.line = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event that is complete. Frames without data are passed over.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when the event is too large, whether or not it is complete.
    pub fn next_event(&mut self) -> Result<Option<Event>, TooLarge> {
        while let Some(frame) = self.next_frame()? {
            if let Some(event) = frame.into_event() {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// The next frame that is complete and has anything in it.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when the frame is too large, whether or not it is complete.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, TooLarge> {
        loop {
            if self.after_cr && self.line < self.buffer.len() {
                self.after_cr = false;
                if self.buffer.get(self.line) == Some(&b'\n') {
                    self.line += 1;
                    self.searched = self.line;
                }
            }
            let unseen = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(length) = memchr2(b'\n', b'\r', unseen) else {
                self.searched = self.buffer.len();
                self.check_size(self.searched - self.line)?;
                return Ok(None);
            };
            let end = self.searched + length;
            self.check_size(end - self.line)?;
            self.after_cr = self.buffer.get(end) == Some(&b'\r');
            let start = self.line;
            self.line = end + 1;
            self.searched = self.line;
            if let Some(frame) = self.take_line(start, end) {
                return Ok(Some(frame));
            }
        }
    }

    /// The last frame of a stream that has ended, if the empty line behind it is missing. To be
    /// called when there are no more frames. Browsers drop such a frame.
    pub fn finish(&mut self) -> Option<Frame> {
        let start = std::mem::replace(&mut self.line, self.buffer.len());
        self.searched = self.line;
        self.take_line(start, self.line).or_else(|| self.dispatch())
    }

    fn check_size(&self, line: usize) -> Result<(), TooLarge> {
        if self.kept.saturating_add(line) > self.max_frame_size { Err(TooLarge) } else { Ok(()) }
    }

    /// Takes a line of the buffer. An empty one ends a frame.
    fn take_line(&mut self, start: usize, end: usize) -> Option<Frame> {
        let mut line = self.buffer.get(start..end).unwrap_or_default();
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        if let Some(value) = field(line, b"data") {
            match &mut self.frame.data {
                None => {
                    let value = text(value);
                    self.kept += value.len();
                    self.frame.data = Some(value);
                }
                Some(data) => {
                    let before = data.len();
                    data.push('\n');
                    data.push_str(&String::from_utf8_lossy(value));
                    self.kept += data.len() - before;
                }
            }
        } else if let Some(value) = field(line, b"event") {
            self.frame.event = (!value.is_empty()).then(|| text(value));
        } else if let Some(value) = field(line, b"id") {
            // The HTML standard ignores an id with a NUL.
            if !value.contains(&0) {
                self.frame.id = Some(text(value));
            }
        } else if self.keeps_comments
            && let Some(comment) = field(line, b"")
        {
            let comment = text(comment);
            // An empty one takes room as well.
            self.kept += comment.len() + size_of::<String>();
            self.frame.comments.push(comment);
        }
        None
    }

    fn dispatch(&mut self) -> Option<Frame> {
        self.kept = 0;
        if self.frame.is_empty() { None } else { Some(std::mem::take(&mut self.frame)) }
    }
}

/// The value of a line, if it is one of this field.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> String {
    // What is well formed, as nearly all is, is found to be so faster than it is repaired.
    std::str::from_utf8(bytes)
        .map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}
