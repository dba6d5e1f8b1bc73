//! How the frames of a run are told apart.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Hexadecimal digits of a run's id.
const DIGITS: usize = 12;

/// The id of a run: 12 hexadecimal digits, new for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId(u64);

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
        let (high, _) = Uuid::new_v4().as_u64_pair();
        Self(high >> 16)
    }

    /// Appends the `id:` line of a frame (HTML standard, server-sent events).
    pub(super) fn write_line(self, number: u64, out: &mut Vec<u8>) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        out.extend_from_slice(b"id: ");
        let mut shift = DIGITS * 4;
        while shift > 0 {
            shift -= 4;
            let digit = (self.0 >> shift & 0xf) as u8;
            out.push(HEX[usize::from(digit)]);
        }
        out.push(b'.');
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
        out.extend_from_slice(&digits[at..]);
        out.push(b'\n');
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
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
        let is_plain = |text: &str| !text.is_empty() && !text.starts_with('+');
        if run.len() != DIGITS || !is_plain(run) || !is_plain(number) {
            return Err(NotAnEventId);
        }
        let run = u64::from_str_radix(run, 16).map_err(|_| NotAnEventId)?;
        let number = number.parse().map_err(|_| NotAnEventId)?;
        Ok(Self { run: RunId(run), number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for run in [RunId(0), RunId(0x4f1c_9a0b_e2d7), RunId::new()] {
            for number in [0, 1, 9, 10, 12_345, u64::MAX] {
                let id = EventId { run, number };
                let mut line = Vec::new();
                run.write_line(number, &mut line);
                assert_eq!(String::from_utf8(line).unwrap(), format!("id: {id}\n"));
                assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
        let wrong = ["", ".", "4f1c9a0be2d7", "4f1c9a0be2d7.", ".1", "4f1c9a0be2d.1"];
        for text in wrong.into_iter().chain(["+f1c9a0be2d7.1", "4f1c9a0be2d7.+1", "zzzzzzzzzzzz.1"])
        {
            assert_eq!(text.parse::<EventId>(), Err(NotAnEventId), "{text}");
        }
    }
}
