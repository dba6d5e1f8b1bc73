//! Times that travel as the text of a reply.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Tells nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    /// What it tells at the start.
    offset: u64,
}

/// What stands in a playback script for the time at which a delta is sent, in place of the delta.
pub(crate) const TIME: &str = "$TIME";

/// The bytes of a stamp: a space and 15 digits, enough for eleven days. To a server it is a word.
pub(crate) const STAMP_BYTES: usize = 16;
/// The last time that a stamp can hold.
const MAX_TIME: u64 = 999_999_999_999_999;

/// Writes stamps, each later than the one before.
#[derive(Debug)]
pub(crate) struct Stamper {
    clock: Clock,
    last: u64,
}

/// A text of stamps that arrives in pieces.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    /// All text so far.
    pub(crate) text: Vec<u8>,
    /// Stamps so far.
    pub(crate) count: u64,
    last: Option<u64>,
}

impl Clock {
    /// A clock of this process, from 0 on.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), offset: 0 }
    }

    /// The kernel's monotonic clock, which is the same in all processes. What exceeds a stamp's
    /// digits is left out, so stamps begin anew every eleven days.
    pub(crate) fn of_kernel() -> Self {
        let (now, start) = (clock_gettime(ClockId::Monotonic), Instant::now());
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
        Self { start, offset: (seconds * 1_000_000_000 + nanos) % (MAX_TIME + 1) }
    }

    pub(crate) fn at(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.start);
        self.offset.saturating_add(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn now(&self) -> u64 {
        self.at(Instant::now())
    }
}

impl Stamper {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, last: 0 }
    }

    /// The text of the time.
    pub(crate) fn now(&mut self) -> [u8; STAMP_BYTES] {
        self.last = self.clock.now().max(self.last + 1);
        written(self.last)
    }
}

/// The text of a time.
pub(crate) fn written(time: u64) -> [u8; STAMP_BYTES] {
    let mut stamp = [b' '; STAMP_BYTES];
    let mut left = time;
    for digit in stamp.iter_mut().skip(1).rev() {
        // A remainder of ten is a digit.
        *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
        left /= 10;
    }
    stamp
}

fn read(stamp: &[u8]) -> Option<u64> {
    let digits = stamp.strip_prefix(b" ")?;
    digits.iter().try_fold(0_u64, |time, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(time * 10 + u64::from(digit))
    })
}

impl Stamps {
    /// Takes in more text and hands every time that it completes to `on_time`. False when it is
    /// no text of stamps, each later than the one before.
    pub(crate) fn feed(&mut self, text: &[u8], mut on_time: impl FnMut(u64)) -> bool {
        let begun = self.text.len() / STAMP_BYTES * STAMP_BYTES;
        self.text.extend_from_slice(text);
        let (stamps, _) = self.text.get(begun..).unwrap_or_default().as_chunks::<STAMP_BYTES>();
        for stamp in stamps {
            let Some(time) = read(stamp).filter(|time| self.last.is_none_or(|last| last < *time))
            else {
                return false;
            };
            self.last = Some(time);
            self.count += 1;
            on_time(time);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(pieces: &[&[u8]]) -> (Vec<u64>, bool) {
        let mut stamps = Stamps::default();
        let mut times = Vec::new();
        let right = pieces.iter().all(|piece| stamps.feed(piece, |time| times.push(time)));
        (times, right)
    }

    #[test]
    fn stamps_are_read_however_they_are_cut_and_merged() {
        let sent = [0, 7, 1_234_567_890, 999_999_999_999_999];
        let text: Vec<u8> = sent.iter().flat_map(|time| written(*time)).collect();
        assert_eq!(&text[..32], b" 000000000000000 000000000000007");
        for size in 1..=text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(times(&pieces), (sent.to_vec(), true), "pieces of {size}");
        }
    }

    #[test]
    fn what_is_lost_doubled_or_garbled_is_noticed() {
        let [one, two] = [1, 2].map(written);
        assert_eq!(times(&[&one, &one]), (vec![1], false));
        assert_eq!(times(&[&two, &one]), (vec![2], false));
        assert_eq!(times(&[&one, &two[1..], b"0"]), (vec![1], false));
        assert_eq!(times(&[b" 00000000000000x"]), (vec![], false));
    }

    #[test]
    fn the_clock_of_the_kernel_is_the_same_wherever_it_is_read() {
        let (one, two) = (Clock::of_kernel(), Clock::of_kernel());
        let now = Instant::now();
        let apart = one.at(now).abs_diff(two.at(now));
        assert!(apart < 1_000_000_000, "{apart} ns");
        assert!(one.at(now) > 0);
    }

    #[test]
    fn stamps_are_each_later_than_the_one_before() {
        let mut stamper = Stamper::new(Clock::start());
        let text: Vec<u8> = (0..1000).flat_map(|_| stamper.now()).collect();
        assert_eq!(times(&[&text]).0.len(), 1000);
    }

    #[test]
    fn a_clock_goes_on() {
        let clock = Clock::start();
        let before = clock.now();
        while clock.now() == before {}
        assert!(clock.now() > before);
    }
}
