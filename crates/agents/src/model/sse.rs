//! A parser of event streams (`text/event-stream`) that takes bytes as they come.

#[cfg(test)]
mod tests;

use memchr::memchr2;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A buffer that is larger than this is given back when it is empty.
const KEPT_CAPACITY: usize = 64 * 1024;

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SseEvent {
    /// The event's name, if it has one.
    pub(crate) event: Option<String>,
    /// The event's data: its `data` lines, joined by line feeds.
    pub(crate) data: String,
}

/// An event is larger than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// The parser: [`push`](Self::push) bytes, then take events until there is none.
///
/// Any split of the bytes gives the same events. Lines may end with a line feed, a carriage return,
/// or both. Each byte is looked at once and copied at most twice, however small the pieces are in
/// which a large event comes.
#[derive(Debug)]
pub(crate) struct SseParser {
    max_event_size: usize,
    buffer: Vec<u8>,
    /// Where the line begins that is being read.
    line: usize,
    /// Up to where there is no end of this line.
    searched: usize,
    /// Whether the line before ended with a carriage return, so that a line feed belongs to it.
    after_cr: bool,
    at_start: bool,
    event: Option<String>,
    data: Option<String>,
}

impl SseParser {
    /// A parser that refuses events of more than so many bytes.
    pub(crate) fn new(max_event_size: usize) -> Self {
        Self {
            max_event_size,
            buffer: Vec::new(),
            line: 0,
            searched: 0,
            after_cr: false,
            at_start: true,
            event: None,
            data: None,
        }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
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

    /// The next event that is complete.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when the event is too large, whether or not it is complete.
    pub(crate) fn next_event(&mut self) -> Result<Option<SseEvent>, TooLarge> {
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
            if let Some(event) = self.take_line(start, end) {
                return Ok(Some(event));
            }
        }
    }

    /// The last event of a stream that has ended, if the empty line behind it is missing. To be
    /// called when [`next_event`](Self::next_event) has nothing more.
    pub(crate) fn finish(&mut self) -> Option<SseEvent> {
        let start = std::mem::replace(&mut self.line, self.buffer.len());
        self.searched = self.line;
        self.take_line(start, self.line).or_else(|| self.dispatch())
    }

    fn check_size(&self, line: usize) -> Result<(), TooLarge> {
        let kept = self.data.as_ref().map_or(0, String::len);
        if kept.saturating_add(line) > self.max_event_size { Err(TooLarge) } else { Ok(()) }
    }

    /// Takes a line of the buffer. An empty one ends an event.
    fn take_line(&mut self, start: usize, end: usize) -> Option<SseEvent> {
        let mut line = self.buffer.get(start..end).unwrap_or_default();
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        if let Some(value) = field(line, b"data") {
            match &mut self.data {
                None => self.data = Some(text(value)),
                Some(data) => {
                    data.push('\n');
                    data.push_str(&String::from_utf8_lossy(value));
                }
            }
        } else if let Some(value) = field(line, b"event") {
            self.event = (!value.is_empty()).then(|| text(value));
        }
        None
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        let event = self.event.take();
        self.data.take().map(|data| SseEvent { event, data })
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
