//! The silences of a responder, counted by their length.

use std::time::Duration;

/// The upper bounds of all but the last bucket, in nanoseconds.
const BOUNDS: [u64; 13] = [
    1_000_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// How often the responder was silent for how long between two events: a histogram of fixed
/// buckets. It is part of every run, so it is small and needs no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaps {
    counts: [u32; BOUNDS.len() + 1],
    nanos: u64,
}

impl Gaps {
    /// The upper bounds of the buckets, each included in its bucket. One more bucket follows, for
    /// what is longer.
    pub fn bounds() -> impl ExactSizeIterator<Item = Duration> {
        BOUNDS.into_iter().map(Duration::from_nanos)
    }

    /// How many gaps each bucket has, one bucket more than there are [bounds](Self::bounds).
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// All gaps together, in time.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Most gaps are short, so the search begins with those.
    pub(super) fn add(&mut self, gap: Duration) {
        let nanos = gap.as_secs().saturating_mul(1_000_000_000);
        let nanos = nanos.saturating_add(u64::from(gap.subsec_nanos()));
        self.nanos = self.nanos.saturating_add(nanos);
        let bucket = BOUNDS.iter().position(|bound| nanos <= *bound).unwrap_or(BOUNDS.len());
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_goes_into_the_first_bucket_that_holds_it() {
        let mut gaps = Gaps::default();
        for (index, bound) in Gaps::bounds().enumerate() {
            gaps.add(bound);
            assert_eq!(gaps.counts()[index], 1, "{bound:?}");
            let mut longer = Gaps::default();
            longer.add(bound + Duration::from_nanos(1));
            assert_eq!(longer.counts()[index + 1], 1, "{bound:?}");
        }
        let sum: Duration = Gaps::bounds().sum();
        assert_eq!(gaps.sum(), sum);
        assert_eq!(gaps.counts().len(), Gaps::bounds().len() + 1);
    }

    #[test]
    fn nothing_overflows() {
        let mut gaps = Gaps { counts: [u32::MAX; BOUNDS.len() + 1], nanos: 0 };
        gaps.add(Duration::MAX);
        gaps.add(Duration::ZERO);
        assert_eq!(gaps.sum(), Duration::from_nanos(u64::MAX));
        assert_eq!(gaps.counts(), [u32::MAX; BOUNDS.len() + 1]);
    }
}
