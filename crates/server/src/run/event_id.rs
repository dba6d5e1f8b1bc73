//! How the frames of a run are told apart.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Hexadecimal digits of a run's id.
const DIGITS: usize = 12;

/// The id of a run: 12 hexadecimal digits, new for each run.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId([u8; DIGITS]);

/// The id of a frame, as in its `id:` line: the run and the number of the frame, from 1. Written
/// `4f1c9a0be2d7.12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The run.
    pub run: RunId,
    /// How many frames the run has sent, this one included.
    pub number: u64,
}

/// A text that is no event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of an event, such as `4f1c9a0be2d7.12`")]
pub struct NotAnEventId;

impl RunId {
    pub(crate) fn new() -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let random = Uuid::new_v4();
        let mut id = [0; DIGITS];
        for (digits, byte) in id.chunks_exact_mut(2).zip(random.as_bytes()) {
            digits[0] = HEX[usize::from(byte >> 4)];
            digits[1] = HEX[usize::from(byte & 0xf)];
        }
        Self(id)
    }

    /// Appends a frame whose event is one line.
    pub(super) fn write_frame(
        self,
        number: u64,
        out: &mut Vec<u8>,
        event: impl FnOnce(&mut Vec<u8>),
    ) {
        self.write_line(number, out);
        out.extend_from_slice(b"data: ");
        event(out);
        out.extend_from_slice(b"\n\n");
    }

    /// Appends the `id:` line of a frame (HTML standard, server-sent events). Written in one piece:
    /// every frame has one.
    pub(super) fn write_line(self, number: u64, out: &mut Vec<u8>) {
        const NAME: &[u8] = b"id: ";
        const NUMBER: usize = NAME.len() + DIGITS + 1;
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let mut line = [0; NUMBER + 20 + 1];
        let end = NUMBER + digits.len() - at;
        line[..NAME.len()].copy_from_slice(NAME);
        line[NAME.len()..NUMBER - 1].copy_from_slice(&self.0);
        line[NUMBER - 1] = b'.';
        line[NUMBER..end].copy_from_slice(&digits[at..]);
        line[end] = b'\n';
        out.extend_from_slice(&line[..=end]);
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing but ASCII digits is ever put in.
        f.write_str(str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.run, self.number)
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;

    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let (run, number) = text.split_once('.').ok_or(NotAnEventId)?;
        let run: [u8; DIGITS] = run.as_bytes().try_into().map_err(|_| NotAnEventId)?;
        let is_hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if !run.iter().all(is_hex) || !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotAnEventId);
        }
        let number = number.parse().map_err(|_| NotAnEventId)?;
        Ok(Self { run: RunId(run), number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for run in [RunId(*b"000000000000"), RunId(*b"4f1c9a0be2d7"), RunId::new()] {
            for number in [0, 1, 9, 10, 12_345, u64::MAX] {
                let id = EventId { run, number };
                let mut line = Vec::new();
                run.write_line(number, &mut line);
                assert_eq!(String::from_utf8(line).unwrap(), format!("id: {id}\n"));
                assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
        let wrong = ["", ".", "4f1c9a0be2d7", "4f1c9a0be2d7.", ".1", "4f1c9a0be2d.1"];
        for text in wrong.into_iter().chain([
            "+f1c9a0be2d7.1",
            "4f1c9a0be2d7.+1",
            "zzzzzzzzzzzz.1",
            "4F1C9A0BE2D7.1",
        ]) {
            assert_eq!(text.parse::<EventId>(), Err(NotAnEventId), "{text}");
        }
    }
}
